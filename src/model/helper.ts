// Helpers of connection tracking by number: Conntrack.HELPER_* (src/layout/conntrack.ts) and the names that
// `-j CT --helper` takes and `conntrack -L` prints (struct nf_conntrack_helper, name).

import type { Family } from './ruleset.ts';

interface Helper {
  readonly name: string;
  readonly families: readonly Family[];
  /** Transport protocols that it is registered for: 6 TCP, 17 UDP. */
  readonly protocols: readonly number[];
  /** What it would expect is not known here. */
  readonly unmodelled?: boolean;
}

const BOTH: readonly Family[] = ['ipv4', 'ipv6'];
const IPV4: readonly Family[] = ['ipv4'];

/** In the order of HELPER_*, from 1; families and protocols as Linux 6.18 takes them in rules. */
const HELPERS: readonly Helper[] = [
  { name: 'ftp', families: BOTH, protocols: [6] },
  { name: 'tftp', families: BOTH, protocols: [17] },
  { name: 'irc', families: IPV4, protocols: [6] },
  { name: 'sip', families: BOTH, protocols: [6, 17] },
  { name: 'pptp', families: IPV4, protocols: [6] },
  { name: 'amanda', families: BOTH, protocols: [17] },
  { name: 'netbios-ns', families: IPV4, protocols: [17] },
  { name: 'snmp', families: IPV4, protocols: [17] },
  { name: 'sane', families: BOTH, protocols: [6] },
  { name: 'RAS', families: BOTH, protocols: [17], unmodelled: true },
  { name: 'Q.931', families: BOTH, protocols: [6], unmodelled: true },
  { name: 'H.245', families: BOTH, protocols: [17], unmodelled: true },
];

/** In the order of HELPER_*; 0 is none. */
export const HELPER_NAMES: readonly (string | undefined)[] = [undefined, ...HELPERS.map(({ name }) => name)];

/** Number of a helper's name, undefined when there is no such helper. */
export function helperNumber(name: string): number | undefined {
  const number = HELPER_NAMES.indexOf(name);
  return number > 0 ? number : undefined;
}

/** Names of the helpers that rules of the family may attach to connections of the protocol. */
export function helpersFor(family: Family, protocol: number): readonly string[] {
  return HELPERS.filter((one) => one.families.includes(family) && one.protocols.includes(protocol)).map(
    ({ name }) => name,
  );
}

/** Whether Linux has the helper and it is not modelled: H.323's three. */
export function isUnmodelled(name: string): boolean {
  return HELPERS.some((one) => one.name === name && one.unmodelled === true);
}
