// Frames from a description: what tests mean, byte by byte. Wrong lengths and checksums only where asked for.

import { type Address, parseAddress } from '../../src/model/address.ts';

export interface FrameSpec {
  /** Default: ethernet. */
  readonly link?: 'ethernet' | 'raw' | 'cooked' | undefined;
  readonly macSource?: Uint8Array | undefined;
  readonly macDestination?: Uint8Array | undefined;
  /** VLAN ids, outermost first; all with TPID 0x8100 but the outer ones of several, which have 0x88a8. */
  readonly vlans?: readonly number[] | undefined;
  /** Cooked captures: linux/if_packet.h. */
  readonly packetType?: number | undefined;
  readonly source: Address;
  readonly destination: Address;
  readonly ttl?: number | undefined;
  readonly tos?: number | undefined;
  readonly id?: number | undefined;
  readonly dontFragment?: boolean | undefined;
  readonly moreFragments?: boolean | undefined;
  /** In units of 8 bytes. */
  readonly fragmentOffset?: number | undefined;
  /** IPv4 options, padded to words with zeros. */
  readonly options?: Uint8Array | undefined;
  /** IPv6 extension headers before the transport header: type and bytes, whose first byte is filled in. */
  readonly extensions?: readonly { readonly type: number; readonly bytes: Uint8Array }[] | undefined;
  readonly protocol: number;
  readonly transport: Uint8Array;
  /** Fills in the checksum of a whole TCP, UDP, ICMP or ICMPv6 header; without it there is what `transport` has. */
  readonly sums?: boolean | undefined;
  /** IPv4: makes the header checksum wrong. */
  readonly wrongChecksum?: boolean | undefined;
  /** In place of the true version, header length in words, and total (IPv6: payload) length. */
  readonly version?: number | undefined;
  readonly headerWords?: number | undefined;
  readonly declaredLength?: number | undefined;
  /** Zeros up to this length of the frame, as Ethernet pads. */
  readonly padTo?: number | undefined;
  /** Snap length: captured bytes at most. */
  readonly snap?: number | undefined;
}

export interface BuiltFrame {
  readonly bytes: Uint8Array;
  readonly originalLength: number;
  readonly linkType: number;
}

const LINKTYPES = { ethernet: 1, raw: 101, cooked: 113 } as const;
export const DEFAULT_MAC = Uint8Array.of(2, 0, 0, 0, 0, 0xfe);

export function concat(...parts: readonly (Uint8Array | readonly number[])[]): Uint8Array {
  return Uint8Array.from(parts.flatMap((part) => [...part]));
}

export function u16(value: number): number[] {
  return [(value >> 8) & 255, value & 255];
}

export function u32(value: number): number[] {
  return [...u16(value >>> 16), ...u16(value & 0xffff)];
}

/** The frame of a description. */
export function buildFrame(spec: FrameSpec): BuiltFrame {
  const packet = spec.source.length === 4 ? ipv4(spec) : ipv6(spec);
  const whole = concat(linkHeader(spec), packet);
  const padded = concat(whole, new Uint8Array(Math.max(0, (spec.padTo ?? 0) - whole.length)));
  return {
    bytes: padded.slice(0, spec.snap ?? padded.length),
    originalLength: padded.length,
    linkType: LINKTYPES[spec.link ?? 'ethernet'],
  };
}

function linkHeader(spec: FrameSpec): Uint8Array {
  const type = u16(spec.source.length === 4 ? 0x0800 : 0x86dd);
  const vlans = spec.vlans ?? [];
  const tags = vlans.flatMap((id, index) => [...u16(index < vlans.length - 1 ? 0x88a8 : 0x8100), ...u16(id)]);
  switch (spec.link) {
    case 'raw':
      return new Uint8Array();
    case 'cooked':
      return concat(
        u16(spec.packetType ?? 0),
        u16(1),
        u16(6),
        spec.macSource ?? DEFAULT_MAC,
        [0, 0],
        tags,
        type,
      );
    default:
      return concat(spec.macDestination ?? DEFAULT_MAC, spec.macSource ?? DEFAULT_MAC, tags, type);
  }
}

