// IPv4 reassembly before INPUT (ip_local_deliver, ip_defrag): net/ipv4/ip_fragment.c, net/ipv4/inet_fragment.c.

import type { Machine } from '../host/machine.ts';
import { formatAddress } from '../model/address.ts';
import { Bytes } from './bytes.ts';
import { Lost } from './lost.ts';
import { Packet } from './packet.ts';
import { fragmentDistance, fragmentSeconds } from './sysctl.ts';

/** A fragment that waits: the number of the packet that completed its datagram is filled in later. */
export interface Held {
  datagram: number | null;
}

/** A gapless run of bytes; only fragments that arrived in order join one (inet_frag_queue_insert). */
interface Run {
  readonly start: number;
  end: number;
}

interface Piece {
  readonly offset: number;
  readonly data: Bytes;
  readonly packet: Packet;
}

/** struct ipq */
interface Queue {
  readonly key: string;
  deadlineNs: bigint;
  runs: Run[];
  pieces: Piece[];
  held: Held[];
  /** What the last fragment says that the datagram's length is; the furthest end before that. */
  length: number;
  lastIn: boolean;
  /** Bits 1 << ECN codepoint of all fragments (ip4_frag_ecn). */
  ecn: number;
  /** Number of fragments of this source when the last one of this datagram came (inet_peer.rid). */
  sequence: number;
}

export type Reassembled =
  | { readonly kind: 'held'; readonly held: Held }
  | { readonly kind: 'datagram'; readonly packet: Packet };

const CE = 1 << 3;
const NOT_ECT = 1 << 0;

export class Reassembly {
  readonly #machine: Machine;
  readonly #queues = new Map<string, Queue>();
  /** Fragments seen by source address (inet_getpeer_v4). */
  readonly #peers = new Map<string, number>();

  constructor(machine: Machine) {
    this.#machine = machine;
  }

