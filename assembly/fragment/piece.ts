// Pieces: one fragment's bytes in a list of chunks, and the events that tell what became of its packet.

import * as Fragment from '../../src/layout/fragment.ts';
import * as Packet from '../../src/layout/packet.ts';
import { giveBack, takeFree } from './arena.ts';

/** struct sk_buff and struct skb_shared_info with their head room, and the smallest head that Linux allocates. */
const SK_BUFF: u32 = 256;
const SHARED_INFO: u32 = 320;
const HEAD_ROOM: u32 = 64;
const SMALL_HEAD: u32 = 704;
const ETHERNET_HEADER: u32 = 14;

/**
 * What Linux charges for a packet of this length (skb->truesize): the buffer's size class and the structures that go
 * with it. Drivers differ; this is a linear buffer.
 */
export function charge(length: u32): u32 {
  const need = length + ETHERNET_HEADER + HEAD_ROOM + SHARED_INFO;
  if (need <= SMALL_HEAD) return SMALL_HEAD + SK_BUFF;
  return (1 << (32 - clz(need - 1))) + SK_BUFF;
}

/** Whether pools have room for one more piece of `captured` bytes. */
export function hasRoom(arena: usize, captured: u32): bool {
  const chunks = (captured + Fragment.CHUNK_DATA_BYTES - 1) / Fragment.CHUNK_DATA_BYTES;
  return load<u32>(arena, Fragment.FREE_PIECE) != 0 && load<u32>(arena, Fragment.FREE_CHUNKS) >= chunks;
}

/** Takes a piece from the pool (hasRoom() was true) and copies `captured` bytes of payload at `from` into it. */
export function createPiece(
  arena: usize,
  p: usize,
  number: u64,
  start: u32,
  from: usize,
  captured: u32,
): usize {
  const piece = takeFree(arena + Fragment.FREE_PIECE, Fragment.PIECE_BYTES, Fragment.PIECE_NEXT);
  store<u32>(arena, load<u32>(arena, Fragment.PIECE_COUNT) + 1, Fragment.PIECE_COUNT);
  const cost = charge(load<u32>(p, Packet.LENGTH));
  store<u64>(piece, number, Fragment.PIECE_NUMBER);
  store<u32>(piece, start, Fragment.PIECE_START);
  store<u32>(piece, captured, Fragment.PIECE_CAPTURED);
  store<u32>(piece, cost, Fragment.PIECE_CHARGE);
  store<u32>(piece, 0, Fragment.PIECE_RUN_END);
  store<u32>(piece, 0, Fragment.PIECE_RUN_NEXT);
  store<u32>(arena, load<u32>(arena, Fragment.MEMORY) + cost, Fragment.MEMORY);
  let link = piece + Fragment.PIECE_CHUNKS;
  let used: u32 = 0;
  while (captured > 0) {
    const chunk = takeFree(arena + Fragment.FREE_CHUNK, Fragment.CHUNK_BYTES, Fragment.CHUNK_NEXT);
    const size = min<u32>(captured, Fragment.CHUNK_DATA_BYTES);
    store<u32>(link, <u32>chunk);
    memory.copy(chunk + Fragment.CHUNK_DATA, from, size);
    link = chunk + Fragment.CHUNK_NEXT;
    from += size;
    captured -= size;
    used++;
  }
  store<u32>(link, 0);
  store<u32>(arena, load<u32>(arena, Fragment.FREE_CHUNKS) - used, Fragment.FREE_CHUNKS);
  return piece;
}

/** Copies a piece's captured bytes to `to`. */
export function copyPiece(piece: usize, to: usize): void {
  let left = load<u32>(piece, Fragment.PIECE_CAPTURED);
  let chunk = <usize>load<u32>(piece, Fragment.PIECE_CHUNKS);
  while (left > 0) {
    const size = min<u32>(left, Fragment.CHUNK_DATA_BYTES);
    memory.copy(to, chunk + Fragment.CHUNK_DATA, size);
    chunk = load<u32>(chunk, Fragment.CHUNK_NEXT);
    to += size;
    left -= size;
  }
}

export function freePiece(arena: usize, piece: usize): void {
  let chunk = <usize>load<u32>(piece, Fragment.PIECE_CHUNKS);
  let freed: u32 = 0;
  while (chunk) {
    const next = <usize>load<u32>(chunk, Fragment.CHUNK_NEXT);
    giveBack(arena + Fragment.FREE_CHUNK, chunk, Fragment.CHUNK_BYTES, Fragment.CHUNK_NEXT);
    chunk = next;
    freed++;
  }
  store<u32>(arena, load<u32>(arena, Fragment.FREE_CHUNKS) + freed, Fragment.FREE_CHUNKS);
  store<u32>(
    arena,
    load<u32>(arena, Fragment.MEMORY) - load<u32>(piece, Fragment.PIECE_CHARGE),
    Fragment.MEMORY,
  );
  store<u32>(arena, load<u32>(arena, Fragment.PIECE_COUNT) - 1, Fragment.PIECE_COUNT);
  giveBack(arena + Fragment.FREE_PIECE, piece, Fragment.PIECE_BYTES, Fragment.PIECE_NEXT);
}

/** Tells what became of a held packet: completed by packet `datagram`, or dead for `reason`. */
export function tell(arena: usize, number: u64, datagram: u64, reason: u32): void {
  const count = load<u32>(arena, Fragment.EVENT_COUNT);
  if (count >= load<u32>(arena, Fragment.EVENT_CAPACITY)) {
    store<u32>(arena, load<u32>(arena, Fragment.EVENTS_LOST) + 1, Fragment.EVENTS_LOST);
    return;
  }
  const event = <usize>load<u32>(arena, Fragment.EVENTS) + count * Fragment.EVENT_BYTES;
  store<u64>(event, number, Fragment.EVENT_NUMBER);
  store<u64>(event, datagram, Fragment.EVENT_DATAGRAM);
  store<u32>(event, reason, Fragment.EVENT_REASON);
  store<u32>(arena, count + 1, Fragment.EVENT_COUNT);
}
