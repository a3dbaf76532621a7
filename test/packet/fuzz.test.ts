// Random frames in every link type, with fixed seeds: nothing traps (frames stand at the end of the memory), every field
// is sane, and the vector decoder's straight line says what the decoder of single frames says.

import { expect, test } from 'vitest';
import * as Lane from '../../src/layout/lane.ts';
import * as Packet from '../../src/layout/packet.ts';
import * as Reason from '../../src/layout/reason.ts';
import * as Verdict from '../../src/layout/verdict.ts';
import { bytesOf, ethernet, ipv4, ipv6, randomSource, tcp, udp } from './frames.ts';
import { Decoder, type Frame } from './kernel.ts';

const LINK_TYPES = [0, 1, 9, 12, 14, 50, 51, 101, 104, 108, 113, 228, 229, 276, 147];

function randomFrame(random: (below: number) => number): Frame {
  const linktype = random(2) ? 1 : (LINK_TYPES[random(LINK_TYPES.length)] ?? 0);
  const noise = Array.from({ length: random(80) }, () => random(256));
  let inner = noise;
  const kind = random(8);
  const segment = random(2)
    ? tcp(random(65536), random(65536), random(256), noise)
    : udp(random(65536), 53, noise);
  if (kind < 4) {
    const proto = random(8) === 0 ? random(256) : segment.length > 28 && random(2) ? 17 : 6;
    const options = random(6) === 0 ? Array.from({ length: 4 * random(11) }, () => random(256)) : [];
    const fragment = random(4) === 0 ? random(65536) : random(2) ? 0x4000 : 0;
    const lie = random(8) === 0 ? { length: random(200) } : {};
    inner = ipv4({ proto, payload: segment, options, fragment, tos: random(256), ttl: random(256), ...lie });
  } else if (kind < 7) {
    const next = [6, 17, 58, 0, 43, 44, 51, 59, 60, 135, 50][random(11)] ?? 6;
    const follow = [6, 17, 0, 43, 44, 51, 59, 60][random(8)] ?? 6;
    const extension = [follow, random(3), random(4) ? 0 : random(256), random(8)].concat(
      random(2) ? [1, 2, 0, 0] : noise.slice(0, 4),
    );
    const payload = random(2) ? segment : [...extension, ...segment];
    inner = ipv6(next, payload, random(8) === 0 ? random(100) : payload.length);
  }
  const type = kind < 4 ? 0x0800 : kind < 7 ? 0x86dd : random(65536);
  const tags: number[] = [];
  for (let i = random(8) === 0 ? random(4) : 0; i > 0; i--)
    tags.push(random(2) ? 0x81 : 0x88, 0, 0, random(256));
  let header: number[] = [];
  if (linktype === 1) {
    header = ethernet(tags.length ? 0x8100 : type);
    if (tags.length) header = [...header, 0, 5, ...tags.slice(0, -4), type >> 8, type & 255];
    if (random(12) === 0) header[0] = 255;
  } else if (linktype === 113)
    header = [0, random(6), 0, 1, 0, 6, 1, 2, 3, 4, 5, 6, 0, 0, type >> 8, type & 255];
  else if (linktype === 276)
    header = [type >> 8, type & 255, 0, 0, 0, 0, 0, 1, 0, 1, random(6), 6, 0, 0, 0, 0, 0, 0, 0, 0];
  else if (linktype === 0 || linktype === 108)
    header = random(2) ? [2, 0, 0, 0] : [0, 0, 0, kind < 4 ? 2 : 30];
  else if (linktype === 9 || linktype === 50) header = [0xff, 3, 0, kind < 4 ? 0x21 : 0x57];
  else if (linktype === 51) header = [0x11, 0, 0, 0, 0, inner.length + 2, 0, kind < 4 ? 0x21 : 0x57];
  let bytes = bytesOf(header, inner);
  for (let i = random(4) === 0 ? random(4) : 0; i > 0 && bytes.length; i--)
    bytes[random(bytes.length)] = random(256);
  if (random(4) === 0)
    bytes = bytesOf(
      [...bytes],
      Array.from({ length: random(20) }, () => random(256)),
    );
  const length = bytes.length;
  if (random(4) === 0) bytes = bytes.slice(0, random(bytes.length + 1));
  return { linktype, bytes, length: random(16) ? length : random(2000) };
}

/** expect() half a million times is most of what this test would take. */
function holds(right: boolean, what: string, { linktype, bytes }: Frame): void {
  if (!right) throw new Error(`${what}: link type ${linktype}, ${Buffer.from(bytes).toString('hex')}`);
}

