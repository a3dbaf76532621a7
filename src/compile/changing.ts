// Which search fields change while a chain is walked. Candidates are found once, when the chain is entered: a field that
// a target changes on the way through the chain, in it or in what it jumps to, is not searched by there. What callers
// change before and behind is no matter.

import * as Packet from '../layout/packet.ts';
import type { Rule, Table } from '../model/ruleset.ts';

const MARK: readonly number[] = [Packet.MARK];
/** In table raw what a packet is to connection tracking is set before it comes there. */
const STATE: readonly number[] = [Packet.CTSTATE];
const TARGETS: Readonly<Record<string, readonly number[]>> = {
  MARK,
  CONNMARK: MARK,
  SET: MARK,
  CT: STATE,
  NOTRACK: STATE,
};
/** The one match that changes a packet (xt_cluster.c). */
const MATCHES: Readonly<Record<string, readonly number[]>> = { cluster: [Packet.PKTTYPE] };

const NONE: ReadonlySet<number> = new Set();

/** By chain name, for the chains of a table. */
export function changingFields({ chains }: Table): (chain: string) => ReadonlySet<number> {
  const changing = new Map<string, Set<number>>();
  const callers = new Map<string, string[]>();
  const found: (readonly [chain: string, field: number])[] = [];
  for (const { name, rules } of chains) {
    const called = new Set<string>();
    for (const rule of rules) {
      for (const field of changedBy(rule)) found.push([name, field]);
      const { target } = rule;
      if (target?.kind === 'jump' || target?.kind === 'goto') called.add(target.chain);
    }
    for (const other of called) {
      const known = callers.get(other);
      if (known === undefined) callers.set(other, [name]);
      else known.push(name);
    }
  }
  for (let next = found.pop(); next !== undefined; next = found.pop()) {
    const [chain, field] = next;
    const fields = changing.get(chain) ?? new Set();
    if (fields.has(field)) continue;
    changing.set(chain, fields.add(field));
    for (const caller of callers.get(chain) ?? []) found.push([caller, field]);
  }
  return (chain) => changing.get(chain) ?? NONE;
}

function* changedBy({ target, matches }: Rule): Generator<number> {
  for (const { name } of matches) yield* MATCHES[name] ?? [];
  if (target?.kind === 'extension') yield* TARGETS[target.name] ?? [];
}
