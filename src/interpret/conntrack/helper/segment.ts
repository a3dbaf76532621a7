// A packet as its connection's helper sees it.

import type { Tuple } from '../../../conntrack/entry.ts';
import type { ExpectationTable, Master } from '../expectation.ts';

export type Direction = 'original' | 'reply';

export interface Segment {
  readonly direction: Direction;
  /** It belongs to a connection with traffic in both directions (IP_CT_ESTABLISHED, IP_CT_ESTABLISHED_REPLY). */
  readonly established: boolean;
  /** Captured bytes from the transport header on. */
  readonly transport: Uint8Array;
  /** How many there are by the IP header. */
  readonly length: number;
  readonly nowNs: bigint;
  /** The host sends it to a broadcast address of its outgoing interface: the mask of that network. */
  readonly broadcastMask?: Uint8Array | undefined;
}

export interface Context {
  readonly master: Master;
  readonly expectations: ExpectationTable;
}

export type HelperVerdict = 'accept' | 'drop';

/** What is behind the transport header. */
export interface Payload {
  /** Captured; latin1, so that a character is a byte. */
  readonly text: string;
  readonly bytes: Uint8Array;
  /** By the packet's own account. */
  readonly length: number;
  readonly cut: boolean;
}

/** Undefined when the header is not there, or nothing is behind it. */
export function tcpPayload(segment: Segment): Payload | undefined {
  if (segment.transport.length < 20) return undefined;
  return behind(segment, 4 * ((segment.transport[12] as number) >> 4));
}

export function udpPayload(segment: Segment): Payload | undefined {
  return segment.transport.length < 8 ? undefined : behind(segment, 8);
}

function behind(segment: Segment, header: number): Payload | undefined {
  const length = segment.length - header;
  if (length <= 0) return undefined;
  const bytes = segment.transport.subarray(header, segment.length);
  return { text: Buffer.from(bytes).toString('latin1'), bytes, length, cut: bytes.length < length };
}

export function word32(bytes: Uint8Array, at: number): number {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).readUInt32BE(at);
}

export function word16(bytes: Uint8Array, at: number): number {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).readUInt16BE(at);
}

/** The tuple of a direction. */
export function tupleOf(master: Master, direction: Direction): Tuple {
  return direction === 'original' ? master.original : master.reply;
}

export function otherDirection(direction: Direction): Direction {
  return direction === 'original' ? 'reply' : 'original';
}
