// The decoder against what the Linux kernel counted of the same frames (recorded; the files say how).

import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import * as Packet from '../../src/layout/packet.ts';
import * as Verdict from '../../src/layout/verdict.ts';
import { ethernet } from './frames.ts';
import { Decoder } from './kernel.ts';

function records(name: string): string[][] {
  const text = readFileSync(new URL(name, import.meta.url), 'utf8');
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return lines.map((line) => line.split(' '));
}

test('IPv6: lengths, header chains and hop-by-hop options', () => {
  const decoder = new Decoder();
  const counted = [6, 17, 50, 51, 58, 59, 99, 132, 135];
  for (const [bytes, matched, hex] of records('linux-ipv6.txt')) {
    const packet = Buffer.from(hex ?? '', 'hex');
    decoder.decode({ linktype: 1, bytes: Buffer.concat([Uint8Array.from(ethernet(0x86dd)), packet]) });
    const bad = decoder.flag(Packet.FLAG_BAD_OPTION);
    const came = decoder.get(Packet.VERDICT) === Verdict.ACCEPT && !bad;
    const proto = decoder.get(Packet.PROTO);
    const broken = decoder.flag(Packet.FLAG_BROKEN_CHAIN);
    const match = came && broken ? '!' : came && counted.includes(proto) ? `${proto}` : '-';
    expect([hex, `${came ? decoder.get(Packet.LENGTH) : 0}`, match]).toEqual([hex, bytes, matched]);
  }
});

test('IPv4: versions, lengths, checksums, fragments and priority tags', () => {
  const decoder = new Decoder();
  for (const [bytes, udp, tcp, icmp, hex] of records('linux-ipv4.txt')) {
    decoder.decode({ linktype: 1, bytes: Buffer.from(hex ?? '', 'hex') });
    const accepted = decoder.get(Packet.VERDICT) === Verdict.ACCEPT && decoder.get(Packet.FAMILY) === 4;
    const came = accepted && !decoder.flag(Packet.FLAG_BAD_IP_CHECKSUM);
    const is = (proto: number): string => (came && decoder.get(Packet.PROTO) === proto ? '1' : '0');
    const decoded = [`${came ? decoder.get(Packet.LENGTH) : 0}`, is(17), is(6), is(1)];
    expect([hex, ...decoded]).toEqual([hex, bytes, udp, tcp, icmp]);
  }
});