  /** ip_defrag: holds the fragment, or answers the datagram that it completes. Throws Lost. */
  add(packet: Packet, timeNs: bigint, number: number): Reassembled {
    const queue = this.#find(packet, timeNs);
    if (this.#tooFar(queue, packet)) reset(queue, timeNs + this.#timeoutNs());
    const held: Held = { datagram: null };
    this.#insert(queue, packet);
    if (!isComplete(queue)) {
      queue.held.push(held);
      return { kind: 'held', held };
    }
    this.#queues.delete(queue.key);
    const whole = reassemble(queue, packet);
    for (const one of queue.held) one.datagram = number;
    return { kind: 'datagram', packet: whole };
  }

  #timeoutNs(): bigint {
    return BigInt(fragmentSeconds(this.#machine)) * 1_000_000_000n;
  }

  /** ip_find: one queue for source, destination, protocol and id; a new one when the old one's time is over. */
  #find(packet: Packet, timeNs: bigint): Queue {
    const id = packet.bytes.u16(4);
    const key = [
      formatAddress(packet.source),
      formatAddress(packet.destination),
      packet.firstProtocol,
      id,
    ].join(' ');
    const old = this.#queues.get(key);
    if (old !== undefined && timeNs < old.deadlineNs) return old;
    const queue: Queue = {
      key,
      deadlineNs: 0n,
      runs: [],
      pieces: [],
      held: [],
      length: 0,
      lastIn: false,
      ecn: 0,
      sequence: 0,
    };
    reset(queue, timeNs + this.#timeoutNs());
    this.#queues.set(key, queue);
    return queue;
  }

  /** ip_frag_too_far: too many fragments of other datagrams of this source came in between. */
  #tooFar(queue: Queue, packet: Packet): boolean {
    const distance = fragmentDistance(this.#machine);
    if (distance === 0) return false;
    const source = formatAddress(packet.source);
    const start = queue.sequence;
    const end = (this.#peers.get(source) ?? 0) + 1;
    this.#peers.set(source, end);
    queue.sequence = end;
    return queue.pieces.length > 0 && end - start > distance;
  }

  /** ip_frag_queue */
  #insert(queue: Queue, packet: Packet): void {
    const offset = packet.fragmentOffset * 8;
    let end = offset + packet.length - packet.headerBytes;
    if (packet.moreFragments) {
      end -= end % 8;
      if (end > queue.length && queue.lastIn) this.#discard(queue, 'fragment-malformed');
    } else {
      if (end < queue.length || (queue.lastIn && end !== queue.length))
        this.#discard(queue, 'fragment-malformed');
      queue.lastIn = true;
    }
    queue.length = Math.max(queue.length, end);
    if (end === offset) this.#discard(queue, 'fragment-malformed');
    const place = insertRun(queue.runs, offset, end);
    if (place === 'overlap') this.#discard(queue, 'fragment-overlap');
    if (place === 'duplicate') throw new Lost('fragment-duplicate');
    const captured = packet.bytes.captured.subarray(packet.headerBytes);
    queue.pieces.push({ offset, data: new Bytes(captured, end - offset), packet });
    queue.ecn |= 1 << (packet.tos & 3);
  }

  /** inet_frag_kill: the whole datagram is given up. */
  #discard(queue: Queue, reason: 'fragment-malformed' | 'fragment-overlap'): never {
    this.#queues.delete(queue.key);
    throw new Lost(reason);
  }
}

/** ip_frag_reinit */
function reset(queue: Queue, deadlineNs: bigint): void {
  Object.assign(queue, { deadlineNs, runs: [], pieces: [], held: [], length: 0, lastIn: false, ecn: 0 });
}

/** inet_frag_queue_insert */
function insertRun(runs: Run[], start: number, end: number): 'inserted' | 'duplicate' | 'overlap' {
  const last = runs.reduce<Run | undefined>((a, b) => (a === undefined || b.end > a.end ? b : a), undefined);
  if (last !== undefined && end > last.end) {
    if (start < last.end) return 'overlap';
    if (start === last.end) last.end = end;
    else runs.push({ start, end });
    return 'inserted';
  }
  const met = runs.find((run) => start < run.end && end > run.start);
  if (met === undefined) {
    runs.push({ start, end });
    return 'inserted';
  }
  return start >= met.start && end <= met.end ? 'duplicate' : 'overlap';
}

function isComplete(queue: Queue): boolean {
  const meat = queue.pieces.reduce((sum, piece) => sum + piece.data.length, 0);
  return queue.lastIn && meat === queue.length && queue.pieces.some((piece) => piece.offset === 0);
}

/** ip_frag_reasm: the first fragment's header before all the data; mark and packet type are the first fragment's. */
function reassemble(queue: Queue, last: Packet): Packet {
  const pieces = [...queue.pieces].sort((a, b) => a.offset - b.offset);
  const first = (pieces[0] as Piece).packet;
  // ip_frag_ecn_table: CE together with fragments that are not ECN-capable is an attack or an error.
  if ((queue.ecn & NOT_ECT) !== 0 && queue.ecn !== NOT_ECT) throw new Lost('fragment-malformed');
  const length = first.headerBytes + queue.length;
  if (length > 0xffff) throw new Lost('fragment-malformed');
  const captured = capturedBytes(first, pieces);
  writeHeader(captured, length, queue.ecn);
  const bytes = new Bytes(captured, length);
  const whole = new Packet(
    {
      family: 'ipv4',
      bytes,
      source: first.source,
      destination: first.destination,
      ttl: first.ttl,
      tos: bytes.u8(1),
      headerBytes: first.headerBytes,
    },
    first.sender,
    first.packetType,
  );
  whole.mark = first.mark;
  whole.in = last.in;
  whole.out = last.out;
  whole.broadcast = last.broadcast;
  whole.hook = last.hook;
  whole.decision = last.decision;
  whole.filterDecision = last.filterDecision;
  return whole;
}

/** Bytes up to the first one that is not captured. */
function capturedBytes(first: Packet, pieces: readonly Piece[]): Uint8Array {
  const parts: Uint8Array[] = [first.bytes.captured.subarray(0, first.headerBytes)];
  for (const { data } of pieces) {
    parts.push(data.captured);
    if (data.captured.length < data.length) break;
  }
  return Uint8Array.from(parts.flatMap((part) => [...part]));
}

/** Total length, no fragment flags, the ECN codepoint of all fragments together. */
function writeHeader(header: Uint8Array, length: number, ecn: number): void {
  header[2] = length >> 8;
  header[3] = length & 255;
  header[6] = 0;
  header[7] = 0;
  if ((ecn & CE) !== 0) header[1] = (header[1] as number) | 3;
}
