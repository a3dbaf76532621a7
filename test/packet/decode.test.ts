import { describe, expect, test } from 'vitest';
import * as Hook from '../../src/layout/hook.ts';
import * as Packet from '../../src/layout/packet.ts';
import * as Reason from '../../src/layout/reason.ts';
import * as Verdict from '../../src/layout/verdict.ts';
import { bytesOf, ethernet, ipv4, ipv6, tcp, udp } from './frames.ts';
import { Decoder, type Frame } from './kernel.ts';

const decoder = new Decoder();
const syn = ipv4({ payload: tcp(40000, 443, 2), tos: 0x28, ttl: 61, fragment: 0x4000 });
const syn6 = ipv6(6, tcp(40000, 443, 2));

function decode(linktype: number, ...parts: (readonly number[])[]): Decoder {
  return decoder.decode({ linktype, bytes: bytesOf(...parts) });
}

function outcome(frame: Frame): [number, number, number] {
  decoder.decode(frame);
  return [decoder.get(Packet.VERDICT), decoder.get(Packet.REASON), decoder.get(Packet.ETHERTYPE)];
}

test('every field of a plain frame', () => {
  const d = decode(1, ethernet(0x0800), syn, [0, 0, 0, 0, 0, 0]);
  const frame = d.get(Packet.FRAME);
  const expected: [string, number, number][] = [
    ['PROTO', Packet.PROTO, 6],
    ['SPORT', Packet.SPORT, 40000],
    ['DPORT', Packet.DPORT, 443],
    ['TCP_FLAGS', Packet.TCP_FLAGS, 2],
    ['ICMP', Packet.ICMP, 0],
    ['LENGTH', Packet.LENGTH, 40],
    ['TTL', Packet.TTL, 61],
    ['TOS', Packet.TOS, 0x28],
    ['MARK', Packet.MARK, 0],
    ['IIF', Packet.IIF, 0],
    ['OIF', Packet.OIF, 0],
    ['PKTTYPE', Packet.PKTTYPE, 0],
    ['FRAG_OFFSET', Packet.FRAG_OFFSET, 0],
    ['FLAGS', Packet.FLAGS, Packet.FLAG_PORTS | Packet.FLAG_DONT_FRAGMENT],
    ['L3', Packet.L3, frame + 14],
    ['L3_CAP', Packet.L3_CAP, 40],
    ['L4_OFFSET', Packet.L4_OFFSET, 20],
    ['L4_LEN', Packet.L4_LEN, 20],
    ['L4_CAP', Packet.L4_CAP, 20],
    ['MAC', Packet.MAC, frame],
    ['ETHERTYPE', Packet.ETHERTYPE, 0],
    ['FAMILY', Packet.FAMILY, 4],
    ['PATH', Packet.PATH, 0],
    ['VERDICT', Packet.VERDICT, Verdict.ACCEPT],
    ['REASON', Packet.REASON, 0],
    ['HOOK', Packet.HOOK, Hook.NONE],
    ['DECISION', Packet.DECISION, Packet.NO_RULE],
    ['FILTER_DECISION', Packet.FILTER_DECISION, Packet.NO_RULE],
    ['COOKED', Packet.COOKED, 0],
    ['VLAN_COUNT', Packet.VLAN_COUNT, 0],
    ['VLAN_ID', Packet.VLAN_ID, 0],
    ['VLAN_ID2', Packet.VLAN_ID2, 0],
    ['VLAN_TPID', Packet.VLAN_TPID, 0],
    ['FRAG_HEADER', Packet.FRAG_HEADER, 0],
    ['AUTH_HEADER', Packet.AUTH_HEADER, 0],
  ];
  for (const [name, field, value] of expected) expect([name, d.get(field)]).toEqual([name, value]);
  expect([d.address(Packet.SRC), d.address(Packet.DST)]).toEqual(['0a000001', 'c0a80102']);
});

