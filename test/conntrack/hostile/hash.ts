// The hashes of connection tracking, written down once more, for those who look for tuples that collide.

const MASK = (1n << 64n) - 1n;

/** An IPv4 tuple: addresses in host order. */
export interface Tuple4 {
  readonly source: number;
  readonly destination: number;
  readonly sport: number;
  readonly dport: number;
}

/** By which a tuple finds its bucket (assembly/conntrack/tuple.ts); UDP. */
export function bucketHash({ source, destination, sport, dport }: Tuple4, seed: bigint): number {
  const end = (address: number, port: number): bigint =>
    mix((BigInt(address) << 16n) ^ BigInt(port) ^ (seed & MASK));
  const sum = end(source, sport) + end(destination, dport) + 17n;
  return Number(((sum * 0xd6e8feb86659fd93n) & MASK) >> 32n);
}

function mix(value: bigint): bigint {
  const product = (value * 0x9e3779b97f4a7c15n) & MASK;
  return ((product ^ (product >> 32n)) * 0xd6e8feb86659fd93n) & MASK;
}

/** By which a packet finds its shard (assembly/packet/transport.ts, assembly/conntrack/shard.ts); UDP. */
export function shardOf({ source, destination, sport, dport }: Tuple4, bits: number): number {
  const end = (address: number, port: number): bigint =>
    (((BigInt(swap32(address)) << 16n) | BigInt(swap16(port))) + 0x9e3779b97f4a7c15n) & MASK;
  let z = (end(source, sport) * end(destination, dport) + 17n) & MASK;
  z ^= z >> 32n;
  const hash = Number(((z * 0xd6e8feb86659fd93n) & MASK) >> 32n);
  return Math.imul(hash, 0x9e3779b1) >>> (32 - bits);
}

function swap16(value: number): number {
  return ((value & 0xff) << 8) | (value >> 8);
}

function swap32(value: number): number {
  return ((swap16(value & 0xffff) << 16) | swap16(value >>> 16)) >>> 0;
}
