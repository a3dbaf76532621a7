// Small pools of values that rules, machines and frames are drawn from alike, so that rules really match and overlap.

import fc from 'fast-check';
import type { Family } from '../../src/model/ruleset.ts';

/** Addresses of the machines of machine.ts, of their neighbours, far ones, and ones that cannot be. */
export const ADDRESSES: Readonly<Record<Family, readonly string[]>> = {
  ipv4: [
    '192.0.2.1',
    '192.0.2.9',
    '192.0.2.10',
    '192.0.2.255',
    '198.51.100.1',
    '198.51.100.9',
    '10.0.10.1',
    '10.0.10.9',
    '203.0.113.5',
    '203.0.113.200',
    '172.16.5.4',
    '224.0.0.1',
    '224.0.0.251',
    '255.255.255.255',
    '127.0.0.1',
    '0.0.0.0',
  ],
  ipv6: [
    '2001:db8::1',
    '2001:db8::9',
    '2001:db8::200:ff:fe00:fe',
    '2001:db8:1::1',
    '2001:db8:1::9',
    '2001:db8:5::5',
    '2001:db8:5::ff05',
    'fe80::1',
    'fe80::9',
    'ff02::1',
    'ff02::1:ff00:1',
    'ff02::fb',
    '::1',
    '::',
  ],
};

/** How often each address comes: the machine's own and its neighbours' most, so that packets get through. */
export function addresses(family: Family): fc.Arbitrary<string> {
  const all = ADDRESSES[family];
  return fc.oneof(
    { weight: 5, arbitrary: pick(all.slice(0, 10)) },
    { weight: 3, arbitrary: pick(all.slice(0, 3)) },
    { weight: 1, arbitrary: pick(all) },
  );
}

/** Prefixes and masks that hold some of them. */
export const PREFIXES: Readonly<Record<Family, readonly string[]>> = {
  ipv4: [
    '192.0.2.0/24',
    '192.0.2.8/29',
    '192.0.0.0/8',
    '198.51.100.0/25',
    '203.0.113.0/255.255.255.15',
    '0.0.0.0/1',
    '224.0.0.0/4',
  ],
  ipv6: [
    '2001:db8::/64',
    '2001:db8::8/125',
    '2001:db8::/32',
    'fe80::/10',
    'ff00::/8',
    '2001:db8::5/ffff:ffff::f',
  ],
};

export const PORTS = [0, 1, 21, 22, 53, 80, 443, 1024, 4000, 65535] as const;
export const PATTERNS = ['eth0', 'eth1', 'eth0.10', 'lo', 'eth+', 'eth0+', '+', 'wlan0'] as const;
export const MARKS = [0, 1, 2, 0x10, 0xff, 0x80000001] as const;
export const MASKS = [0xffffffff, 0xff, 0x1, 0xf0] as const;
export const LENGTHS = [20, 28, 40, 48, 60, 64, 100, 1500] as const;
export const TTLS = [0, 1, 2, 63, 64, 255] as const;
export const TOS = [0, 1, 2, 3, 0x10, 0xb8, 0xfc, 0xff] as const;
export const MACS = ['02:00:00:00:00:02', '02:00:00:00:00:fe', '02:00:00:00:09:09'] as const;
export const SPIS = [0, 1, 256, 0xffffffff] as const;

export function pick<T>(values: readonly T[]): fc.Arbitrary<T> {
  return fc.constantFrom(...values);
}

/** True once in `n` times. */
export function seldom(n: number): fc.Arbitrary<boolean> {
  return fc.nat({ max: n - 1 }).map((value) => value === 0);
}

/** The value, `1 / n` of the time; else nothing. */
export function maybe<T>(arbitrary: fc.Arbitrary<T>, n: number): fc.Arbitrary<T | undefined> {
  return seldom(n).chain((yes) => (yes ? arbitrary : fc.constant(undefined)));
}
