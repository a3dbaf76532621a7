// The helpers that are modelled: their names, what they may expect, and for how long (nf_conntrack_expect_policy), with
// the modules' parameters at their defaults.

export interface Policy {
  readonly most: number;
  readonly timeoutNs: bigint;
}

const SECOND = 1_000_000_000n;

/** By class. */
const POLICIES = {
  ftp: [{ most: 1, timeoutNs: 300n * SECOND }],
  tftp: [{ most: 1, timeoutNs: 300n * SECOND }],
  irc: [{ most: 8, timeoutNs: 300n * SECOND }],
  sip: [
    { most: 1, timeoutNs: 180n * SECOND },
    { most: 4, timeoutNs: 180n * SECOND },
    { most: 4, timeoutNs: 180n * SECOND },
    { most: 2, timeoutNs: 180n * SECOND },
  ],
  pptp: [{ most: 2, timeoutNs: 300n * SECOND }],
  amanda: [{ most: 4, timeoutNs: 180n * SECOND }],
  sane: [{ most: 1, timeoutNs: 300n * SECOND }],
  'netbios-ns': [{ most: 1, timeoutNs: 3n * SECOND }],
  snmp: [{ most: 1, timeoutNs: 30n * SECOND }],
} as const satisfies Record<string, readonly Policy[]>;

export type HelperName = keyof typeof POLICIES;

export function policyOf(helper: HelperName, kind: number): Policy {
  return (POLICIES[helper] as readonly Policy[])[kind] as Policy;
}