function ipv4(spec: FrameSpec): Uint8Array {
  const options = spec.options ?? new Uint8Array();
  const padding = new Uint8Array((4 - (options.length % 4)) % 4);
  const words = 5 + (options.length + padding.length) / 4;
  const length = words * 4 + spec.transport.length;
  const flags =
    (spec.dontFragment ? 0x4000 : 0) | (spec.moreFragments ? 0x2000 : 0) | (spec.fragmentOffset ?? 0);
  const header = concat(
    [((spec.version ?? 4) << 4) | (spec.headerWords ?? words), spec.tos ?? 0],
    u16(spec.declaredLength ?? length),
    u16(spec.id ?? 1),
    u16(flags),
    [spec.ttl ?? 64, spec.protocol, 0, 0],
    spec.source,
    spec.destination,
    options,
    padding,
  );
  const sum = checksum(header) ^ (spec.wrongChecksum ? 0x5555 : 0);
  header.set(u16(sum), 10);
  return concat(header, summed(spec));
}

function ipv6(spec: FrameSpec): Uint8Array {
  const chain = spec.extensions ?? [];
  const next = (index: number): number => chain[index]?.type ?? spec.protocol;
  const headers = chain.map(({ bytes }, index) => concat([next(index + 1)], bytes.subarray(1)));
  const body = concat(...headers, summed(spec));
  const first = ((spec.version ?? 6) << 28) | ((spec.tos ?? 0) << 20);
  return concat(
    u32(first >>> 0),
    u16(spec.declaredLength ?? body.length),
    [next(0), spec.ttl ?? 64],
    spec.source,
    spec.destination,
    body,
  );
}

/** Where the checksum stands in the transport header. */
const CHECKSUM_AT: Readonly<Record<number, number>> = { 1: 2, 6: 16, 17: 6, 58: 2 };

/** The transport header and payload, with a right checksum if that is asked for. */
export function summed({ sums, protocol, source, destination, transport }: FrameSpec): Uint8Array {
  const at = CHECKSUM_AT[protocol];
  if (sums !== true || at === undefined || transport.length < at + 2) return transport;
  const bytes = Uint8Array.from(transport);
  bytes.set([0, 0], at);
  const pseudo = protocol === 1 ? [] : [...source, ...destination, ...u32(bytes.length), ...u32(protocol)];
  const sum = checksum(concat(pseudo, bytes));
  bytes.set(u16(sum === 0 && protocol === 17 ? 0xffff : sum), at);
  return bytes;
}

/** RFC 1071 over words; the checksum field is to be zero. */
export function checksum(bytes: Uint8Array): number {
  let sum = 0;
  for (let at = 0; at < bytes.length; at += 2) sum += ((bytes[at] as number) << 8) | (bytes[at + 1] ?? 0);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  return ~sum & 0xffff;
}

export const FLAG_BITS: Readonly<Record<string, number>> = {
  F: 1,
  S: 2,
  R: 4,
  P: 8,
  A: 16,
  U: 32,
  E: 64,
  C: 128,
};

export interface Tcp {
  readonly sport: number;
  readonly dport: number;
  readonly flags: number;
  /** TCP options; padded to words. */
  readonly options?: Uint8Array | undefined;
  /** In place of the true header length in words. */
  readonly words?: number | undefined;
  readonly payload?: number | Uint8Array | undefined;
  readonly sequence?: number | undefined;
  readonly acknowledgement?: number | undefined;
  readonly window?: number | undefined;
}

