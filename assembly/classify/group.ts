// Comparing a packet with the four boxes of a group at once (layout/tree.ts).

import * as Packet from '../../src/layout/packet.ts';
import * as Tree from '../../src/layout/tree.ts';

/** Methods, for they are to be inlined: they are the inner loop of every look-up. */
export class Group {
  /** seek(): behind every answer. */
  static readonly NONE: u32 = 0xffffffff;

  /** Ports of packet `p` as groups have them. */
  @inline static ports(p: usize): v128 {
    const head = v128.load(p, Packet.PROTO);
    return i8x16.shuffle(head, head, 4, 5, 4, 5, 4, 5, 4, 5, 8, 9, 8, 9, 8, 9, 8, 9);
  }

  /** Protocol and the chain's byte of packet `p`. */
  @inline static bytes(p: usize, byte: usize): v128 {
    const proto = v128.load8_splat(p, Packet.PROTO);
    const other = v128.load8_splat(p + byte);
    return i8x16.shuffle(proto, other, 0, 1, 2, 3, 16, 17, 18, 19, 4, 5, 6, 7, 20, 21, 22, 23);
  }

  /** Bits 0 to 3: the boxes of a group that hold the packet. */
  @inline static hits(group: usize, src: v128, dst: v128, ports: v128, bytes: v128): u32 {
    const words = v128.and(
      i32x4.le_u(i32x4.sub(src, v128.load(group)), v128.load(group, Tree.SRC_SPAN)),
      i32x4.le_u(i32x4.sub(dst, v128.load(group, Tree.DST_LO)), v128.load(group, Tree.DST_SPAN)),
    );
    const halves = i16x8.bitmask(
      i16x8.le_u(i16x8.sub(ports, v128.load(group, Tree.PORTS_LO)), v128.load(group, Tree.PORTS_SPAN)),
    );
    // Values are compared in the lower half; a mask is no less than its value, so that the upper half does no harm.
    const pair = v128.load(group, Tree.BYTES_VALUE);
    const masks = i8x16.shuffle(pair, pair, 8, 9, 10, 11, 12, 13, 14, 15, 8, 9, 10, 11, 12, 13, 14, 15);
    const eights = i8x16.bitmask(i8x16.eq(v128.and(bytes, masks), pair));
    return u32(i32x4.bitmask(words) & halves & (halves >> 4) & eights & (eights >> 4));
  }

  /**
   * The first answer of at least `from` in a leaf, from the group at `leaf` on (with Tree.LAST when it is the only one);
   * NONE when there is none. The group that was come to is left at `at`, in the same form.
   */
  @inline static seek(
    at: usize,
    leaf: usize,
    src: v128,
    dst: v128,
    ports: v128,
    bytes: v128,
    from: u32,
  ): u32 {
    const last = leaf & Tree.LAST;
    let group = leaf - last;
    let answer: u32 = Group.NONE;
    while (true) {
      let hits = Group.hits(group, src, dst, ports, bytes);
      while (hits != 0 && Group.answer(group, hits) < from) hits &= hits - 1;
      if (hits != 0) answer = Group.answer(group, hits);
      if ((hits | u32(last)) != 0) break;
      group += Tree.GROUP_BYTES;
    }
    store<u32>(at, u32(group | last));
    return answer;
  }

  /** Place of the rule that a box of a group stands for; `hits` is not 0, its lowest bit is the box. */
  @inline static answer(group: usize, hits: u32): u32 {
    return load<u32>(group + (ctz(hits) << 2), Tree.ANSWERS);
  }
}