describe('link types', () => {
  const cases: [string, number, number[], number[]][] = [
    ['SLL', 113, [0, 4, 0, 1, 0, 6, 1, 2, 3, 4, 5, 6, 0, 0, 8, 0], syn],
    ['SLL2', 276, [0x86, 0xdd, 0, 0, 0, 0, 0, 2, 0, 1, 4, 6, 1, 2, 3, 4, 5, 6, 0, 0], syn6],
    ['SLL with a tag', 113, [0, 0, 0, 1, 0, 6, 1, 2, 3, 4, 5, 6, 0, 0, 0x81, 0, 0, 5, 8, 0], syn],
    ['RAW', 101, [], syn],
    ['RAW, IPv6', 101, [], syn6],
    ['IPV4', 228, [], syn],
    ['IPV6', 229, [], syn6],
    ['NULL, little-endian', 0, [2, 0, 0, 0], syn],
    ['NULL, big-endian', 0, [0, 0, 0, 2], syn],
    ['NULL, macOS IPv6', 0, [30, 0, 0, 0], syn6],
    ['LOOP', 108, [0, 0, 0, 24], syn6],
    ['PPP', 9, [0xff, 3, 0, 0x21], syn],
    ['PPP without address and control', 9, [0, 0x57], syn6],
    ['PPP, compressed protocol', 9, [0xff, 3, 0x21], syn],
    ['PPP_HDLC', 50, [0xff, 3, 0, 0x57], syn6],
    ['Cisco HDLC', 50, [0x0f, 0, 8, 0], syn],
    ['PPPoE', 51, [0x11, 0, 0, 1, 0, 42, 0, 0x21], syn],
    ['PPPoE in Ethernet', 1, [...ethernet(0x8864), 0x11, 0, 0, 1, 0, 42, 0, 0x21], syn],
    ['three tags', 1, [...ethernet(0x88a8), 0, 9, 0x81, 0, 0, 8, 0x81, 0, 0, 7, 0x86, 0xdd], syn6],
  ];
  test.each(cases)('%s', (_name, linktype, header, packet) => {
    const d = decode(linktype, header, packet);
    expect([d.get(Packet.VERDICT), d.get(Packet.DPORT), d.get(Packet.TCP_FLAGS)]).toEqual([1, 443, 2]);
    expect(d.get(Packet.LENGTH)).toBe(packet.length);
    expect(d.get(Packet.FAMILY)).toBe(packet === syn ? 4 : 6);
  });

  test('tags and packet types are kept', () => {
    const d = decode(1, ethernet(0x88a8), [0x20, 9, 0x81, 0, 0, 8, 8, 0], syn);
    const tags = [Packet.VLAN_COUNT, Packet.VLAN_TPID, Packet.VLAN_ID, Packet.VLAN_ID2].map((f) => d.get(f));
    expect(tags).toEqual([2, 0x88a8, 9, 8]);
    decode(113, [0, 4, 0, 1, 0, 6, 1, 2, 3, 4, 5, 6, 0, 0, 8, 0], syn);
    expect([decoder.get(Packet.COOKED), decoder.get(Packet.PKTTYPE), decoder.get(Packet.MAC)]).toEqual([
      5, 4, 0,
    ]);
    decode(1, [255, 255, 255, 255, 255, 255], ethernet(0x0800).slice(6), syn);
    expect(decoder.get(Packet.PKTTYPE)).toBe(1);
    decode(1, [1, 0, 0x5e, 0, 0, 1], ethernet(0x0800).slice(6), syn);
    expect(decoder.get(Packet.PKTTYPE)).toBe(2);
  });

  test('what is not IP is named', () => {
    const skip = (reason: number, type: number): number[] => [Verdict.SKIP, reason, type];
    const of = (linktype: number, ...parts: number[][]): number[] =>
      outcome({ linktype, bytes: bytesOf(...parts) });
    expect(of(147, [1, 2, 3])).toEqual(skip(Reason.LINK_TYPE, 147));
    expect(of(1, ethernet(0x0806), new Array<number>(46).fill(0))).toEqual(skip(Reason.ETHERTYPE, 0x0806));
    expect(of(1, ethernet(0x9100), [0, 5, 8, 0], syn)).toEqual(skip(Reason.ETHERTYPE, 0x9100));
    expect(of(1, ethernet(38), [0xaa, 0xaa, 3, 0, 0, 0, 8, 0], syn)).toEqual(skip(Reason.ETHERTYPE, 4));
    expect(of(1, ethernet(38), [0xff, 0xff])).toEqual(skip(Reason.ETHERTYPE, 1));
    expect(of(9, [0xff, 3, 0xc0, 0x21, 1])).toEqual(skip(Reason.ETHERTYPE, 0xc021));
    expect(of(1, ethernet(0x0800).slice(0, 13))).toEqual(skip(Reason.TRUNCATED_FRAME, 0));
    expect(of(1, ethernet(0x8100), [0, 5, 8])).toEqual(skip(Reason.TRUNCATED_FRAME, 0x8100));
    expect(of(113, [0, 0, 3, 56, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 8, 0], syn)).toEqual(
      skip(Reason.ETHERTYPE, 0x800),
    );
  });
});

