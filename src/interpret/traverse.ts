// The tables at one hook, in the order of their priorities (NF_IP_PRI_*), and rerouting between them.

import { type Chain, type HookName, type RuleSet, TABLE_ORDER, type Table } from '../model/ruleset.ts';
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

interface Entry {
  readonly table: Table;
  readonly chain: Chain;
}

/** Tables with a chain at this hook. nat is entered by connection tracking alone, so never here. */
function tablesAt(rules: RuleSet, hook: HookName): Entry[] {
  return TABLE_ORDER.filter((name) => name !== 'nat').flatMap((name) => {
    const table = rules.tables.find((one) => one.name === name);
    const chain = table?.chains.find((one) => one.hook === hook);
    return table !== undefined && chain !== undefined ? [{ table, chain }] : [];
  });
}

/**
 * nf_hook: throws Ended or Lost unless every table accepts.
 *
 * @param reroute called when table mangle changed the mark of a packet at OUTPUT
 */
export function traverse(
  walker: Walker,
  rules: RuleSet,
  hook: HookName,
  packet: Packet,
  reroute: (packet: Packet) => void,
): void {
  // nf_hook_state keeps the interface that the packet had when it came to the hook, whatever rerouting says.
  const { out } = packet;
  let rerouted: Packet['out'];
  for (const { table, chain } of tablesAt(rules, hook)) {
    const mark = packet.mark;
    const walked = walkTable(walker, table, chain, packet);
    decide(packet, table, walked);
    if (hook === 'OUTPUT' && table.name === 'mangle' && packet.mark !== mark) {
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
