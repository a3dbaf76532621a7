// What helpers may expect: struct nf_conntrack_expect_policy, with the modules' parameters at their defaults.

import * as Conntrack from '../../../src/layout/conntrack.ts';

const SECOND: u64 = 1_000_000_000;

/** max_expected: how many expectations of a class a connection may have. */
export function most(helper: u32, kind: u32): u32 {
  switch (helper) {
    case Conntrack.HELPER_IRC:
      return 8;
    case Conntrack.HELPER_SIP:
      if (kind == Conntrack.SIP_SIGNALLING) return 1;
      return kind == Conntrack.SIP_IMAGE ? 2 : 4;
    case Conntrack.HELPER_PPTP:
      return 2;
    case Conntrack.HELPER_AMANDA:
      return 4;
    default:
      return 1;
  }
}

/** How long they last, ns. */
export function timeoutNs(helper: u32): u64 {
  switch (helper) {
    case Conntrack.HELPER_SIP:
    case Conntrack.HELPER_AMANDA:
      return 180 * SECOND;
    case Conntrack.HELPER_NETBIOS_NS:
      return 3 * SECOND;
    case Conntrack.HELPER_SNMP:
      return 30 * SECOND;
    default:
      return 300 * SECOND;
  }
}