describe('lengths', () => {
  test('a frame cut by the snap length', () => {
    decoder.decode({ linktype: 1, bytes: bytesOf(ethernet(0x0800), syn).slice(0, 14 + 30), length: 54 });
    expect(decoder.get(Packet.LENGTH)).toBe(40);
    expect([decoder.get(Packet.L3_CAP), decoder.get(Packet.L4_LEN), decoder.get(Packet.L4_CAP)]).toEqual([
      30, 20, 10,
    ]);
    const flags = Packet.FLAG_SNAPPED | Packet.FLAG_PORTS | Packet.FLAG_ABNORMAL | Packet.FLAG_DONT_FRAGMENT;
    expect(decoder.get(Packet.FLAGS)).toBe(flags);
    const cut = { linktype: 1, bytes: bytesOf(ethernet(0x0800), syn).slice(0, 14 + 19), length: 54 };
    expect(outcome(cut)).toEqual([Verdict.UNKNOWN, Reason.NOT_CAPTURED, 0]);
  });

  test('a total length of 0 is that of the frame', () => {
    const big = ipv4({ payload: tcp(1, 2, 16, new Array<number>(3000).fill(0)), length: 0 });
    decoder.decode({
      linktype: 1,
      bytes: bytesOf(ethernet(0x0800), big).slice(0, 100),
      length: 14 + big.length,
    });
    expect([decoder.get(Packet.VERDICT), decoder.get(Packet.LENGTH)]).toEqual([1, 3040]);
  });

  test('a TCP packet without payload length in IPv6, when longer than an MTU', () => {
    const big = ipv6(6, tcp(1, 2, 16, new Array<number>(3000).fill(0)), 0);
    expect(decode(1, ethernet(0x86dd), big).get(Packet.LENGTH)).toBe(3060);
    expect(decode(1, ethernet(0x86dd), ipv6(6, tcp(1, 2, 16), 0)).get(Packet.LENGTH)).toBe(40);
  });

  test('a jumbo payload', () => {
    const length = 70_000;
    const option = [6, 0, 0xc2, 4, 0, length >> 16, (length >> 8) & 255, length & 255];
    const packet = ipv6(0, [...option, ...tcp(1, 2, 16)], 0);
    const frame = { linktype: 1, bytes: bytesOf(ethernet(0x86dd), packet), length: 14 + 40 + length };
    expect(outcome(frame)).toEqual([Verdict.ACCEPT, 0, 0]);
    expect([decoder.get(Packet.LENGTH), decoder.get(Packet.PROTO)]).toEqual([40 + length, 6]);
    expect(outcome({ ...frame, length: 14 + 40 + length - 1 })).toEqual([
      Verdict.LOST,
      Reason.IP_TRUNCATED,
      0,
    ]);
  });

  test('a checksum is wrong', () => {
    const bytes = bytesOf(ethernet(0x0800), syn);
    bytes[24] = (bytes[24] ?? 0) ^ 1;
    expect(outcome({ linktype: 1, bytes })).toEqual([Verdict.ACCEPT, 0, 0]);
    expect(decoder.flag(Packet.FLAG_BAD_IP_CHECKSUM)).toBe(true);
  });
});

