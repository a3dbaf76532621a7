// Names of connection labels: /etc/xtables/connlabel.conf, a line `BIT NAME` for each; `#` begins a comment line.

const MOST_BIT = 127;

/** Bits by name; the first line of a name or a bit holds. Lines that are none are passed over, as iptables does. */
export function parseConnlabels(text: string): ReadonlyMap<string, number> {
  const names = new Map<string, number>();
  const bits = new Set<number>();
  for (const line of text.split('\n')) {
    const [, digits, name] = /^\s*([0-9]+)\s+(\S.*?)\s*$/.exec(line) ?? [];
    if (digits === undefined || name === undefined) continue;
    const bit = Number(digits);
    if (bit > MOST_BIT || names.has(name) || bits.has(bit)) continue;
    names.set(name, bit);
    bits.add(bit);
  }
  return names;
}
