// -m cluster: xt_cluster_mt (xt_cluster.c).

import type { ClusterOptions } from '../../extension/match/cluster.ts';
import type { Address } from '../../model/address.ts';
import { isMulticast } from '../address.ts';
import { type Result, result } from '../condition.ts';
import { PACKET_HOST, PACKET_MULTICAST, type Packet } from '../packet.ts';

export function cluster(options: ClusterOptions, packet: Packet): Result {
  // All nodes of a cluster hear what is for one of them.
  if (!isMulticast(packet.destination) && packet.packetType === PACKET_MULTICAST) {
    packet.packetType = PACKET_HOST;
  }
  const { connection } = packet;
  if (connection === undefined) return 'no';
  const { totalNodes, nodeMask, seed, invert } = options;
  const hash = hashOf((connection.master ?? connection).tuples[0].source, seed);
  const node = Number((BigInt(hash) * BigInt(totalNodes)) >> 32n);
  return result((((nodeMask >>> node) & 1) === 1) !== invert);
}

const INITIAL = 0xdeadbeef;

/** jhash_1word, jhash2 of four words (include/linux/jhash.h, Bob Jenkins' lookup3), of words in the machine's order. */
function hashOf(address: Address, seed: number): number {
  const view = new DataView(address.buffer, address.byteOffset, address.length);
  const word = (index: number): number => view.getUint32(4 * index, true);
  const start = (INITIAL + address.length + seed) | 0;
  if (address.length === 4) return final([(start + word(0)) | 0, start, start]);
  const mixed = mix([(start + word(0)) | 0, (start + word(1)) | 0, (start + word(2)) | 0]);
  return final([(mixed[0] + word(3)) | 0, mixed[1], mixed[2]]);
}

type Words = readonly [a: number, b: number, c: number];

function rotate(value: number, bits: number): number {
  return (value << bits) | (value >>> (32 - bits));
}

/** __jhash_mix */
function mix([a0, b0, c0]: Words): Words {
  let [a, b, c] = [a0, b0, c0];
  a = ((a - c) ^ rotate(c, 4)) | 0;
  c = (c + b) | 0;
  b = ((b - a) ^ rotate(a, 6)) | 0;
  a = (a + c) | 0;
  c = ((c - b) ^ rotate(b, 8)) | 0;
  b = (b + a) | 0;
  a = ((a - c) ^ rotate(c, 16)) | 0;
  c = (c + b) | 0;
  b = ((b - a) ^ rotate(a, 19)) | 0;
  a = (a + c) | 0;
  c = ((c - b) ^ rotate(b, 4)) | 0;
  b = (b + a) | 0;
  return [a, b, c];
}

/** __jhash_final */
function final([a0, b0, c0]: Words): number {
  let [a, b, c] = [a0, b0, c0];
  c = ((c ^ b) - rotate(b, 14)) | 0;
  a = ((a ^ c) - rotate(c, 11)) | 0;
  b = ((b ^ a) - rotate(a, 25)) | 0;
  c = ((c ^ b) - rotate(b, 16)) | 0;
  a = ((a ^ c) - rotate(c, 4)) | 0;
  b = ((b ^ a) - rotate(a, 14)) | 0;
  c = ((c ^ b) - rotate(b, 24)) | 0;
  return c >>> 0;
}
