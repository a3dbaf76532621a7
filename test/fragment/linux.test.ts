// Reassembly against what the Linux kernel delivered of the same fragments (recorded; the file says how): order,
// duplicates, overlaps, ends that move, ECN, DF, marks, options, and identifications used again.

import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import * as Fragment from '../../src/layout/fragment.ts';
import * as Packet from '../../src/layout/packet.ts';
import { Reassembler } from './arena.ts';

test('fragments come together when and as they do in Linux', () => {
  const reassembler = new Reassembler();
  const { decoder } = reassembler;
  const text = readFileSync(new URL('linux.txt', import.meta.url), 'utf8');
  let complete = 0;
  for (const line of text.split('\n')) {
    if (line === '' || line.startsWith('#')) continue;
    const [seconds, bytes, dns, marked, congested, whole, hex] = line.split(' ');
    reassembler.seconds = 1000 + Number(seconds);
    const result = reassembler.pushPacket(Buffer.from(hex ?? '', 'hex'), () => {
      const first = decoder.get(Packet.FRAG_OFFSET) === 0 && decoder.get(Packet.L4_CAP) >= 8;
      if (first && decoder.get(Packet.PROTO) === 17 && decoder.get(Packet.DPORT) === 53)
        decoder.set(Packet.MARK, 1);
    });
    const came = result === Fragment.COMPLETE;
    if (came) complete++;
    const flag = (is: boolean): string => (came && is ? '1' : '0');
    const got = [
      `${came ? decoder.get(Packet.LENGTH) : 0}`,
      flag(decoder.get(Packet.DPORT) === 53 && !decoder.flag(Packet.FLAG_ABNORMAL)),
      flag(decoder.get(Packet.MARK) === 1),
      flag((decoder.get(Packet.TOS) & 3) === 3),
      flag(decoder.flag(Packet.FLAG_DONT_FRAGMENT)),
    ];
    expect([hex, ...got]).toEqual([hex, bytes, dns, marked, congested, whole]);
  }
  expect(complete).toBeGreaterThan(50);
});