function checkSane(decoder: Decoder, frame: Frame): void {
  const check = (right: boolean, what: string): void => holds(right, what, frame);
  const end = decoder.bytes.length;
  const start = end - frame.bytes.length;
  const verdict = decoder.get(Packet.VERDICT);
  const verdicts: readonly number[] = [Verdict.ACCEPT, Verdict.SKIP, Verdict.LOST, Verdict.UNKNOWN];
  check(verdicts.includes(verdict), `verdict ${verdict}`);
  const reason = decoder.get(Packet.REASON);
  check((reason === Reason.NONE) === (verdict === Verdict.ACCEPT), `reason ${reason}`);
  const family = decoder.get(Packet.FAMILY);
  check((family === 0) === (verdict === Verdict.SKIP), `family ${family}`);
  if (family === 0) return;
  const l3 = decoder.get(Packet.L3);
  const cap = decoder.get(Packet.L3_CAP);
  check(l3 >= start && l3 + cap <= end, 'IP header and captured bytes outside of the frame');
  if (verdict !== Verdict.ACCEPT) return;
  check(cap >= (family === 4 ? 20 : 40), 'less captured than a header');
  check(cap <= decoder.get(Packet.LENGTH), 'more captured than there is');
  check(decoder.flag(Packet.FLAG_SNAPPED) === cap < decoder.get(Packet.LENGTH), 'FLAG_SNAPPED');
  const l4Cap = decoder.get(Packet.L4_CAP);
  check(l4Cap <= decoder.get(Packet.L4_LEN), 'more of the transport header captured than there is');
  if (l4Cap > 0)
    check(decoder.get(Packet.L4_OFFSET) + l4Cap === cap, 'the transport header does not end the packet');
  check(decoder.get(Packet.FRAG_OFFSET) < 8192, 'fragment offset');
  if (decoder.flag(Packet.FLAG_PORTS)) check(l4Cap >= 4, 'ports that are not captured');
  else check((decoder.get(Packet.DPORT) | decoder.get(Packet.TCP_FLAGS)) === 0, 'ports or flags of none');
  if (l4Cap < 2) check(decoder.get(Packet.SPORT) === 0, 'a port that is not captured');
}

test('random frames decode to sane records, and alike one by one and in vectors', () => {
  const decoder = new Decoder();
  const random = randomSource(2024);
  const seen = new Map<string, number>();
  for (let i = 0; i < 25_000; i++) {
    const frame = randomFrame(random);
    decoder.decode(frame);
    checkSane(decoder, frame);
    const key = `${decoder.get(Packet.FAMILY)} ${decoder.get(Packet.VERDICT)} ${decoder.get(Packet.REASON)}`;
    seen.set(key, (seen.get(key) ?? 0) + 1);
    const alone = decoder.bytes.slice(decoder.record, decoder.record + Packet.BYTES);
    decoder.bytes.fill(0x5a, decoder.record, decoder.record + Packet.DIRECTION);
    decoder.bytes.fill(0x5a, decoder.record + Packet.COOKED, decoder.record + Packet.AUTH_HEADER + 4);
    // TIME and RECORD are the opener's.
    decoder.bytes.set(alone.subarray(Packet.RECORD, Packet.HASH), decoder.record + Packet.RECORD);
    decoder.kernel.decodeVector?.(decoder.lane, decoder.record, 1);
    const end = decoder.record + Packet.AUTH_HEADER + 4;
    const inVector = decoder.bytes.slice(decoder.record, end);
    holds(
      Buffer.compare(inVector, alone.slice(0, Packet.AUTH_HEADER + 4)) === 0,
      'otherwise in a vector',
      frame,
    );
  }
  // The generator reaches every way out of the decoder.
  for (const way of ['4 1 0', '6 1 0', '4 5 1', '4 5 3', '4 7 26', '6 5 1', '6 5 3', '6 7 26']) {
    expect([way, (seen.get(way) ?? 0) > 0]).toEqual([way, true]);
  }
  for (const way of ['0 8 28', '0 8 29', '0 8 30'])
    expect([way, (seen.get(way) ?? 0) > 0]).toEqual([way, true]);
}, 60_000);

test('a vector is as long as a lane says', () => {
  const decoder = new Decoder();
  const bytes = bytesOf(ethernet(0x0800), ipv4({ payload: tcp(1, 2, 2) }));
  decoder.decode({ linktype: 1, bytes });
  const record = decoder.bytes.slice(decoder.record, decoder.record + Packet.BYTES);
  for (let i = 1; i < Lane.VECTOR; i++) decoder.bytes.set(record, decoder.record + i * Packet.BYTES);
  decoder.kernel.decodeVector?.(decoder.lane, decoder.record, Lane.VECTOR);
  for (let i = 0; i < Lane.VECTOR; i++) {
    const at = decoder.record + i * Packet.BYTES;
    expect(decoder.view.getUint32(at + Packet.DPORT, true)).toBe(2);
  }
});
