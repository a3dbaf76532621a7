// Hand-made frames for tests: headers as byte lists, and a fixed-seed source of random ones.

/** Ethernet header: unicast MACs, EtherType. */
export function ethernet(type: number): number[] {
  return [2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, type >> 8, type & 255];
}

/** The ones' complement sum of 16-bit words that makes a header's sum 0xffff. */
function checksum(bytes: readonly number[]): number {
  let sum = 0;
  for (let i = 0; i < bytes.length; i += 2) sum += ((bytes[i] ?? 0) << 8) | (bytes[i + 1] ?? 0);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >> 16);
  return ~sum & 0xffff;
}

export interface Ipv4Fields {
  readonly proto?: number;
  readonly payload?: readonly number[];
  readonly options?: readonly number[];
  readonly source?: readonly number[];
  readonly destination?: readonly number[];
  readonly id?: number;
  /** The whole fragment field: flags and offset. */
  readonly fragment?: number;
  readonly ttl?: number;
  readonly tos?: number;
  /** Total length, when it is to lie. */
  readonly length?: number;
  readonly ihl?: number;
}

/** An IPv4 packet with a right header checksum. */
export function ipv4(fields: Ipv4Fields): number[] {
  const payload = fields.payload ?? [];
  const options = fields.options ?? [];
  const length = fields.length ?? 20 + options.length + payload.length;
  const id = fields.id ?? 1;
  const fragment = fields.fragment ?? 0;
  const ihl = fields.ihl ?? 5 + options.length / 4;
  const header = [
    ...[0x40 | ihl, fields.tos ?? 0, (length >> 8) & 255, length & 255, id >> 8, id & 255],
    ...[fragment >> 8, fragment & 255, fields.ttl ?? 64, fields.proto ?? 6, 0, 0],
    ...(fields.source ?? [10, 0, 0, 1]),
    ...(fields.destination ?? [192, 168, 1, 2]),
    ...options,
  ];
  const sum = checksum(header);
  header[10] = sum >> 8;
  header[11] = sum & 255;
  return [...header, ...payload];
}

/** An IPv6 packet from fd00::1 to fd00::2. */
export function ipv6(next: number, payload: readonly number[], length = payload.length): number[] {
  const prefix = [0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
  return [0x6a, 0xb0, 0, 0, length >> 8, length & 255, next, 63, ...prefix, 1, ...prefix, 2, ...payload];
}

export function tcp(
  source: number,
  destination: number,
  flags: number,
  payload: readonly number[] = [],
): number[] {
  return [source >> 8, source & 255, destination >> 8, destination & 255]
    .concat([0, 0, 0, 1, 0, 0, 0, 2, 0x50, flags, 0, 100, 0, 0, 0, 0])
    .concat(payload);
}

export function udp(source: number, destination: number, payload: readonly number[] = []): number[] {
  const length = 8 + payload.length;
  return [
    source >> 8,
    source & 255,
    destination >> 8,
    destination & 255,
    length >> 8,
    length & 255,
    0,
    0,
  ].concat(payload);
}

/** A small random number generator (mulberry32): the same numbers for the same seed. */
export function randomSource(seed: number): (below: number) => number {
  let state = seed >>> 0;
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) % below;
  };
}

export function bytesOf(...parts: (readonly number[])[]): Uint8Array {
  return Uint8Array.from(parts.flat());
}
