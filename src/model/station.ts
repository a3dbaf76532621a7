// What a packet meets at one hook, in the order of the priorities: tables (NF_IP_PRI_*, linux/netfilter_ipv4.h), and
// connection tracking where it is on.

import type { HookName, TableName } from './ruleset.ts';

/** `conntrack`: nf_conntrack_in; `confirm`: nf_confirm. */
export type Station = TableName | 'conntrack' | 'confirm';

/**
 * All that can be at a hook. nat (whose chains are entered by connections' first packets alone) comes before filter
 * where it translates destinations, behind security where it translates sources.
 */
export function stationsAt(hook: HookName, tracked: boolean): readonly Station[] {
  const stations = STATIONS[hook];
  return tracked ? stations : stations.filter((one) => !OF_CONNTRACK.has(one));
}

const OF_CONNTRACK: ReadonlySet<Station> = new Set(['conntrack', 'confirm', 'nat']);

const STATIONS: Readonly<Record<HookName, readonly Station[]>> = {
  PREROUTING: ['raw', 'conntrack', 'mangle', 'nat', 'filter', 'security'],
  INPUT: ['mangle', 'filter', 'security', 'nat', 'confirm'],
  FORWARD: ['mangle', 'filter', 'security'],
  OUTPUT: ['raw', 'conntrack', 'mangle', 'nat', 'filter', 'security'],
  POSTROUTING: ['mangle', 'nat', 'confirm'],
};
