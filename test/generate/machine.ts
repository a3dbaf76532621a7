// Random machines, as lines of host.ts: hosts and routers with several interfaces, routes, policy rules and sysctls.

import fc from 'fast-check';
import { pick } from './pool.ts';

const INTERFACES = [
  'eth0 192.0.2.1/24 2001:db8::1/64 fe80::1/64 mac 02:00:00:00:00:02',
  'eth1 198.51.100.1/24 2001:db8:1::1/64 fe80::2/64 mac 02:00:00:00:00:03 mtu 1280',
  'eth0.10 10.0.10.1/24 vlan 10 on eth0 mac 02:00:00:00:00:02',
] as const;

const LINES = [
  'route default via 198.51.100.254 dev eth1',
  'route default6 via 2001:db8:1::fe dev eth1',
  'route 203.0.113.0/24 via 192.0.2.254 dev eth0',
  'route 203.0.113.0/24 via 198.51.100.254 dev eth1 metric 10',
  'route 203.0.113.0/25 dev eth0.10 tos 0x10',
  'route blackhole 203.0.113.128/25',
  'route 2001:db8:5::/48 via fe80::9 dev eth0',
  'route unreachable 2001:db8:5::ff00/120',
  'route prohibit 172.16.0.0/12',
  'route default dev eth0 table 100',
  'route default6 dev eth0 table 100',
  'route throw 172.16.0.0/16 table 100',
  'rule 100 fwmark 0x1 lookup 100',
  'rule 110 fwmark 0x10/0xf0 lookup 100',
  'rule 120 from 192.0.2.8/29 lookup 100',
  'rule 130 iif eth1 lookup 100',
  'rule 140 to 203.0.113.192/26 prohibit',
  'rule 150 not fwmark 0xff lookup 100 suppress 0',
  'rule 160 tos 0x10 goto 170',
  'rule 165 to 2001:db8:5::/64 blackhole',
  'rule 170 fwmark 0x2 unreachable',
  'sysctl net.ipv4.conf.all.rp_filter=1',
  'sysctl net.ipv4.conf.eth0.rp_filter=2',
  'sysctl net.ipv4.conf.all.accept_local=1',
  'sysctl net.ipv4.conf.eth0.src_valid_mark=1',
  'sysctl net.ipv4.conf.eth1.drop_unicast_in_l2_multicast=1',
  'macs ignored',
  'vlans ignored',
] as const;

/** What reassembly may be set to. */
const FRAGMENTS = [
  'sysctl net.ipv4.ipfrag_time=2',
  'sysctl net.ipv4.ipfrag_max_dist=0',
  'sysctl net.ipv4.ipfrag_max_dist=2',
  'sysctl net.ipv4.ipfrag_high_thresh=4000',
  'sysctl net.ipv4.ipfrag_high_thresh=0',
  'sysctl net.netfilter.nf_conntrack_frag6_timeout=2',
  'sysctl net.netfilter.nf_conntrack_frag6_high_thresh=4000',
  'sysctl net.ipv6.conf.eth0.mtu=1300',
] as const;

/** What connection tracking may be set to. */
const TRACKING = [
  'sysctl net.netfilter.nf_conntrack_acct=1',
  'sysctl net.netfilter.nf_conntrack_timestamp=1',
  'sysctl net.netfilter.nf_conntrack_checksum=1',
  'sysctl net.netfilter.nf_conntrack_tcp_loose=0',
  'sysctl net.netfilter.nf_conntrack_tcp_be_liberal=1',
  'sysctl net.netfilter.nf_conntrack_tcp_ignore_invalid_rst=1',
  'sysctl net.netfilter.nf_conntrack_tcp_max_retrans=1',
  'sysctl net.netfilter.nf_conntrack_tcp_timeout_established=20',
  'sysctl net.netfilter.nf_conntrack_udp_timeout=2',
  'sysctl net.netfilter.nf_conntrack_udp_timeout_stream=5',
  'sysctl net.netfilter.nf_conntrack_icmp_timeout=0',
  'sysctl net.netfilter.nf_conntrack_expect_max=1',
] as const;

const HOOKS = ['PREROUTING', 'INPUT', 'FORWARD', 'OUTPUT', 'POSTROUTING'] as const;

/** A machine whose packets take the whole way. */
export function hostText(): fc.Arbitrary<string> {
  return fc
    .record({
      forwarding: fc.constantFrom(true, true, false),
      lines: fc.subarray([...LINES], { maxLength: 10 }),
      fragments: fc.subarray([...FRAGMENTS], { maxLength: 2 }),
    })
    .map(({ forwarding, lines, fragments }) => {
      const on = forwarding ? ['sysctl net.ipv4.ip_forward=1', 'sysctl net.ipv6.conf.all.forwarding=1'] : [];
      return [...INTERFACES, ...on, ...lines, ...fragments].join('\n');
    });
}

/** `--hook`, or the guess "a router". */
export function unroutedText(): fc.Arbitrary<string> {
  return fc.oneof(
    pick(HOOKS).map((hook) =>
      [...INTERFACES, `hook ${hook}`, 'in eth0', 'out eth1', 'macs ignored'].join('\n'),
    ),
    routerText(),
  );
}

/** The guess "a router". */
export function routerText(): fc.Arbitrary<string> {
  return fc.constant(
    [...INTERFACES, 'router', 'in eth0', 'out eth1', 'macs ignored', 'vlans ignored'].join('\n'),
  );
}

/** Any machine: three of four are hosts. */
export function machineText(): fc.Arbitrary<string> {
  return fc.oneof({ weight: 3, arbitrary: hostText() }, { weight: 1, arbitrary: unroutedText() });
}

/** The machine, with sysctls of connection tracking. */
export function trackingText(machine: fc.Arbitrary<string>): fc.Arbitrary<string> {
  return fc
    .tuple(machine, fc.subarray([...TRACKING], { maxLength: 4 }))
    .map(([text, lines]) => [text, ...lines].join('\n'));
}
