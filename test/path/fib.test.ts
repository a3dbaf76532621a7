// Random routing tables against a search that looks at every route.

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { bounds, compare } from '../../src/host/fib.ts';
import type { Machine, Route } from '../../src/host/machine.ts';
import { machineFromOptions } from '../../src/host/options.ts';
import { type Address, formatAddress } from '../../src/model/address.ts';
import type { Family } from '../../src/model/ruleset.ts';
import { TestMachine } from './machine.ts';

const DEVICES = 4;

/** Few different bits, so that prefixes nest and touch. */
function addressOf(family: Family): fc.Arbitrary<Address> {
  const byte = fc.constantFrom(0, 1, 2, 127, 128, 254, 255);
  const length = family === 'ipv4' ? 4 : 16;
  return fc
    .array(byte, { minLength: length, maxLength: length })
    .map((bytes) =>
      Uint8Array.from(bytes, (value, index) =>
        index === 0 ? (family === 'ipv4' ? 9 : 0x20) | (value & 1) : value,
      ),
    );
}

function routesOf(family: Family): fc.Arbitrary<Route[]> {
  const bits = family === 'ipv4' ? 32 : 128;
  const prefixLength = fc.oneof(fc.integer({ min: 0, max: bits }), fc.constantFrom(0, 8, 16, 24, 31, bits));
  const route = fc.record({
    destination: addressOf(family),
    prefixLength,
    out: fc.integer({ min: 2, max: 1 + DEVICES }),
    metric: fc.integer({ min: 0, max: 3 }),
  });
  return fc.array(
    route.map((one): Route => ({ ...one, family, type: 'unicast', table: 254, tos: 0 })),
    { maxLength: 60 },
  );
}

/** Longest prefix, least metric; the first in the list of what is left (IPv6: of those by the incoming interface). */
function naive(routes: readonly Route[], address: Address, device: number): number | undefined {
  const covering = routes.filter(({ destination, prefixLength }) => {
    const [first, last] = bounds(destination, prefixLength);
    return compare(first, address) <= 0 && compare(address, last) <= 0;
  });
  const longest = Math.max(...covering.map(({ prefixLength }) => prefixLength));
  const best = covering.filter(({ prefixLength }) => prefixLength === longest);
  const least = Math.min(...best.map(({ metric }) => metric));
  const equal = best.filter(({ metric }) => metric === least);
  const preferred = equal.find(({ family, out }) => family === 'ipv6' && out === device);
  return (preferred ?? equal[0])?.out;
}

function machineWith(routes: readonly Route[]): Machine {
  const base = machineFromOptions({ local: '192.0.2.1', in: 'd2', out: 'd3' });
  const [lo] = base.interfaces;
  if (lo === undefined) throw new Error('no interfaces');
  const more = Array.from({ length: DEVICES }, (_, place) => ({
    ...lo,
    name: `d${place + 2}`,
    index: place + 2,
    loopback: false,
    addresses: [],
  }));
  return { ...base, interfaces: [lo, ...more], routes: [...routes] };
}

test.each(['ipv4', 'ipv6'] as const)('%s', (family) => {
  const property = fc.property(
    routesOf(family),
    fc.array(addressOf(family), { minLength: 20, maxLength: 20 }),
    fc.integer({ min: 2, max: 1 + DEVICES }),
    (routes, probes, device) => {
      const machine = new TestMachine(machineWith(routes));
      const edges = routes.flatMap(({ destination, prefixLength }) => bounds(destination, prefixLength));
      for (const address of [...probes, ...edges]) {
        // The edges of short prefixes are addresses that no route decides about.
        if (((address[0] as number) & 0xfe) !== (family === 'ipv4' ? 8 : 0x20)) continue;
        const source = family === 'ipv4' ? '100.64.0.1' : '2a00::1';
        const way = machine.way({
          source,
          destination: formatAddress(address),
          captured: device,
          direction: 1,
        });
        const expected = naive(routes, address, device);
        expect(`${formatAddress(address)} ${way.replace(/^dropped.*/, 'none')}`).toBe(
          `${formatAddress(address)} ${expected === undefined ? 'none' : `forward ${expected}`}`,
        );
      }
    },
  );
  fc.assert(property, { seed: 7, numRuns: 120 });
});
