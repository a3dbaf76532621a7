// A TCP segment: header and options as connection tracking reads them (nf_conntrack_proto_tcp.c).

import { Bytes } from '../bytes.ts';
import { FLAG_LIBERAL, FLAG_SACK_PERMITTED, FLAG_WINDOW_SCALE, type Kind, type Sender } from './tcp-state.ts';

const HEADER_BYTES = 20;

const FIN = 1;
const SYN = 2;
const RST = 4;
const ACK = 16;
const URG = 32;

/** Of FIN, SYN, RST, ACK and URG; the other flags may be there or not (tcp_valid_flags). */
const VALID_FLAGS = new Set([
  SYN,
  SYN | URG,
  SYN | ACK,
  RST,
  RST | ACK,
  FIN | ACK,
  FIN | ACK | URG,
  ACK,
  ACK | URG,
]);

export interface TcpHeader {
  readonly seq: number;
  readonly ack: number;
  /** Behind the last byte, SYN and FIN counted (segment_seq_plus_len). */
  readonly end: number;
  /** As it stands in the header. */
  readonly window: number;
  readonly hasSyn: boolean;
  readonly hasAck: boolean;
  readonly hasRst: boolean;
  readonly kind: Kind;
  /** The header is longer than its fixed part. */
  readonly hasOptions: boolean;
  /** What was captured of the options, and how long they are. */
  readonly optionBytes: Bytes;
}

interface TcpOption {
  readonly kind: number;
  /** Without kind and length. */
  readonly data: Uint8Array;
}

/** The header at `offset`; undefined when it is cut short, or its flags cannot be (tcp_error without the checksum). */
export function readTcp(bytes: Bytes, offset: number): TcpHeader | undefined {
  if (!bytes.has(offset, HEADER_BYTES)) return undefined;
  bytes.need(offset, HEADER_BYTES);
  const headerBytes = (bytes.u8(offset + 12) >> 4) * 4;
  if (headerBytes < HEADER_BYTES || !bytes.has(offset, headerBytes)) return undefined;
  const flags = bytes.u8(offset + 13);
  const seq = bytes.u32(offset + 4);
  const payload = bytes.length - offset - headerBytes;
  const counted = ((flags & SYN) !== 0 ? 1 : 0) + ((flags & FIN) !== 0 ? 1 : 0);
  return {
    seq,
    ack: bytes.u32(offset + 8),
    end: u32(seq + payload + counted),
    window: bytes.u16(offset + 14),
    hasSyn: (flags & SYN) !== 0,
    hasAck: (flags & ACK) !== 0,
    hasRst: (flags & RST) !== 0,
    kind: kindOf(flags),
    hasOptions: headerBytes > HEADER_BYTES,
    optionBytes: new Bytes(bytes.captured.subarray(offset + HEADER_BYTES), headerBytes - HEADER_BYTES),
  };
}

/** Whether the flags of the header at `offset` go together. */
export function hasValidFlags(bytes: Bytes, offset: number): boolean {
  return VALID_FLAGS.has(bytes.u8(offset + 13) & (FIN | SYN | RST | ACK | URG));
}

/** get_conntrack_index */
function kindOf(flags: number): Kind {
  if ((flags & RST) !== 0) return 'rst';
  if ((flags & SYN) !== 0) return (flags & ACK) !== 0 ? 'synack' : 'syn';
  if ((flags & FIN) !== 0) return 'fin';
  return (flags & ACK) !== 0 ? 'ack' : 'none';
}

/**
 * Options up to the first one that cannot be, of at least `shortest` bytes and of the kinds that are asked for. Throws
 * NotCaptured when one of them may be where nothing was captured.
 */
function readOptions(bytes: Bytes, shortest: number, kinds: readonly number[]): TcpOption[] {
  const options: TcpOption[] = [];
  let at = 0;
  while (bytes.has(at, shortest)) {
    const kind = bytes.u8(at);
    if (kind === 0) break;
    if (kind === 1) {
      at += 1;
      continue;
    }
    const size = bytes.has(at, 2) ? bytes.u8(at + 1) : 0;
    if (size < 2 || !bytes.has(at, size)) break;
    if (kinds.includes(kind) && size >= shortest) options.push({ kind, data: bytes.slice(at + 2, size - 2) });
    at += size;
  }
  return options;
}

const WINDOW_SCALE = 3;
const SACK_PERMITTED = 4;
const SACK = 5;
const MAX_SCALE = 14;
const SACK_BLOCK_BYTES = 8;

/** tcp_options: scale and flags of the sender of a SYN. A header without options changes nothing. */
export function takeOptions(sender: Sender, header: TcpHeader): void {
  if (!header.hasOptions) return;
  sender.scale = 0;
  sender.flags &= FLAG_LIBERAL;
  for (const { kind, data } of readOptions(header.optionBytes, 2, [WINDOW_SCALE, SACK_PERMITTED])) {
    if (kind === SACK_PERMITTED && data.length === 0) sender.flags |= FLAG_SACK_PERMITTED;
    if (kind === WINDOW_SCALE && data.length === 1) {
      sender.scale = Math.min(data[0] as number, MAX_SCALE);
      sender.flags |= FLAG_WINDOW_SCALE;
    }
  }
}

/** tcp_sack: the highest right edge of the first SACK option's blocks, if that is beyond `ack`. */
export function highestSack({ optionBytes }: TcpHeader, ack: number): number {
  const sack = readOptions(optionBytes, 2 + SACK_BLOCK_BYTES, [SACK]).find(
    ({ data }) => data.length % SACK_BLOCK_BYTES === 0,
  );
  let highest = ack;
  for (let at = 4; at < (sack?.data.length ?? 0); at += SACK_BLOCK_BYTES) {
    const [a, b, c, d] = (sack as TcpOption).data.subarray(at, at + 4) as unknown as number[];
    const edge = u32(((a as number) << 24) | ((b as number) << 16) | ((c as number) << 8) | (d as number));
    if (after(edge, highest)) highest = edge;
  }
  return highest;
}

export function u32(value: number): number {
  return value >>> 0;
}

/** before(), after() of net/tcp.h: order of sequence numbers. */
export function before(a: number, b: number): boolean {
  return ((a - b) | 0) < 0;
}

export function after(a: number, b: number): boolean {
  return before(b, a);
}
