// -m cluster: xt_cluster_mt (xt_cluster.c).

import type { ClusterOptions } from '../../extension/match/cluster.ts';
import type { Address } from '../../model/address.ts';
import { isMulticast } from '../address.ts';
import { type Result, result } from '../condition.ts';
import { Template } from '../conntrack/template.ts';
import { PACKET_HOST, PACKET_MULTICAST, type Packet } from '../packet.ts';

export function cluster(options: ClusterOptions, packet: Packet): Result {
  // All nodes of a cluster hear what is for one of them.
  if (!isMulticast(packet.destination) && packet.packetType === PACKET_MULTICAST) {
    packet.packetType = PACKET_HOST;
  }
  const { connection } = packet;
  if (connection === undefined) return 'no';
  const { totalNodes, nodeMask, seed, invert } = options;
  // A template is of no family: its hash is 0.
  const { source } = (connection.master ?? connection).tuples[0];
  const hash = connection instanceof Template ? 0 : hashOf(source, seed);
  const node = Number((BigInt(hash) * BigInt(totalNodes)) >> 32n);
  return result((((nodeMask >>> node) & 1) === 1) !== invert);
}

const INITIAL = 0xdeadbeef;

/**
 * jhash_1word (include/linux/jhash.h, Bob Jenkins' lookup3) of the address' first four bytes, as the machine's word: of an
 * IPv6 address, too, no more is hashed (xt_cluster_hash_ipv6 divides a number of words by the size of one).
 */
function hashOf(address: Address, seed: number): number {
  const word = new DataView(address.buffer, address.byteOffset, address.length).getUint32(0, true);
  const start = (INITIAL + 4 + seed) | 0;
  return final([(start + word) | 0, start, start]);
}

type Words = readonly [a: number, b: number, c: number];

function rotate(value: number, bits: number): number {
  return (value << bits) | (value >>> (32 - bits));
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
