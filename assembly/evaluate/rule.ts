// Does a rule match? First the part that every rule has (struct ipt_ip: addresses, interfaces, protocol, fragment),
// compared in place, then the operations that its matches lowered to.

import * as Image from '../../src/layout/image.ts';
import * as Lane from '../../src/layout/lane.ts';
import * as Op from '../../src/layout/op.ts';
import * as Packet from '../../src/layout/packet.ts';
import * as Rule from '../../src/layout/rule.ts';
import { match } from '../match/dispatch';

/**
 * Op.NO, YES, HOTDROP, UNDECIDABLE or HOTDROP_COUNTED for rule record `r` of the image and packet record `p`.
 * `candidate`: a classifier says that the rule can match.
 */
export function ruleMatches(lane: usize, image: usize, p: usize, r: usize, candidate: bool): i32 {
  const flags = load<u32>(r, Rule.FLAGS);
  const inRow = load<u32>(r, Rule.IN_ROW);
  if (inRow != 0 && !rowHas(image + inRow, load<u32>(p, Packet.IIF))) return Op.NO;
  const outRow = load<u32>(r, Rule.OUT_ROW);
  if (outRow != 0 && !rowHas(image + outRow, load<u32>(p, Packet.OIF))) return Op.NO;
  if (candidate && (flags & Rule.EXACT) != 0) return Op.YES;
  if ((flags & Rule.HAS_ADDRESS) != 0) {
    const src = v128.xor(
      v128.and(v128.load(p, Packet.SRC), v128.load(r, Rule.SRC_MASK)),
      v128.load(r, Rule.SRC),
    );
    if (u32(v128.any_true(src)) != (flags & Rule.INV_SRC)) return Op.NO;
    const dst = v128.xor(
      v128.and(v128.load(p, Packet.DST), v128.load(r, Rule.DST_MASK)),
      v128.load(r, Rule.DST),
    );
    if (u32(v128.any_true(dst)) != (flags & Rule.INV_DST) >> 1) return Op.NO;
  }
  if ((flags & Rule.HAS_PROTO) != 0) {
    const proto = load<u32>(p, Packet.PROTO);
    if (proto == Packet.NO_PROTO) return noProtocol(image, p);
    if (u32(proto == load<u32>(r, Rule.PROTO)) == (flags & Rule.INV_PROTO) >> 2) return Op.NO;
  }
  if ((flags & Rule.FRAGMENT) != 0) {
    const later = load<u32>(p, Packet.FRAG_OFFSET) != 0;
    if (later == ((flags & Rule.INV_FRAGMENT) != 0)) return Op.NO;
  }
  let op: usize = load<u32>(r, Rule.OPS);
  const end: usize = load<u32>(r, Rule.OPS_END);
  let holds: i32 = Op.YES;
  while (op < end) {
    const at = image + op;
    const result = match(lane, p, at);
    if (result != Op.YES) {
      // ipt_do_table() asks the matches behind one that holds and drops, nft_match_eval() ends at once.
      if (result != Op.HOTDROP_COUNTED || load<u32>(image, Image.BACKEND) != 0) {
        // The reason is told from the operation that could not be decided.
        if (result == Op.UNDECIDABLE) store<u32>(lane, u32(at), Lane.UNDECIDED_OP);
        else if (result == Op.HOTDROP_COUNTED || holds == Op.HOTDROP_COUNTED) return Op.HOTDROP;
        return result;
      }
      holds = result;
    }
    op += load<u16>(at, 2);
  }
  return holds;
}

/** Bit `index` of an interface row. */
function rowHas(row: usize, index: u32): bool {
  return ((u32(load<u8>(row + (index >> 3))) >> (index & 7)) & 1) != 0;
}

/**
 * A rule with `-p` meets an IPv6 packet whose header chain has no end: legacy ip6tables drops it on the spot
 * (ip6_packet_match: ipv6_find_hdr fails), nft's rule does not match.
 */
function noProtocol(image: usize, p: usize): i32 {
  if ((load<u32>(p, Packet.FLAGS) & Packet.FLAG_SNAPPED_CHAIN) != 0) return Op.UNDECIDABLE;
  return load<u32>(image, Image.BACKEND) != 0 ? Op.NO : Op.HOTDROP;
}
