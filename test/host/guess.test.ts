import { expect, test } from 'vitest';
import { guessMachine, macsAreKnown, type PacketFact } from '../../src/host/guess.ts';
import { machineFromOptions } from '../../src/host/options.ts';
import { type Address, formatAddress, parseAddress } from '../../src/model/address.ts';

function fact(source: string, destination: string, more: Partial<PacketFact> = {}): PacketFact {
  return {
    source: parseAddress(source) as Address,
    destination: parseAddress(destination) as Address,
    ...more,
  };
}

/** The addresses of the guessed host; empty for a router. */
function hosts(facts: readonly PacketFact[]): string[] {
  const { machine } = guessMachine(facts);
  if (!machine.routed) return [];
  return machine.interfaces
    .filter(({ loopback }) => !loopback)
    .flatMap((one) => one.addresses.map(({ address }) => formatAddress(address)));
}

test('the address that ends every flow', () => {
  expect(hosts([fact('10.0.0.1', '10.0.0.2'), fact('10.0.0.3', '10.0.0.1')])).toEqual(['10.0.0.1']);
});

test('one flow: where its first packet goes to, unless flags say otherwise', () => {
  expect(hosts([fact('10.0.0.1', '10.0.0.2'), fact('10.0.0.2', '10.0.0.1')])).toEqual(['10.0.0.2']);
  expect(hosts([fact('10.0.0.1', '10.0.0.2', { direction: 'out' })])).toEqual(['10.0.0.1']);
});

test('multicast, broadcast and link-local packets do not count', () => {
  const noise = [
    fact('10.0.0.9', '224.0.0.251'),
    fact('0.0.0.0', '255.255.255.255'),
    fact('fe80::1', 'ff02::1'),
  ];
  expect(hosts([...noise, fact('10.0.0.1', '10.0.0.2'), fact('10.0.0.3', '10.0.0.1')])).toEqual(['10.0.0.1']);
});

test('each family has its own address', () => {
  const four = [fact('10.0.0.1', '10.0.0.2'), fact('10.0.0.3', '10.0.0.1')];
  const six = [fact('2001:db8::1', '2001:db8::2'), fact('2001:db8::3', '2001:db8::1')];
  expect(hosts([...four, ...six])).toEqual(['10.0.0.1', '2001:db8::1']);
  expect(hosts([...four, ...six, fact('2001:db8::4', '2001:db8::5')])).toEqual([]);
});

test("link-local addresses of the same MAC are the host's", () => {
  const sourceMac = Uint8Array.of(2, 0, 0, 0, 0, 1);
  const facts = [
    fact('2001:db8::1', '2001:db8::2', { sourceMac, direction: 'out' }),
    fact('fe80::5', 'ff02::2', { sourceMac }),
  ];
  expect(hosts(facts)).toEqual(['2001:db8::1', 'fe80::5']);
});

test("no such address: a router between the capture's interfaces", () => {
  const facts = [
    fact('10.0.0.1', '10.0.0.2', { interfaceName: 'wan' }),
    fact('10.0.0.3', '10.0.0.4', { interfaceName: 'lan' }),
  ];
  const { machine, explanation } = guessMachine(facts);
  expect(machine.routed).toBe(false);
  expect(explanation).toContain('router from wan to lan');
  expect(guessMachine([]).machine.routed).toBe(false);
});

test("MACs are known when one of them is the machine's", () => {
  const base = machineFromOptions({ local: '10.0.0.1' });
  const mac = Uint8Array.of(2, 0, 0, 0, 0, 1);
  const machine = { ...base, interfaces: base.interfaces.map((one) => ({ ...one, mac })) };
  const other = Uint8Array.of(2, 0, 0, 0, 0, 2);
  const frames = (from: Uint8Array) => [
    fact('1.1.1.1', '2.2.2.2', { sourceMac: from, destinationMac: other }),
  ];
  expect(macsAreKnown(machine, frames(mac))).toBe(true);
  expect(macsAreKnown(machine, frames(other))).toBe(false);
  expect(macsAreKnown(machine, [fact('1.1.1.1', '2.2.2.2')])).toBe(true);
});
