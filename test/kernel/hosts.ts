// Hosts of the scenarios made here.

import type { HostSpec } from './namespace.ts';

/** One interface, an address of each family, a way out. */
export const SERVER: HostSpec = {
  interfaces: [
    {
      name: 'eth0',
      mac: '02:00:00:00:01:00',
      addresses: ['192.0.2.10/24', '192.0.2.11/24', '2001:db8:1::10/64'],
    },
  ],
  routes: ['default via 192.0.2.1 dev eth0', 'default via 2001:db8:1::1 dev eth0'],
};

/** Three networks, a second table chosen by mark, and routes that refuse. */
export const ROUTER: HostSpec = {
  interfaces: [
    { name: 'eth0', mac: '02:00:00:00:02:00', addresses: ['198.51.100.2/24', '2001:db8:ffff::2/64'] },
    { name: 'eth1', mac: '02:00:00:00:02:01', addresses: ['192.168.1.1/24', '2001:db8:1::1/64'] },
    { name: 'eth2', mac: '02:00:00:00:02:02', mtu: 1500, addresses: ['10.0.0.1/16', '2001:db8:2::1/64'] },
  ],
  routes: [
    'default via 198.51.100.1 dev eth0',
    '10.99.0.0/16 via 10.0.0.99 dev eth2',
    'blackhole 203.0.113.0/25',
    'unreachable 203.0.113.128/26',
    'prohibit 203.0.113.192/26',
    'default via 10.0.0.2 dev eth2 table 100',
    'default via 2001:db8:ffff::1 dev eth0',
    'blackhole 2001:db8:dead::/48',
    'default via 2001:db8:2::2 dev eth2 table 100',
  ],
  policyRules: ['fwmark 0x1/0xff lookup 100', '-6 fwmark 0x1/0xff lookup 100'],
  sysctls: { 'net.ipv4.ip_forward': '1', 'net.ipv6.conf.all.forwarding': '1' },
};

/** A router that checks where sources would be answered, strictly on one interface and loosely on another. */
export const STRICT: HostSpec = {
  ...ROUTER,
  sysctls: {
    ...ROUTER.sysctls,
    'net.ipv4.conf.eth0.rp_filter': '2',
    'net.ipv4.conf.eth1.rp_filter': '1',
    'net.ipv4.conf.eth2.rp_filter': '1',
    'net.ipv4.conf.eth2.src_valid_mark': '1',
  },
};

/** A router that lets pass what others refuse. */
export const LENIENT: HostSpec = {
  ...ROUTER,
  sysctls: {
    ...ROUTER.sysctls,
    'net.ipv4.conf.all.accept_local': '1',
    'net.ipv4.conf.all.route_localnet': '1',
    'net.ipv4.conf.all.accept_source_route': '1',
    'net.ipv4.conf.eth1.accept_source_route': '1',
    'net.ipv4.conf.all.bc_forwarding': '1',
    'net.ipv4.conf.eth1.bc_forwarding': '1',
    'net.ipv4.conf.eth2.forwarding': '0',
    'net.ipv6.conf.eth2.forwarding': '0',
    'net.ipv4.conf.eth0.drop_unicast_in_l2_multicast': '1',
    'net.ipv6.conf.eth0.drop_unicast_in_l2_multicast': '1',
  },
};
