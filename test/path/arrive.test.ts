// Direction and interface: "Which way a packet goes".

import { describe, expect, test } from 'vitest';
import { readHost, withOptions } from '../../src/host/folder.ts';
import * as Path from '../../src/layout/path.ts';
import * as Reason from '../../src/layout/reason.ts';
import { TestMachine } from './machine.ts';

const OWN0 = '02:00:00:00:00:01';
const OWN1 = '02:00:00:00:00:02';
const OTHER = '02:00:00:00:00:99';
const BROADCAST = 'ff:ff:ff:ff:ff:ff';

const ADDRESSES = [
  {
    ifname: 'lo',
    flags: ['LOOPBACK', 'UP'],
    addr_info: [{ family: 'inet', local: '127.0.0.1', prefixlen: 8 }],
  },
  {
    ifname: 'eth0',
    flags: ['UP'],
    link_type: 'ether',
    address: OWN0,
    addr_info: [{ family: 'inet', local: '10.0.0.1', prefixlen: 24, broadcast: '10.0.0.255' }],
  },
  {
    ifname: 'eth1',
    flags: ['UP'],
    link_type: 'ether',
    address: OWN1,
    addr_info: [{ family: 'inet', local: '10.1.0.1', prefixlen: 24 }],
  },
  { ifname: 'eth0.7', link: 'eth0', flags: ['UP'], link_type: 'ether', address: OWN0 },
  { ifname: 'eth0.7.8', link: 'eth0.7', flags: ['UP'], link_type: 'ether', address: OWN0 },
  { ifname: 'br0', flags: ['UP'], link_type: 'ether', address: '02:00:00:00:00:03' },
  { ifname: 'port', flags: ['UP'], link_type: 'ether', address: '02:00:00:00:00:04', master: 'br0' },
];
const host = readHost((name) => ({
  path: name,
  text:
    name === 'addr.json'
      ? JSON.stringify(ADDRESSES)
      : name === 'sysctl.txt'
        ? 'net.ipv4.ip_forward = 1'
        : undefined,
}));
const machine = new TestMachine(host);
const [LO, ETH0, ETH1, VLAN, QINQ, BRIDGE, PORT] = [1, 2, 3, 4, 5, 6, 7];

describe('direction and interface', () => {
  const far = { source: '8.8.8.8', destination: '9.9.9.9' };
  const inbound = { source: '10.0.0.9', destination: '10.0.0.1' };
  const outbound = { source: '10.0.0.1', destination: '10.0.0.9' };

  test.each([
    ['flag in', { ...inbound, direction: 1, captured: ETH0 }, Path.RECEIVE, ETH0],
    ['flag out', { ...outbound, direction: 2, captured: ETH0 }, Path.SEND, 0],
    ['cooked in', { ...inbound, cooked: 1, captured: ETH1 }, Path.RECEIVE, ETH1],
    ['cooked out', { ...far, cooked: 5 }, Path.SEND, 0],
    ['to a MAC of the host', { ...far, macs: [OWN1, OTHER] }, Path.RECEIVE, ETH1],
    ['from a MAC of the host', { ...far, macs: [OTHER, OWN0] }, Path.SEND, 0],
    ['own source address to the own MAC', { ...outbound, macs: [OWN0, OTHER] }, Path.RECEIVE, ETH0],
    ['own source address', outbound, Path.SEND, 0],
    ['own source address, broadcast', { ...outbound, macs: [BROADCAST, OTHER] }, Path.SEND, 0],
    ['the route back', { source: '10.1.0.9', destination: '10.0.0.1' }, Path.RECEIVE, ETH1],
    ['nothing: the first interface', far, Path.RECEIVE, ETH0],
    ['on lo', { source: '127.0.0.1', destination: '127.0.0.1', captured: LO }, Path.LOOP, 0],
    ['to itself', { source: '10.0.0.1', destination: '10.1.0.1' }, Path.SEND, 0],
    ['a bridge port', { ...far, captured: PORT, macs: ['02:00:00:00:00:03', OTHER] }, Path.RECEIVE, BRIDGE],
    ['a tag', { ...far, captured: ETH0, vlans: [7], macs: [OWN0, OTHER] }, Path.RECEIVE, VLAN],
    ['two tags', { ...far, captured: ETH0, vlans: [7, 8], macs: [OWN0, OTHER] }, Path.RECEIVE, QINQ],
    ['a priority tag', { ...far, captured: ETH0, vlans: [0], macs: [OWN0, OTHER] }, Path.RECEIVE, ETH0],
  ] as const)('%s', (_name, facts, path, iif) => {
    const arrived = machine.arrive(facts);
    expect([arrived.path, arrived.iif, arrived.reason]).toEqual([path, iif, 0]);
  });

  test('--in comes behind the route back', () => {
    const other = new TestMachine(withOptions(host, { in: 'eth1' }));
    expect(other.arrive(far).iif).toBe(ETH1);
    expect(other.arrive({ source: '10.0.0.9', destination: '10.1.0.1' }).iif).toBe(ETH0);
  });

  test.each([
    ['another station', { ...inbound, captured: ETH0, macs: [OTHER, OTHER] }, Reason.OTHER_HOST],
    [
      'no device for the tag',
      { ...inbound, captured: ETH0, vlans: [9], macs: [OWN0, OTHER] },
      Reason.NO_VLAN_DEVICE,
    ],
    [
      'three tags',
      { ...inbound, captured: ETH0, vlans: [7, 8, 9], macs: [OWN0, OTHER] },
      Reason.NO_VLAN_DEVICE,
    ],
    ['cooked: another station', { ...inbound, cooked: 4 }, Reason.OTHER_HOST],
  ] as const)('lost: %s', (_name, facts, reason) => {
    expect(machine.arrive(facts).reason).toBe(reason);
  });

  test('--mac ignore and --vlan ignore', () => {
    const lenient = new TestMachine(withOptions(host, { useMac: false, useVlan: false }));
    const facts = { ...inbound, captured: ETH0, macs: [OTHER, OTHER], vlans: [9] } as const;
    expect(lenient.arrive(facts)).toMatchObject({ path: Path.RECEIVE, iif: ETH0, reason: 0, pkttype: 0 });
  });

  test('packet types', () => {
    expect(machine.arrive({ ...inbound, captured: ETH0, macs: [BROADCAST, OTHER] }).pkttype).toBe(1);
    expect(machine.arrive({ ...inbound, captured: ETH0, macs: ['01:00:5e:00:00:01', OTHER] }).pkttype).toBe(
      2,
    );
    expect(machine.arrive({ ...inbound, cooked: 3 }).pkttype).toBe(2);
  });
});