describe('the hash', () => {
  function hash(packet: number[], type = 0x0800): number {
    return decode(1, ethernet(type), packet).get(Packet.HASH);
  }
  const a = [10, 1, 2, 3];
  const b = [172, 16, 5, 6];

  test('is the same for both directions, and differs between flows', () => {
    const there = hash(ipv4({ payload: tcp(40000, 443, 2), source: a, destination: b }));
    expect(hash(ipv4({ payload: tcp(443, 40000, 18), source: b, destination: a }))).toBe(there);
    expect(hash(ipv4({ payload: tcp(443, 40000, 2), source: a, destination: b }))).not.toBe(there);
    const options = [1, 1, 1, 1];
    expect(hash(ipv4({ payload: tcp(40000, 443, 2), source: a, destination: b, options }))).toBe(there);
    const there6 = hash(ipv6(17, udp(1, 2)), 0x86dd);
    const back = ipv6(17, udp(2, 1));
    [back[23], back[39]] = [2, 1];
    expect(hash(back, 0x86dd)).toBe(there6);
  });

  test('is the same for all fragments of a datagram', () => {
    const first = hash(ipv4({ payload: udp(5, 6), proto: 17, fragment: 0x2000 }));
    expect(hash(ipv4({ payload: udp(9, 9), proto: 17, fragment: 1 }))).toBe(first);
    const head = hash(ipv6(44, [17, 0, 0, 1, 0, 0, 0, 1, ...udp(5, 6)]), 0x86dd);
    expect(hash(ipv6(44, [17, 0, 0, 8, 0, 0, 0, 1, ...udp(9, 9)]), 0x86dd)).toBe(head);
  });

  test('spreads flows over shards', () => {
    const buckets = new Array<number>(16).fill(0);
    for (let i = 0; i < 1600; i++) {
      const source = [10, 0, i >> 6, i & 63];
      const bucket = hash(ipv4({ payload: tcp(1024 + i, 443, 2), source })) >>> 28;
      buckets[bucket] = (buckets[bucket] ?? 0) + 1;
    }
    expect(Math.min(...buckets)).toBeGreaterThan(60);
    expect(Math.max(...buckets)).toBeLessThan(150);
  });
});

describe('IPv6 header chains', () => {
  test('end at the transport header', () => {
    const chain = [43, 0, 1, 4, 0, 0, 0, 0, 51, 0, 0, 0, 0, 0, 0, 0, 6, 1, 0, 0, 0, 0, 0, 1, 0, 0, 0, 1];
    const d = decode(1, ethernet(0x86dd), ipv6(60, [...chain, ...tcp(1, 2, 2)]));
    expect([d.get(Packet.PROTO), d.get(Packet.L4_OFFSET), d.get(Packet.AUTH_HEADER)]).toEqual([6, 68, 56]);
    // With the authentication header behind it nftables sees another protocol: no classifier searches by it.
    expect([d.get(Packet.L4_LEN), d.flag(Packet.FLAG_ABNORMAL)]).toEqual([20, true]);
  });

  test('name the fragment', () => {
    const d = decode(1, ethernet(0x86dd), ipv6(44, [17, 0, 0, 9, 0, 0, 0, 1, ...udp(1, 2)]));
    expect([d.get(Packet.PROTO), d.get(Packet.FRAG_OFFSET), d.get(Packet.FRAG_HEADER)]).toEqual([17, 1, 40]);
    const flags = Packet.FLAG_IPV6_FRAGMENT | Packet.FLAG_MORE_FRAGMENTS | Packet.FLAG_ABNORMAL;
    expect(d.get(Packet.FLAGS)).toBe(flags);
  });

  test('cut by the snap length are not known; cut by the packet are broken', () => {
    const bytes = bytesOf(ethernet(0x86dd), ipv6(60, [6, 0, 1, 4, 0, 0, 0, 0, ...tcp(1, 2, 2)]));
    decoder.decode({ linktype: 1, bytes: bytes.slice(0, 14 + 41), length: bytes.length });
    expect(decoder.get(Packet.PROTO)).toBe(Packet.NO_PROTO);
    expect(decoder.flag(Packet.FLAG_SNAPPED_CHAIN)).toBe(true);
    decode(1, ethernet(0x86dd), ipv6(60, [6]));
    expect(decoder.get(Packet.PROTO)).toBe(Packet.NO_PROTO);
    expect(decoder.flag(Packet.FLAG_BROKEN_CHAIN)).toBe(true);
  });
});
