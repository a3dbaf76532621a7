// Counters of a rule set by table, chain and rule, from the text of `iptables-save -c`, whoever printed it.

/** Packets and bytes. */
export type Count = readonly [number, number];

export interface ChainCounters {
  /** Built-in chains only. */
  readonly policy?: Count | undefined;
  readonly rules: readonly Count[];
}

/** Table name to chain name to counters. */
export type RuleSetCounters = Record<string, Record<string, ChainCounters>>;

/** Reads the counters out of `iptables-save -c` text; tables not in `tables` are left out. */
export function parseCounters(text: string, tables?: readonly string[]): RuleSetCounters {
  const all: Record<string, Record<string, { policy?: Count; rules: Count[] }>> = {};
  let table: Record<string, { policy?: Count; rules: Count[] }> = {};
  for (const line of text.split('\n')) {
    if (line.startsWith('*')) {
      const name = line.slice(1).trim();
      table = {};
      if (tables === undefined || tables.includes(name)) all[name] = table;
    }
    const chain = /^:(\S+) (\S+) \[(\d+):(\d+)\]/.exec(line);
    if (chain !== null) {
      const rules: Count[] = [];
      table[chain[1] as string] =
        chain[2] === '-' ? { rules } : { policy: [Number(chain[3]), Number(chain[4])], rules };
    }
    const rule = /^\[(\d+):(\d+)\] -A (?:"([^"]+)"|(\S+))/.exec(line);
    if (rule !== null) {
      const name = (rule[3] ?? rule[4]) as string;
      table[name]?.rules.push([Number(rule[1]), Number(rule[2])]);
    }
  }
  return all;
}

/** Names of the tables of a rule file. */
export function tableNames(rules: string): string[] {
  return [...rules.matchAll(/^\*(\S+)/gm)].map((match) => match[1] as string);
}

/**
 * Differences, one line each: `filter INPUT rule 3: expected 2 packets 120 bytes, found 1 packets 60 bytes`.
 * `lines` is the rule set's text in iptables-save form, quoted in the message where given.
 */
export function differences(expected: RuleSetCounters, found: RuleSetCounters, lines?: string): string[] {
  const messages: string[] = [];
  const rulesOf = (table: string, chain: string) => ruleLines(lines ?? '', table, chain);
  for (const [table, chains] of Object.entries(expected)) {
    for (const [chain, counters] of Object.entries(chains)) {
      const other = found[table]?.[chain];
      if (other === undefined) {
        // The nft back end does not print what was never made; nothing counted is nothing missing.
        if (!empty(counters)) messages.push(`${table} ${chain}: missing`);
        continue;
      }
      if (counters.policy !== undefined && !same(counters.policy, other.policy)) {
        messages.push(
          `${table} ${chain} policy: expected ${show(counters.policy)}, found ${show(other.policy)}`,
        );
      }
      if (counters.rules.length !== other.rules.length) {
        messages.push(
          `${table} ${chain}: expected ${counters.rules.length} rules, found ${other.rules.length}`,
        );
      }
      counters.rules.forEach((count, index) => {
        if (same(count, other.rules[index])) return;
        const rule = rulesOf(table, chain)[index] ?? '';
        messages.push(
          `${table} ${chain} rule ${index + 1}: expected ${show(count)}, found ${show(other.rules[index])}  ${rule}`,
        );
      });
    }
  }
  return messages;
}

function ruleLines(text: string, table: string, chain: string): string[] {
  const section = text.split(/^\*/m).find((part) => part.startsWith(`${table}\n`)) ?? '';
  return section.split('\n').filter((line) => line.replace(/^\[\d+:\d+\] /, '').startsWith(`-A ${chain} `));
}

function empty(counters: ChainCounters): boolean {
  return [counters.policy ?? [0, 0], ...counters.rules].every(([packets]) => packets === 0);
}

function same(one: Count, other: Count | undefined): boolean {
  return other !== undefined && one[0] === other[0] && one[1] === other[1];
}

function show(count: Count | undefined): string {
  return count === undefined ? 'nothing' : `${count[0]} packets ${count[1]} bytes`;
}
