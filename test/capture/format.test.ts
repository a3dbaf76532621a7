// The variants of pcap and pcapng, built byte by byte.

import { describe, expect, it } from 'vitest';
import { block, concat, enhanced, frame, interfaceBlock, option, pack, pcap, section } from './build.ts';
import { fileOf, readCaptures } from './harness.ts';
import { simpleRead } from './simple-reader.ts';

const read = (bytes: Uint8Array, stretch = 0) => readCaptures([fileOf(bytes)], { stretch });

const three = [
  { seconds: 1_700_000_000, fraction: 999_999, data: frame(60, 1) },
  { seconds: 0, fraction: 0, data: frame(0, 2), original: 1500 },
  { seconds: 0xffffffff, fraction: 1, data: frame(1, 3), original: 9000 },
];

describe('pcap', () => {
  for (const big of [false, true]) {
    const order = big ? 'big-endian' : 'little-endian';

    it(`reads microseconds, ${order}`, async () => {
      const { records, problems } = await read(pcap(three, { big }));
      expect(problems).toEqual([]);
      expect(records.map((one) => one.time)).toEqual([
        1_700_000_000_999_999_000n,
        0n,
        0xffffffffn * 1_000_000_000n + 1000n,
      ]);
      expect(records.map((one) => [one.captured, one.original])).toEqual([
        [60, 60],
        [0, 1500],
        [1, 9000],
      ]);
      expect(records[0]?.data).toEqual(frame(60, 1));
    });

    it(`reads nanoseconds, ${order}`, async () => {
      const { records } = await read(pcap(three, { big, magic: 0xa1b23c4d }));
      expect(records.map((one) => one.time)).toEqual([
        1_700_000_000_000_999_999n,
        0n,
        0xffffffffn * 1_000_000_000n + 1n,
      ]);
    });

    it(`reads the modified variant and its packet type, ${order}`, async () => {
      const records = [0, 1, 4].map((packetType) => ({ data: frame(10, packetType), packetType }));
      const found = await read(pcap(records, { big, modified: true }));
      expect(found.records.map((one) => one.direction)).toEqual([1, 1, 2]);
      expect(found.records.map((one) => one.data)).toEqual(records.map((one) => one.data));
    });

    it(`takes a frame check sequence off, ${order}`, async () => {
      const records = [
        { data: frame(64) },
        { data: frame(60), original: 64 },
        { data: frame(62), original: 64 },
        { data: frame(2) },
      ];
      const network = (0x04000000 | (2 << 28) | 1) >>> 0;
      const found = await read(pcap(records, { big, network }));
      expect(found.records.map((one) => [one.captured, one.original])).toEqual([
        [60, 60],
        [60, 60],
        [60, 60],
        [0, 0],
      ]);
    });

    it(`knows the exchanged lengths of old versions, ${order}`, async () => {
      const data = frame(20);
      const exchanged = pcap([{ data, captured: 100, original: 20 }, { data }], { big, version: [2, 2] });
      const either = pcap(
        [
          { data, captured: 100, original: 20 },
          { data, captured: 20, original: 100 },
        ],
        { big, version: [2, 3] },
      );
      expect((await read(exchanged)).records.map((one) => [one.captured, one.original])).toEqual([
        [20, 100],
        [20, 20],
      ]);
      expect((await read(either)).records.map((one) => [one.captured, one.original])).toEqual([
        [20, 100],
        [20, 100],
      ]);
    });
  }

  it('takes a record that captured more than there was to have been as long', async () => {
    const { records } = await read(pcap([{ data: frame(50), original: 40 }]));
    expect(records.map((one) => [one.captured, one.original])).toEqual([[50, 50]]);
  });

  it('reads the raw IP numbers of other systems as LINKTYPE_RAW', async () => {
    for (const network of [12, 14]) {
      const { records } = await read(pcap([{ data: frame(20) }], { network }));
      expect(records[0]?.linktype).toBe(101);
    }
  });

  it('fills an index and goes on', async () => {
    const records = Array.from({ length: 100 }, (_, seed) => ({ data: frame(seed % 5, seed) }));
    const path = fileOf(pcap(records));
    const found = await readCaptures([path], { records: 7 });
    expect(found.records.map((one) => one.data)).toEqual(records.map((one) => one.data));
  });
});

