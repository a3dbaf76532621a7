// Helpers by number: Conntrack.HELPER_* (src/layout/conntrack.ts) and the names that `-j CT --helper` takes and
// `conntrack -L` prints (struct nf_conntrack_helper, name).

/** In the order of HELPER_*; 0 is none. */
export const HELPER_NAMES: readonly (string | undefined)[] = [
  undefined,
  'ftp',
  'tftp',
  'irc',
  'sip',
  'pptp',
  'amanda',
  'netbios-ns',
  'snmp',
  'sane',
  'RAS',
  'Q.931',
  'H.245',
];

/** Number of a helper's name, undefined when there is no such helper. */
export function helperNumber(name: string): number | undefined {
  const number = HELPER_NAMES.indexOf(name);
  return number > 0 ? number : undefined;
}
