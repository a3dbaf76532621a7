// Checksums of transport headers as connection tracking verifies them (nf_checksum, nf_checksum_partial,
// sctp_compute_cksum). What is not captured counts as right.

import type { Packet } from '../packet.ts';

/** Adds 16-bit words in network order, an odd last byte as the high half of one. */
function sumWords(bytes: Uint8Array): number {
  let sum = 0;
  bytes.forEach((byte, index) => {
    sum += index % 2 === 0 ? byte * 256 : byte;
  });
  return sum;
}

function fold(sum: number): number {
  let folded = sum;
  while (folded > 0xffff) folded = (folded % 0x10000) + Math.floor(folded / 0x10000);
  return folded;
}

/** Bytes of the packet from `offset` on, `length` of them; undefined when some are not captured. */
function covered(packet: Packet, offset: number, length: number): Uint8Array | undefined {
  const { captured } = packet.bytes;
  return offset + length <= captured.length ? captured.subarray(offset, offset + length) : undefined;
}

/**
 * The Internet checksum over `covers` bytes of the transport header and what follows, with the pseudo-header of the
 * family: that is, address, protocol and length of all that is behind the IP header.
 */
export function isSumRight(packet: Packet, offset: number, protocol: number, covers?: number): boolean {
  const length = packet.length - offset;
  const data = covered(packet, offset, covers ?? length);
  if (data === undefined) return true;
  return fold(pseudoHeader(packet, length, protocol) + sumWords(data)) === 0xffff;
}

function pseudoHeader(packet: Packet, length: number, protocol: number): number {
  return sumWords(packet.source) + sumWords(packet.destination) + length + protocol;
}

/** ICMP has no pseudo-header. */
export function isIcmpSumRight(packet: Packet, offset: number): boolean {
  const data = covered(packet, offset, packet.length - offset);
  return data === undefined || fold(sumWords(data)) === 0xffff;
}

const CRC32C = 0x82f63b78;

/** CRC32c over the SCTP packet, its own field taken as zero, stored with the low byte first (RFC 9260, appendix A). */
export function isSctpSumRight(packet: Packet, offset: number): boolean {
  const data = covered(packet, offset, packet.length - offset);
  if (data === undefined) return true;
  const stored = [...data.subarray(8, 12)].reduceRight((value, byte) => value * 256 + byte, 0);
  let crc = 0xffffffff;
  data.forEach((byte, index) => {
    crc ^= index >= 8 && index < 12 ? 0 : byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc & 1) === 1 ? (crc >>> 1) ^ CRC32C : crc >>> 1;
  });
  return (crc ^ 0xffffffff) >>> 0 === stored;
}
