// One hook: the tables at it, in the order of their priorities (nf_hook_slow over iptables' registered hooks), and
// connection tracking between them where a rule set needs it.

import * as Conntrack from '../../src/layout/conntrack.ts';
import * as Hook from '../../src/layout/hook.ts';
import * as Image from '../../src/layout/image.ts';
import * as Lane from '../../src/layout/lane.ts';
import * as Op from '../../src/layout/op.ts';
import * as Packet from '../../src/layout/packet.ts';
import * as Path from '../../src/layout/path.ts';
import * as Rule from '../../src/layout/rule.ts';
import * as Verdict from '../../src/layout/verdict.ts';
import { confirm } from '../conntrack/confirm';
import { conntrackIn } from '../conntrack/in';
import { tcpSetClosing } from '../conntrack/track/dispatch';
import { fieldMask } from '../match/field';
import { bindNull, entersNat } from '../nat/enter';
import { reroute } from '../path/output';
import { passFilter } from './trail';
import { count as countAt, walk } from './walk';

const IPPROTO_TCP: u32 = 6;
/** askLeading(): no rule decides. */
export const UNDECIDED: u32 = Verdict.COUNT;
/** `--reject-with tcp-reset` (enum ipt_reject_with, ip6t_reject_with). */
const TCP_RESET4: u32 = 7;
const TCP_RESET6: u32 = 6;

/**
 * Passes packet record `p` through all tables at `hook`, up to the first that does not accept. Answers a Verdict.*;
 * leaves HOOK, DECISION, FILTER_DECISION and, for LOST and UNKNOWN, REASON in the record.
 */
export function passHook(lane: usize, p: usize, hook: u32): u32 {
  const four = load<u32>(p, Packet.FAMILY) == 4;
  const image: usize = four ? load<u32>(lane, Lane.IMAGE4) : load<u32>(lane, Lane.IMAGE6);
  if (image == 0) {
    store<u32>(p, hook, Packet.HOOK);
    return Verdict.ACCEPT;
  }
  const counters: usize = four ? load<u32>(lane, Lane.COUNTERS4) : load<u32>(lane, Lane.COUNTERS6);
  return passTables(lane, image, counters, p, hook);
}

/** The same for a family that has an image. */
export function passTables(lane: usize, image: usize, counters: usize, p: usize, hook: u32): u32 {
  store<u32>(p, hook, Packet.HOOK);
  let entry = image + Image.HOOKS + hook * (Image.HOOK_SLOTS * Image.HOOK_ENTRY_BYTES);
  while (true) {
    const first: usize = load<u32>(entry, 4);
    if (first == 0) return Verdict.ACCEPT;
    const station = load<u32>(entry);
    const table = station & Image.HOOK_TABLE;
    entry += Image.HOOK_ENTRY_BYTES;
    if (table >= <u32>Hook.CONNTRACK) {
      const verdict = table == Hook.CONNTRACK ? conntrackIn(lane, p, hook) : confirm(lane, p);
      if (verdict != Verdict.ACCEPT) return verdict;
      continue;
    }
    if (table == Hook.NAT && !entersNat(p, hook)) continue;
    const mark = load<u32>(p, Packet.MARK);
    let verdict = askLeading(image, counters, p, image + first, station >>> Image.HOOK_LEAD_SHIFT);
    if (verdict == UNDECIDED) {
      verdict =
        table == Hook.FILTER
          ? passFilter(lane, image, counters, p, image + first, hook)
          : walk(lane, image, counters, p, image + first);
    }
    if (verdict != Verdict.ACCEPT) {
      if (verdict == Verdict.REJECT) rejected(lane, image, p);
      return verdict;
    }
    if (table == Hook.FILTER) store<u32>(p, load<u32>(p, Packet.DECISION), Packet.FILTER_DECISION);
    else if (table == Hook.NAT) bindNull(p, hook);
    // A mark set in mangle OUTPUT can change the route (ipt_mangle_out: ip_route_me_harder).
    if (hook == Hook.OUTPUT && table == Hook.MANGLE && load<u32>(p, Packet.MARK) != mark) {
      if (reroute(lane, p) == Path.DROPPED) return Verdict.LOST;
    }
  }
}

/**
 * Asks the `count` rules at `rule` that decide by the packet's ctstate alone. Most packets of most machines belong to
 * known connections and are accepted by the first rule: no look-up is needed for them.
 */
export function askLeading(image: usize, counters: usize, p: usize, rule: usize, count: u32): u32 {
  while (count > 0) {
    const op = image + load<u32>(rule, Rule.OPS);
    if (fieldMask(p, op) == Op.YES) {
      const record = (rule - image - load<u32>(image, Image.RULES)) / Rule.BYTES;
      countAt(counters, record, load<u32>(p, Packet.LENGTH));
      store<u32>(p, u32(record), Packet.DECISION);
      return load<u32>(rule, Rule.TARGET_ARG);
    }
    rule += Rule.BYTES;
    count--;
  }
  return UNDECIDED;
}

/** A reset closes the connection that it answers (nf_conntrack_set_closing). */
function rejected(lane: usize, image: usize, p: usize): void {
  const entry = <usize>load<u32>(p, Packet.CT);
  if (entry == 0 || load<u8>(entry, Conntrack.PROTO) != IPPROTO_TCP) return;
  const rules = image + load<u32>(image, Image.RULES);
  const type = load<u32>(rules + load<u32>(p, Packet.DECISION) * Rule.BYTES, Rule.TARGET_ARG);
  const reset = load<u32>(p, Packet.FAMILY) == 4 ? TCP_RESET4 : TCP_RESET6;
  if (type == reset) tcpSetClosing(lane, entry, p);
}
