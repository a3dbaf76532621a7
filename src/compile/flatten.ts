// Chains with the chains that they jump to in the place of the jumps, so that one look-up finds what would take one for
// each chain. A flattened chain is only walked by what it is searched by: a rule of a chain that was jumped to is a
// candidate where the jump's conditions hold, too.
//
// Jumps are replaced that ask for headers alone, for what they ask has to hold, or not, for the whole of the chain. It pays
// where a look-up then says all: a chain most of whose rules ask for headers alone, too, and decide or count or lead to
// such chains. (A packet that is marked on its way walks in any case.) Chains with a goto stay chains, for it returns to
// where they were called.

import type { Chain, Rule, Table } from '../model/ruleset.ts';

/** A rule of a flattened chain. */
export interface FlatRule {
  readonly chain: Chain;
  /** Place of the rule in its chain. */
  readonly position: number;
  /** Place, in the flattened chain, of the jump that leads to the rule's chain; -1: none. */
  readonly guard: number;
  /** A jump whose chain stands behind it. */
  readonly entered: boolean;
  /** A RETURN from a chain that stands here: where the walk goes on. */
  readonly skipTo: number | undefined;
}

/** A chain that is jumped to from more than one place stands in each of them up to this length. */
const SHARED_RULES = 8;
/** A longer chain is better searched for itself. */
const MOST_RULES = 4096;
const MOST_DEPTH = 8;
/** Flattened chains of a table have at most so many times its rules in all. */
const MOST_COPIES = 2;
/** Of a chain that stands in others at least all but one in so many rules are plain. */
const PLAIN_SHARE = 4;
/** A chain is left as it is when chains in it would bring less than one rule for so many of its own. */
const LEAST_SHARE = 4;

/** Matches that ask for nothing but headers that a classifier searches by and that no target changes. */
const HEADER_MATCHES: ReadonlySet<string> = new Set([
  'comment',
  'tcp',
  'udp',
  'udplite',
  'dccp',
  'multiport',
  'iprange',
  'icmp',
  'icmp6',
]);

export interface FlatTable {
  /** By chain, those that are flattened. */
  readonly chains: ReadonlyMap<Chain, readonly FlatRule[]>;
  /** By chain that no packet enters but in a flattened one, which that is; where they are several, one of them. */
  readonly within: ReadonlyMap<Chain, Chain>;
}

export function flatten(table: Table): FlatTable {
  return new Flattener(table).run();
}

class Flattener {
  readonly #table: Table;
  readonly #byName: ReadonlyMap<string, Chain>;
  readonly #callers = new Map<string, number>();
  /** Chains that hold a goto. */
  readonly #going = new Set<Chain>();
  /** By depth, whether a chain can stand in another. */
  readonly #plain: Map<Chain, boolean>[] = Array.from({ length: MOST_DEPTH }, () => new Map());
  #left = 0;
  #flat: FlatRule[] = [];

  constructor(table: Table) {
    this.#table = table;
    this.#byName = new Map(table.chains.map((chain) => [chain.name, chain]));
    for (const chain of table.chains) {
      this.#left += chain.rules.length * MOST_COPIES;
      for (const { target } of chain.rules) {
        if (target?.kind === 'goto') this.#going.add(chain);
        if (target?.kind !== 'jump') continue;
        this.#callers.set(target.chain, (this.#callers.get(target.chain) ?? 0) + 1);
      }
    }
  }

  run(): FlatTable {
    const chains = new Map<Chain, readonly FlatRule[]>();
    const within = new Map<Chain, Chain>();
    const entered = new Set(this.#table.chains.filter(({ hook }) => hook !== undefined));
    for (const chain of entered) {
      const flat = this.#flatten(chain);
      if (flat === undefined) {
        for (const rule of chain.rules) this.#enter(rule, entered);
        continue;
      }
      chains.set(chain, flat);
      for (const { chain: inner, position, entered: stands } of flat) {
        if (!stands) this.#enter(inner.rules[position] as Rule, entered);
        if (!within.has(inner)) within.set(inner, chain);
      }
    }
    for (const chain of entered) within.delete(chain);
    return { chains, within };
  }

  /** Adds the chain that a rule leads to. */
  #enter({ target }: Rule, entered: Set<Chain>): void {
    if (target?.kind !== 'jump' && target?.kind !== 'goto') return;
    const chain = this.#byName.get(target.chain);
    if (chain !== undefined) entered.add(chain);
  }

  /** Undefined when it is better left as it is. */
  #flatten(chain: Chain): readonly FlatRule[] | undefined {
    const own = chain.rules.length;
    let inner = 0;
    for (const rule of chain.rules) inner += this.#standing(rule, 0)?.rules.length ?? 0;
    if (inner === 0 || inner * LEAST_SHARE < own || own > this.#left) return undefined;
    this.#flat = [];
    this.#left -= own;
    this.#append(chain, -1, 0);
    return this.#flat;
  }

  #append(chain: Chain, guard: number, depth: number): void {
    const flat = this.#flat;
    const returns: number[] = [];
    for (const [position, rule] of chain.rules.entries()) {
      const inner = this.#standing(rule, depth);
      if (depth > 0 && rule.target?.kind === 'verdict' && rule.target.verdict === 'RETURN')
        returns.push(flat.length);
      flat.push({ chain, position, guard, entered: inner !== undefined, skipTo: undefined });
      if (inner === undefined) continue;
      this.#left -= inner.rules.length;
      this.#append(inner, flat.length - 1, depth + 1);
    }
    for (const place of returns) flat[place] = { ...(flat[place] as FlatRule), skipTo: flat.length };
  }

  /** The chain that is to stand in the place of a jump to it. */
  #standing(rule: Rule, depth: number): Chain | undefined {
    const { target } = rule;
    if (target?.kind !== 'jump' || depth >= MOST_DEPTH || !asksHeaders(rule)) return undefined;
    const chain = this.#byName.get(target.chain);
    if (chain === undefined || chain.rules.length > this.#left) return undefined;
    return this.#isPlain(chain, depth) ? chain : undefined;
  }

  #isPlain(chain: Chain, depth: number): boolean {
    const known = this.#plain[depth]?.get(chain);
    if (known !== undefined) return known;
    const { length } = chain.rules;
    const once = (this.#callers.get(chain.name) ?? 0) <= 1;
    let plain = length > 0 && length <= (once ? MOST_RULES : SHARED_RULES) && !this.#going.has(chain);
    let others = 0;
    for (const rule of plain ? chain.rules : []) {
      if (!this.#isPlainRule(rule, depth + 1)) others++;
      if (others * PLAIN_SHARE > length) {
        plain = false;
        break;
      }
    }
    this.#plain[depth]?.set(chain, plain);
    return plain;
  }

  #isPlainRule(rule: Rule, depth: number): boolean {
    if (!asksHeaders(rule)) return false;
    const { target } = rule;
    if (target?.kind === 'jump') return this.#standing(rule, depth) !== undefined;
    return (
      target === undefined ||
      target.kind === 'verdict' ||
      (target.kind === 'extension' && target.name === 'REJECT')
    );
  }
}

function asksHeaders({ in: device, out, fragment, matches }: Rule): boolean {
  if (device !== undefined || out !== undefined || fragment !== undefined) return false;
  return matches.every(({ name }) => HEADER_MATCHES.has(name));
}
