// What Linux 6.18 did with packets in a network namespace (record.py), packet by packet.

import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { readHost } from '../../src/host/folder.ts';
import { lowerMachine } from '../../src/host/lower.ts';
import * as Packet from '../../src/layout/packet.ts';
import * as Path from '../../src/layout/path.ts';
import { parseAddress } from '../../src/model/address.ts';
import { type PacketFacts, TestMachine } from './machine.ts';

interface Recorded {
  readonly device: string;
  readonly source: string;
  readonly destination: string;
  readonly macs: readonly [string, string];
  readonly ttl?: number;
  readonly tos?: number;
  readonly length?: number;
  readonly df?: boolean;
  readonly badChecksum?: boolean;
  /** Hex: IPv4 options, or an IPv6 hop-by-hop header. */
  readonly extension?: string;
  readonly dport?: number;
  /** `lost`: before PREROUTING; `dropped`: behind it; `local`: INPUT; an interface: FORWARD to it. */
  readonly seen: string;
  /** The `-m addrtype` rules that matched in raw PREROUTING: `src-LOCAL`, `dst-in-UNICAST` (--limit-iface-in). */
  readonly kinds: readonly string[];
  /** `ip route get ... from sender` on the host: the interface, or `error`. */
  readonly sender: string;
  readonly sent: string;
}

interface Scenario {
  readonly name: string;
  readonly files: Readonly<Record<string, string>>;
  readonly packets: readonly Recorded[];
}

const RECORD = process.env.WASMTABLES_PATH_RECORD ?? new URL('linux.jsonl', import.meta.url);
const scenarios = readFileSync(RECORD, 'utf8')
  .trim()
  .split('\n')
  .map((line) => JSON.parse(line) as Scenario);

const KINDS = [
  'UNSPEC',
  'UNICAST',
  'LOCAL',
  'BROADCAST',
  'ANYCAST',
  'MULTICAST',
  'BLACKHOLE',
  'UNREACHABLE',
  'PROHIBIT',
  'THROW',
];
/** xt_addrtype refuses these in IPv6. */
const NOT_IN_IPV6 = ['BROADCAST', 'BLACKHOLE', 'PROHIBIT', 'THROW'];

/** The IP header with what follows it up to the transport header. */
function header(packet: Recorded): Uint8Array {
  const extension = Uint8Array.from(Buffer.from(packet.extension ?? '', 'hex'));
  const six = packet.source.includes(':');
  const bytes = new Uint8Array((six ? 40 : 20) + extension.length);
  bytes[0] = six ? 0x60 : 0x45 + extension.length / 4;
  const source = parseAddress(packet.source) as Uint8Array;
  bytes.set(source, six ? 8 : 12);
  bytes.set(parseAddress(packet.destination) as Uint8Array, (six ? 8 : 12) + source.length);
  bytes.set(extension, six ? 40 : 20);
  return bytes;
}

function facts(packet: Recorded, device: number): PacketFacts {
  let flags = packet.badChecksum ? Packet.FLAG_BAD_IP_CHECKSUM : 0;
  if (packet.df && packet.source.includes('.')) flags |= Packet.FLAG_DONT_FRAGMENT;
  if (packet.extension !== undefined && packet.source.includes('.')) flags |= Packet.FLAG_IP_OPTIONS;
  return {
    source: packet.source,
    destination: packet.destination,
    sport: 1000,
    dport: packet.dport ?? 9,
    captured: device,
    direction: 1,
    macs: packet.macs,
    flags,
    ...(packet.extension === undefined ? {} : { header: header(packet) }),
    length: packet.length ?? 60,
    ttl: packet.ttl ?? 64,
    tos: packet.tos ?? 0,
    // The recorder's rule in raw PREROUTING.
    mark: packet.ttl === 77 ? 0x10 : 0,
  };
}

describe.each(scenarios)('$name', ({ files, packets }) => {
  const machine = readHost((name) => ({ path: name, text: files[name] }));
  const names = machine.interfaces.map((one) => one.name);
  const kernel = new TestMachine(machine);

  test('every packet takes the way that it took in Linux', () => {
    const wrong: string[] = [];
    for (const packet of packets) {
      // The decoder finds bad hop-by-hop options (test/packet).
      if (packet.extension !== undefined && packet.seen === 'lost') continue;
      const way = kernel.way(facts(packet, names.indexOf(packet.device) + 1));
      const [kind, detail] = way.split(' ');
      const ours = kind === 'forward' ? names[Number(detail) - 1] : kind;
      if (ours !== packet.seen) wrong.push(`${JSON.stringify(packet)}: ${way}`);
    }
    expect(wrong).toEqual([]);
  });

  test('addresses have the kinds that -m addrtype gave them', () => {
    const wrong: string[] = [];
    for (const packet of packets) {
      if (packet.seen === 'lost') continue;
      const device = names.indexOf(packet.device) + 1;
      kernel.write(facts(packet, device));
      const ours: string[] = [];
      for (const [side, field] of [
        ['src', Packet.SRC],
        ['dst', Packet.DST],
      ] as const) {
        for (const limit of ['', '-in']) {
          for (const [bit, kind] of KINDS.entries()) {
            if (packet.source.includes(':') && NOT_IN_IPV6.includes(kind)) continue;
            if (kernel.addressTypeMatches(field, 1 << bit, limit === '' ? 0 : device))
              ours.push(`${side}${limit}-${kind}`);
          }
        }
      }
      if (ours.join(' ') !== packet.kinds.join(' ')) {
        wrong.push(`${JSON.stringify(packet)}: ${ours.join(' ')}`);
      }
    }
    expect(wrong).toEqual([]);
  });

  test('what the host sends leaves as `ip route get` says', () => {
    const wrong: string[] = [];
    for (const packet of packets) {
      kernel.write({ ...facts(packet, 0), source: packet.sender });
      const way = kernel.routeOutput();
      const ours = way === Path.SENT ? names[kernel.outcome().oif - 1] : 'error';
      if (ours !== packet.sent) wrong.push(`${JSON.stringify(packet)}: ${ours}`);
    }
    expect(wrong).toEqual([]);
  });

  test('the tables are the same every time', () => {
    expect(lowerMachine(machine)).toEqual(lowerMachine(machine));
  });
});
