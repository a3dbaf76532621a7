// What users read for the numbers of src/layout/reason.ts: the names in --verdicts and --json, and a sentence for
// the summary.

import * as Reason from '../layout/reason.ts';

/** In the order of src/layout/reason.ts; the first, `none`, is printed as null. */
export const REASON_NAMES = [
  'none',
  'bad-header',
  'ip-checksum',
  'ip-truncated',
  'other-host',
  'no-vlan-device',
  'martian-source',
  'martian-destination',
  'no-route',
  'forwarding-off',
  'ttl',
  'hotdrop',
  'nat-exhausted',
  'fragment-timeout',
  'blackhole',
  'prohibit',
  'unreachable',
  'not-joined',
  'packet-too-big',
  'source-route',
  'bad-option',
  'fragment-overlap',
  'fragment-memory',
  'reverse-path',
  'interface-down',
  'scope',
  'not-captured',
  'extension',
  'link-type',
  'ethertype',
  'truncated-frame',
  'fragment-duplicate',
  'fragment-malformed',
  'conntrack',
  'conntrack-full',
  'helper',
] as const;

export type ReasonName = (typeof REASON_NAMES)[number];

/** Name of a reason number. Throws RangeError for a number that is none. */
export function reasonName(reason: number): ReasonName {
  const name = REASON_NAMES[reason];
  if (name === undefined || reason >= Reason.COUNT) throw new RangeError(`${reason} is not a reason`);
  return name;
}

/** What each reason means, for people. */
export const REASON_TEXT: Readonly<Record<ReasonName, string>> = {
  none: '',
  'bad-header': 'the IP header is malformed',
  'ip-checksum': 'the IPv4 header checksum is wrong',
  'ip-truncated': 'shorter than its IP header says',
  'other-host': "sent to another station's MAC address",
  'no-vlan-device': 'tagged for a VLAN that the host has no device for',
  'martian-source': 'a source address that cannot be',
  'martian-destination': 'a destination address that cannot be',
  'no-route': 'no route to the destination',
  'forwarding-off': 'not for this host, and forwarding is off',
  ttl: 'TTL or hop limit ran out',
  hotdrop: 'a match dropped it at a broken transport header',
  'nat-exhausted': 'no free port to translate to',
  'fragment-timeout': 'fragments of a datagram that never got complete',
  blackhole: 'a blackhole route or policy rule',
  prohibit: 'a prohibit route or policy rule',
  unreachable: 'an unreachable route or policy rule',
  'not-joined': 'for a multicast group that the host has not joined',
  'packet-too-big': 'larger than the MTU and not to be fragmented',
  'source-route': 'source routed',
  'bad-option': 'a malformed IP option',
  'fragment-overlap': 'fragments that overlap',
  'fragment-memory': 'too many fragments were waiting',
  'reverse-path': 'the way back leads out of another interface (rp_filter)',
  'interface-down': 'the interface is down',
  scope: 'an IPv6 source that cannot be forwarded',
  'not-captured': 'bytes that decide are beyond the snap length',
  extension: 'a match or target that is not modelled',
  'link-type': 'a link type that is not supported',
  ethertype: 'not IP',
  'truncated-frame': 'too short to tell what it is',
  'fragment-duplicate': 'a fragment that was there already',
  'fragment-malformed': 'fragments that cannot belong to one datagram',
  conntrack: 'connection tracking could not enter it',
  'conntrack-full': 'the connection tracking table was full (nf_conntrack_max)',
  helper: 'dropped by a connection tracking helper',
};
