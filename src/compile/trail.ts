// Whether all packets of a connection and direction go the same way through a chain and all that it jumps to, and on what
// of them that depends besides (src/layout/trail.ts). Told from what the rules were compiled to: an operation that is not
// named here may ask anything. Only ordinary TCP and UDP packets take the trail of one before them, so that rules for other
// protocols, or for fragments, do not matter.

import * as Op from '../layout/op.ts';
import * as Packet from '../layout/packet.ts';
import * as RuleRecord from '../layout/rule.ts';
import * as TargetKind from '../layout/target.ts';
import * as Trail from '../layout/trail.ts';
import type { Family } from '../model/ruleset.ts';

/** A word of the image, by its offset. */
type Read = (offset: number) => number;

/** Fewer rules are walked as fast as they are remembered. */
const LEAST_RULES = 4;
const TCP = 6;
const UDP = 17;
/** Bytes of their headers that an ordinary packet has. */
const TCP_BYTES = 20;
const UDP_BYTES = 8;
const ALL = 0xffffffff;

/** What a field of the packet record takes of the key; nothing where the tuple says it, or where it is always the same. */
const FIELDS: ReadonlyMap<number, readonly [offset: number, mask: number]> = new Map([
  [Packet.PROTO, [Trail.KEY_IMAGE, 0]],
  [Packet.SPORT, [Trail.KEY_IMAGE, 0]],
  [Packet.DPORT, [Trail.KEY_IMAGE, 0]],
  [Packet.ICMP, [Trail.KEY_IMAGE, 0]],
  [Packet.CTSTATE, [Trail.KEY_STATE, 0xffff]],
  [Packet.PKTTYPE, [Trail.KEY_STATE, Trail.KEY_PKTTYPE << Trail.KEY_PKTTYPE_SHIFT]],
  [Packet.TCP_FLAGS, [Trail.KEY_STATE, 0xff << Trail.KEY_FLAGS_SHIFT]],
  [Packet.MARK, [Trail.KEY_MARK, ALL]],
]);

/** The mask of Image.TRAIL_KEYS, as words by their offset in a key; undefined when no way is to be remembered. */
export function trailKey(read: Read, first: number, family: Family): ReadonlyMap<number, number> | undefined {
  const key = new Map([[Trail.KEY_IMAGE, ALL]]);
  const add = (offset: number, mask: number): void => {
    key.set(offset, ((key.get(offset) ?? 0) | mask) >>> 0);
  };
  const chains = new Set([first]);
  let rules = 0;
  for (const chain of chains) {
    let record = chain;
    for (; !isEnd(read(record + RuleRecord.TARGET)); record += RuleRecord.BYTES) {
      rules++;
      if (isForOthers(read, record)) continue;
      if (!readRule(read, record, family, add)) return undefined;
      const target = read(record + RuleRecord.TARGET);
      if (target === TargetKind.JUMP || target === TargetKind.GOTO) {
        chains.add(read(record + RuleRecord.TARGET_ARG));
      }
    }
  }
  return rules < LEAST_RULES ? undefined : key;
}

const isEnd = (target: number): boolean => target === TargetKind.END || target === TargetKind.POLICY;

/** Does the rule ask for another protocol than those whose packets go by trails? */
function isForOthers(read: Read, record: number): boolean {
  const flags = read(record + RuleRecord.FLAGS);
  if ((flags & RuleRecord.HAS_PROTO) === 0) return false;
  const proto = read(record + RuleRecord.PROTO);
  return (flags & RuleRecord.INV_PROTO) === 0 && proto !== 0 && proto !== TCP && proto !== UDP;
}

/** Adds what a rule asks and does to the key; false when there is more to it than a key says. */
function readRule(
  read: Read,
  record: number,
  family: Family,
  add: (offset: number, mask: number) => void,
): boolean {
  if (read(record + RuleRecord.IN_ROW) !== 0) add(Trail.KEY_INTERFACES, 0xffff);
  if (read(record + RuleRecord.OUT_ROW) !== 0) add(Trail.KEY_INTERFACES, 0xffff << Trail.KEY_OUT_SHIFT);
  const isTcp =
    read(record + RuleRecord.PROTO) === TCP && (read(record + RuleRecord.FLAGS) & RuleRecord.INV_PROTO) === 0;
  const end = read(record + RuleRecord.OPS_END);
  for (let op = read(record + RuleRecord.OPS); op < end; op += read(op) >>> 16) {
    if (!readMatch(read, op, family, isTcp ? TCP_BYTES : UDP_BYTES, add)) return false;
  }
  switch (read(record + RuleRecord.TARGET)) {
    case TargetKind.CONTINUE:
    case TargetKind.VERDICT:
    case TargetKind.RETURN:
    case TargetKind.JUMP:
    case TargetKind.GOTO:
    // Only ways that accept or drop are remembered.
    case TargetKind.REJECT:
      return true;
    case TargetKind.OPERATIONS:
      return onlyLogs(read, read(record + RuleRecord.TARGET_ARG));
    default:
      return false;
  }
}

function readMatch(
  read: Read,
  op: number,
  family: Family,
  header: number,
  add: (offset: number, mask: number) => void,
): boolean {
  const operand = read(op + 4);
  switch (read(op) & 0xffff) {
    case Op.FALSE:
    case Op.MULTIPORT:
    case Op.ADDRESS_RANGE:
    // The master's helper.
    case Op.HELPER:
      return true;
    case Op.TRANSPORT:
      return Math.max(operand & 0xff, (operand >>> 8) & 0xff) <= header;
    case Op.FIELD_MASK:
      if ((operand & 0xffff) === Packet.TCP_FLAGS) {
        add(Trail.KEY_STATE, (read(op + 8) & 0xff) << Trail.KEY_FLAGS_SHIFT);
        return true;
      }
      return readField(operand & 0xffff, add);
    case Op.FIELD_RANGE:
      return readField(operand & 0xffff, add);
    case Op.ADDRTYPE:
      // In IPv6 a route is looked up, which depends on more.
      if (family !== 'ipv4') return false;
      if ((read(op + 8) & 4) !== 0) add(Trail.KEY_INTERFACES, 0xffff);
      if ((read(op + 8) & 8) !== 0) add(Trail.KEY_INTERFACES, 0xffff << Trail.KEY_OUT_SHIFT);
      return true;
    case Op.CONNTRACK:
      return readConntrack(read, op, add);
    default:
      return false;
  }
}

function readField(field: number, add: (offset: number, mask: number) => void): boolean {
  const found = FIELDS.get(field);
  if (found !== undefined) add(...found);
  return found !== undefined;
}

/** An entry has the same tuples from its first packet to its last, and a trail is of one direction. */
function readConntrack(read: Read, op: number, add: (offset: number, mask: number) => void): boolean {
  const what = read(op + 4) & 0xffff;
  if (what === Op.CT_EXPIRES) return false;
  if (what !== Op.CT_STATUS) return true;
  const mask = read(op + 8);
  add(Trail.KEY_STATE, (mask & Trail.KEY_STATUS) << Trail.KEY_STATUS_SHIFT);
  return (mask & ~Trail.KEY_STATUS) === 0;
}

/** Log entries change nothing that a packet's way depends on, and are not written. */
function onlyLogs(read: Read, list: number): boolean {
  const end = read(list + 4);
  for (let op = read(list); op < end; op += read(op) >>> 16) {
    const code = read(op) & 0xffff;
    if (code !== Op.LOG && code !== Op.NFLOG) return false;
  }
  return true;
}
