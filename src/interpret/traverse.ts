// What stands at one hook, in the order of its priorities (NF_IP_PRI_*): tables, connection tracking, and rerouting.

import type { Chain, HookName, RuleSet, Table, TableName } from '../model/ruleset.ts';
import { bindNull, entersNat } from './conntrack/nat.ts';
import { Lost } from './lost.ts';
import type { Decision, Packet } from './packet.ts';
import { type Walked, type Walker, walkTable } from './walk.ts';

/** Thrown when a rule or policy ends a packet's way. */
export class Ended extends Error {
  override readonly name = 'Ended';
  readonly verdict: 'DROP' | 'QUEUE' | 'REJECT' | 'UNKNOWN';
  readonly decision: Decision;
  readonly reason: string | null;

  constructor(verdict: Ended['verdict'], decision: Decision, reason: string | null = null) {
    super(verdict);
    this.verdict = verdict;
    this.decision = decision;
    this.reason = reason;
  }
}

/** Connection tracking at a hook (nf_conntrack_in, nf_confirm), for a packet of its number and time. */
export interface Tracking {
  track(packet: Packet, hook: HookName): void;
  confirm(packet: Packet): void;
}

type Station = TableName | 'conntrack' | 'confirm';

/** What is registered before filter; table nat changes destinations here. */
const BEFORE_ROUTING: readonly Station[] = ['raw', 'conntrack', 'mangle', 'nat', 'filter', 'security'];
const FORWARDING: readonly Station[] = ['mangle', 'filter', 'security'];
/** Table nat changes sources here, last; then a new connection is confirmed. */
const AFTER_ROUTING: readonly Station[] = ['mangle', 'filter', 'security', 'nat', 'confirm'];

const STATIONS: Readonly<Record<HookName, readonly Station[]>> = {
  PREROUTING: BEFORE_ROUTING,
  OUTPUT: BEFORE_ROUTING,
  FORWARD: FORWARDING,
  INPUT: AFTER_ROUTING,
  POSTROUTING: AFTER_ROUTING,
};

interface Entry {
  readonly table: Table;
  readonly chain: Chain;
}

function entryAt(rules: RuleSet, name: Station, hook: HookName): Entry | undefined {
  const table = rules.tables.find((one) => one.name === name);
  const chain = table?.chains.find((one) => one.hook === hook);
  return table !== undefined && chain !== undefined ? { table, chain } : undefined;
}

/**
 * nf_hook: throws Ended or Lost unless every table accepts.
 *
 * @param tracking undefined: connection tracking is off, and with it table nat
 * @param reroute called when table mangle changed the mark of a packet at OUTPUT
 */
export function traverse(
  walker: Walker,
  rules: RuleSet,
  hook: HookName,
  packet: Packet,
  tracking: Tracking | undefined,
  reroute: (packet: Packet) => void,
): void {
  // nf_hook_state keeps the interface that the packet had when it came to the hook, whatever rerouting says.
  const { out } = packet;
  let rerouted: Packet['out'];
  for (const station of STATIONS[hook]) {
    if (station === 'conntrack') tracking?.track(packet, hook);
    else if (station === 'confirm') tracking?.confirm(packet);
    const entry = entryAt(rules, station, hook);
    if (entry === undefined || (station === 'nat' && !entersNat(packet, hook))) continue;
    const mark = packet.mark;
    decide(packet, entry.table, walkTable(walker, entry.table, entry.chain, packet));
    if (station === 'nat') bindNull(packet, hook);
    if (hook === 'OUTPUT' && station === 'mangle' && packet.mark !== mark) {
      reroute(packet);
      rerouted = packet.out;
      packet.out = out;
    }
  }
  if (rerouted !== undefined) packet.out = rerouted;
}

function decide(packet: Packet, table: Table, walked: Walked): void {
  const decision: Decision = { table: table.name, chain: walked.chain, rule: walked.rule };
  packet.decision = decision;
  if (table.name === 'filter') packet.filterDecision = decision;
  if (walked.verdict === 'ACCEPT') return;
  // No rule asked for it: the drop is not the rule's.
  if (walked.verdict === 'hotdrop') throw new Lost('hotdrop');
  if (walked.verdict === 'unknown') throw new Ended('UNKNOWN', decision, walked.reason ?? null);
  throw new Ended(walked.verdict, decision);
}

/** A packet that was accepted at every hook names what said so last: in a filter chain, else in any. */
export function accepting(packet: Packet): Decision | undefined {
  return packet.filterDecision ?? packet.decision;
}