export function tcp({
  sport,
  dport,
  flags,
  options = new Uint8Array(),
  words,
  payload = 0,
  sequence = 1,
  acknowledgement = 0,
  window = 0xffff,
}: Tcp): Uint8Array {
  const padding = (4 - (options.length % 4)) % 4;
  const ownWords = 5 + (options.length + padding) / 4;
  return concat(
    u16(sport),
    u16(dport),
    u32(sequence),
    u32(acknowledgement),
    [(words ?? ownWords) << 4, flags],
    u16(window),
    [0, 0, 0, 0],
    options,
    new Uint8Array(padding),
    typeof payload === 'number' ? new Uint8Array(payload) : payload,
  );
}

/** UDP and UDPLite. */
export function udp(sport: number, dport: number, payload: number | Uint8Array = 0): Uint8Array {
  const bytes = typeof payload === 'number' ? new Uint8Array(payload) : payload;
  return concat(u16(sport), u16(dport), u16(8 + bytes.length), [0, 0], bytes);
}

export function icmp(type: number, code: number, payload = 4): Uint8Array {
  return concat([type, code, 0, 0], new Uint8Array(payload));
}

/** Common header, then chunks: type, flags, and a value. */
export function sctp(
  sport: number,
  dport: number,
  chunks: readonly { readonly type: number; readonly flags: number; readonly bytes: number }[],
  tag = 0,
): Uint8Array {
  const body = chunks.map(({ type, flags, bytes }) =>
    concat([type, flags], u16(4 + bytes), new Uint8Array(bytes + ((4 - (bytes % 4)) % 4))),
  );
  return concat(u16(sport), u16(dport), u32(tag), u32(0), ...body);
}

/** Generic header with a 48-bit sequence number; `options` up to the data offset. */
export function dccp(
  sport: number,
  dport: number,
  type: number,
  options: Uint8Array = new Uint8Array(),
): Uint8Array {
  const padding = (4 - (options.length % 4)) % 4;
  // A response or reset, and packets with an acknowledgement, have 8 bytes more (RFC 4340, 5).
  const words = 4 + (options.length + padding) / 4;
  return concat(
    u16(sport),
    u16(dport),
    [words, 0, 0, 0],
    [(type << 1) | 1, 0, 0, 0],
    [0, 0, 0, 1],
    options,
    new Uint8Array(padding),
  );
}

/** An AH header of 12 bytes before `next` (RFC 4302). */
export function ah(next: number, spi: number, rest: Uint8Array = new Uint8Array()): Uint8Array {
  return concat([next, 1, 0, 0], u32(spi), u32(1), rest);
}

export function esp(spi: number): Uint8Array {
  return concat(u32(spi), u32(1), new Uint8Array(16));
}

/** An IPv6 fragment header; the first byte is filled in by buildFrame. */
export function fragmentHeader(
  offset: number,
  more: boolean,
  id: number,
): { type: number; bytes: Uint8Array } {
  return { type: 44, bytes: concat([0, 0], u16((offset << 3) | (more ? 1 : 0)), u32(id)) };
}

/** Hop-by-hop (0) or destination (60) options, padded to 8 bytes with PadN. */
export function optionsHeader(type: 0 | 60, options: Uint8Array): { type: number; bytes: Uint8Array } {
  const length = Math.ceil((2 + options.length) / 8) * 8;
  const gap = length - 2 - options.length;
  const padding = gap === 0 ? [] : gap === 1 ? [0] : [1, gap - 2, ...new Uint8Array(gap - 2)];
  return { type, bytes: concat([0, length / 8 - 1], options, padding) };
}

/** A routing header of `segments` addresses. */
export function routingHeader(kind: number, left: number, segments = 1): { type: number; bytes: Uint8Array } {
  return { type: 43, bytes: concat([0, segments * 2, kind, left], u32(0), new Uint8Array(16 * segments)) };
}

export function address(text: string): Address {
  const parsed = parseAddress(text);
  if (parsed === undefined) throw new Error(`${text} is not an address`);
  return parsed;
}