describe('pcapng', () => {
  it('computes nanoseconds for every resolution without loss', async () => {
    const values = [0n, 1n, 1_700_000_000_123_456n, 2n ** 53n + 1n, 2n ** 63n + 12345n, 2n ** 64n - 1n];
    const resolutions = [0, 1, 3, 6, 8, 9, 10, 12, 18, 19, 20, 28, 29, 127];
    const binary = [0, 1, 10, 30, 31, 32, 33, 34, 50, 60, 63, 64, 95, 96, 127].map((n) => n | 128);
    for (const resolution of [...resolutions, ...binary]) {
      const file = concat(
        section(),
        interfaceBlock(1, [option(9, Uint8Array.of(resolution))]),
        ...values.map((value) => enhanced(0, value, frame(4))),
      );
      const { records } = await read(file);
      const power = BigInt(resolution & 127);
      const denominator = resolution >= 128 ? 2n ** power : 10n ** power;
      const expected = values.map((value) => BigInt.asUintN(64, (value * 1_000_000_000n) / denominator));
      expect(
        records.map((one) => one.time),
        `if_tsresol ${resolution}`,
      ).toEqual(expected);
    }
  });

  it('adds if_tsoffset', async () => {
    for (const big of [false, true]) {
      const offset = option(14, pack(big, [8, -5n]), big);
      const file = concat(
        section(big),
        interfaceBlock(1, [offset], big),
        enhanced(0, 7_000_001n, frame(4), { big }),
      );
      expect((await read(file)).records[0]?.time).toBe(2_000_001_000n);
    }
  });

  it('reads direction, frame check sequence and interface name', async () => {
    const flags = (value: number) => [
      option(1, frame(3)),
      option(2, pack(false, [4, value])),
      option(0, frame(0)),
    ];
    const file = concat(
      section(),
      interfaceBlock(1, [option(2, new TextEncoder().encode('eth1')), option(13, Uint8Array.of(4))]),
      interfaceBlock(276, [option(2, new TextEncoder().encode('lo\0'))]),
      interfaceBlock(101, []),
      enhanced(0, 0n, frame(64), { options: flags(1) }),
      enhanced(1, 0n, frame(64), { options: flags(2) }),
      enhanced(2, 0n, frame(63), { options: flags(2 << 5) }),
      enhanced(0, 0n, frame(61), { options: flags((8 << 5) | 2) }),
    );
    const names = new Map([
      ['eth1', 3],
      ['lo', 1],
    ]);
    const { records } = await readCaptures([fileOf(file)], {
      machineInterface: (name) => names.get(name) ?? 0,
    });
    const seen = records.map((one) => [one.direction, one.captured, one.machineInterface, one.linktype]);
    expect(seen).toEqual([
      [1, 60, 3, 1],
      [2, 64, 1, 276],
      [0, 61, 0, 101],
      [2, 53, 3, 1],
    ]);
  });

  it('reads simple and obsolete packet blocks', async () => {
    const file = concat(
      section(),
      interfaceBlock(1, [], false, 10),
      block(3, pack(false, [4, 100], frame(10))),
      block(3, pack(false, [4, 7], frame(7))),
      block(2, pack(false, [2, 0], [2, 9], [4, 0], [4, 5], [4, 6], [4, 60], frame(6))),
    );
    const { records } = await read(file);
    expect(records.map((one) => [one.time, one.captured, one.original])).toEqual([
      [0n, 10, 100],
      [0n, 7, 7],
      [5000n, 6, 60],
    ]);
    expect(records.map((one) => one.data)).toEqual([frame(10), frame(7), frame(6)]);
  });

  it('reads sections of both byte orders, each with its own interfaces', async () => {
    const part = (big: boolean, linktype: number) =>
      concat(
        section(big),
        interfaceBlock(linktype, [], big),
        enhanced(0, 1n, frame(5, linktype), { big }),
        interfaceBlock(linktype + 1, [], big),
        enhanced(1, 2n, frame(6, linktype), { big }),
      );
    const file = concat(part(false, 1), part(true, 100), part(true, 107), part(false, 1));
    for (const stretch of [0, 40, 100]) {
      const { records, problems } = await read(file, stretch);
      expect(problems).toEqual([]);
      expect(records.map((one) => one.linktype)).toEqual([1, 2, 100, 101, 107, 108, 1, 2]);
      expect(records.map((one) => one.data)).toEqual(simpleRead(file).map((one) => one.data));
    }
  });

  it('passes over blocks without a packet, also longer than a batch', async () => {
    const huge = block(0x0bad, new Uint8Array(3_000_000));
    const file = concat(
      section(),
      interfaceBlock(1),
      huge,
      enhanced(0, 1n, frame(5)),
      huge,
      huge,
      enhanced(0, 2n, frame(6)),
    );
    for (const stretch of [0, 4096]) {
      const { records, problems } = await read(file, stretch);
      expect(problems).toEqual([]);
      expect(records.map((one) => one.data)).toEqual([frame(5), frame(6)]);
    }
    const cut = await read(file.subarray(0, 2_000_000));
    expect(cut.problems).toMatchObject([{ offset: 48, message: 'the file ends within the record' }]);
  });

  it('says what is wrong, and where', async () => {
    const start = concat(section(), interfaceBlock(1));
    const cases: [string, Uint8Array, string][] = [
      [
        'interface',
        enhanced(1, 0n, frame(4)),
        'packet of an interface that its pcapng section does not describe',
      ],
      ['length', pack(false, [4, 6], [4, 33], frame(40)), 'pcapng block length 33 cannot be'],
      ['short', pack(false, [4, 6], [4, 8], frame(40)), 'pcapng block length 8 cannot be'],
      ['trailer', pack(false, [4, 5], [4, 16], [4, 0], [4, 20]), 'the two lengths of a pcapng block differ'],
      [
        'captured',
        block(6, pack(false, [4, 0], [8, 0], [4, 5], [4, 5], frame(4))),
        'the captured length is more than its block or a packet can have',
      ],
      [
        'magic',
        block(0x0a0d0d0a, pack(false, [4, 1], [2, 1], [2, 0], [8, -1])),
        'pcapng section without a byte-order magic',
      ],
      ['idb', block(1, frame(4)), 'a pcapng interface description cut short'],
    ];
    for (const [name, bytes, message] of cases) {
      const { records, problems } = await read(concat(start, enhanced(0, 0n, frame(3)), bytes, frame(64)));
      expect(records.length, name).toBe(1);
      expect(problems, name).toMatchObject([{ offset: 84, message }]);
    }
  });

  it('has a limit of capture interfaces, and shares those that are alike', async () => {
    const alike = concat(
      ...Array.from({ length: 3000 }, () =>
        concat(section(), interfaceBlock(1), interfaceBlock(113), enhanced(1, 0n, frame(1))),
      ),
    );
    const { records, problems } = await read(alike);
    expect(problems).toEqual([]);
    expect(records.length).toBe(3000);
    const different = concat(
      section(),
      ...Array.from({ length: 5000 }, (_, snaplen) => interfaceBlock(1, [], false, snaplen)),
      enhanced(0, 0n, frame(1)),
    );
    const many = await read(different);
    expect(many.records).toEqual([]);
    expect(many.problems).toMatchObject([{ message: 'more than 4096 capture interfaces' }]);
  });
});
