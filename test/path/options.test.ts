import { describe, expect, test } from 'vitest';
import { machineFromOptions } from '../../src/host/options.ts';
import * as Packet from '../../src/layout/packet.ts';
import * as Path from '../../src/layout/path.ts';
import * as Reason from '../../src/layout/reason.ts';
import { TestMachine } from './machine.ts';

// Interfaces of machineFromOptions: 1 lo, 2 --in, 3 --out.

describe('--local', () => {
  const machine = new TestMachine(machineFromOptions({ local: '10.0.0.1/24,2001:db8::1', in: 'wan0' }));

  test.each([
    ['to the host', '10.0.0.9', '10.0.0.1', 'local'],
    ['to the host, IPv6', '2001:db8::9', '2001:db8::1', 'local'],
    ['from the host', '10.0.0.1', '8.8.8.8', 'send 2'],
    ['from the host, IPv6', '2001:db8::1', '2001:db8:1::', 'send 2'],
    ['from the host to itself', '10.0.0.1', '10.0.0.1', 'send 1'],
    ['from the host to 127/8', '10.0.0.1', '127.1.2.3', 'send 1'],
    ['subnet broadcast', '10.0.0.9', '10.0.0.255', 'local'],
    ['limited broadcast', '0.0.0.0', '255.255.255.255', 'local'],
    ['past the host', '10.0.0.9', '10.0.1.1', `dropped ${Reason.FORWARDING_OFF}`],
    ['past the host, IPv6', '2001:db8::9', '2001:db8::2', `dropped ${Reason.FORWARDING_OFF}`],
    ['all hosts', '10.0.0.9', '224.0.0.1', 'local'],
    ['another group', '10.0.0.9', '224.0.0.251', `dropped ${Reason.NOT_JOINED}`],
    ['all nodes', 'fe80::1', 'ff02::1', 'local'],
    ['solicited node', 'fe80::1', 'ff02::1:ff00:1', 'local'],
    ['another solicited node', 'fe80::1', 'ff02::1:ff00:2', `dropped ${Reason.NOT_JOINED}`],
    ['multicast source', '224.0.0.1', '10.0.0.1', `dropped ${Reason.MARTIAN_SOURCE}`],
    ['no source', '0.0.0.0', '10.0.0.1', `dropped ${Reason.MARTIAN_SOURCE}`],
    ['no destination', '10.0.0.9', '0.0.0.0', `dropped ${Reason.MARTIAN_DESTINATION}`],
    ['interface-local group', 'fe80::1', 'ff01::1', `lost ${Reason.MARTIAN_DESTINATION}`],
  ])('%s', (_name, source, destination, way) => {
    expect(machine.way({ source, destination })).toBe(way);
  });

  test('interfaces that only the capture names are as good', () => {
    const neighbour = new TestMachine(machineFromOptions({ local: 'fe80::1,2001:db8::1' }));
    const captured = 9;
    expect(neighbour.way({ source: 'fe80::9', destination: 'fe80::1', captured })).toBe('local');
    expect(neighbour.way({ source: 'fe80::9', destination: 'ff02::1', captured })).toBe('local');
    expect(neighbour.way({ source: 'fe80::9', destination: 'ff02::1:ff00:1', captured })).toBe('local');
    expect(neighbour.way({ source: 'fe80::1', destination: 'ff02::2', captured })).toBe('send 2');
  });

  test('own source address with the flag inbound is a martian', () => {
    const facts = { source: '10.0.0.1', destination: '10.0.0.1', direction: 1 };
    expect(machine.way(facts)).toBe(`dropped ${Reason.MARTIAN_SOURCE}`);
  });

  test('loopback addresses on the wire are martians', () => {
    expect(machine.way({ source: '127.0.0.1', destination: '10.0.0.1', direction: 1 })).toBe(
      `dropped ${Reason.MARTIAN_SOURCE}`,
    );
    expect(machine.way({ source: '::1', destination: '2001:db8::1', direction: 1 })).toBe(
      `lost ${Reason.MARTIAN_SOURCE}`,
    );
  });

  test('a wrong IPv4 checksum counts on the way in only', () => {
    const flags = Packet.FLAG_BAD_IP_CHECKSUM;
    expect(machine.way({ source: '10.0.0.9', destination: '10.0.0.1', flags })).toBe(
      `lost ${Reason.IP_CHECKSUM}`,
    );
    expect(machine.way({ source: '10.0.0.1', destination: '10.0.0.9', flags })).toBe('send 2');
  });
});

describe('no options: a router', () => {
  const machine = new TestMachine(machineFromOptions({}));

  test('everything goes out by the other interface', () => {
    expect(machine.way({ source: '1.1.1.1', destination: '2.2.2.2' })).toBe('forward 3');
    expect(machine.way({ source: '1::', destination: '2::' })).toBe('forward 3');
    expect(machine.way({ source: '1.1.1.1', destination: '2.2.2.2', captured: 3 })).toBe('forward 2');
  });

  test('the TTL is one lower, and 1 is too low', () => {
    machine.way({ source: '1.1.1.1', destination: '2.2.2.2', ttl: 2 });
    expect(machine.outcome().ttl).toBe(1);
    expect(machine.way({ source: '1.1.1.1', destination: '2.2.2.2', ttl: 1 })).toBe(`dropped ${Reason.TTL}`);
  });
});

test('--hook names the hook and its interfaces', () => {
  const hooks = ['PREROUTING', 'INPUT', 'FORWARD', 'OUTPUT', 'POSTROUTING'] as const;
  for (const [number, hook] of hooks.entries()) {
    const machine = new TestMachine(machineFromOptions({ hook, in: 'a', out: 'b' }));
    const arrived = machine.arrive({ source: '1.1.1.1', destination: '2.2.2.2' });
    expect(arrived.path).toBe(Path.HOOK);
    expect([arrived.iif, arrived.oif]).toEqual([number <= 2 ? 2 : 0, number >= 2 ? 3 : 0]);
  }
});
