import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { WasmtablesError } from '../../src/error.ts';
import { readHost } from '../../src/host/folder.ts';
import { lowerMachine } from '../../src/host/lower.ts';
import type { Machine, Route } from '../../src/host/machine.ts';
import { formatAddress } from '../../src/model/address.ts';

const RECORDS = readFileSync(new URL('../path/linux.jsonl', import.meta.url), 'utf8')
  .trim()
  .split('\n')
  .map((line) => JSON.parse(line) as { name: string; files: Record<string, string> });

function read(files: Readonly<Record<string, string | undefined>>): Machine {
  return readHost((name) => ({ path: `host/${name}`, text: files[name] }));
}

function errorOf(files: Readonly<Record<string, string | undefined>>): WasmtablesError {
  try {
    lowerMachine(read(files));
  } catch (error) {
    if (error instanceof WasmtablesError) return error;
    throw error;
  }
  throw new Error('no error');
}

const addr = RECORDS[0]?.files['addr.json'] ?? '';

describe('what is missing is what the kernel makes by itself', () => {
  const describeRoute = (route: Route): string =>
    `${route.type} ${formatAddress(route.destination)}/${route.prefixLength} ${route.table} ${route.out} ${route.metric}`;

  test.each(RECORDS.map(({ name, files }) => ({ name, files })))('$name', ({ files }) => {
    const { 'addr.json': addresses, 'sysctl.txt': sysctls } = files;
    const bare = read({ 'addr.json': addresses, 'sysctl.txt': sysctls });
    const whole = read(files);
    const made = new Set(bare.routes.map(describeRoute));
    const kernels = new Set(whole.routes.filter((route) => route.custom === false).map(describeRoute));
    expect([...made].sort()).toEqual([...kernels].sort());
  });
});

describe('errors name the file', () => {
  test('no addr.json', () => {
    expect(errorOf({}).message).toContain('host/addr.json');
  });

  test.each([
    ['[{"ifname": "lo",}]', 1, 18],
    ['[\n {"ifname": "lo"\n "mtu": 1}]', 3, 2],
    ['[{"ifname": lo}]', 1, 13],
    ['[{"ifname": "lo"', 1, 17],
    ['[1, 2]]', 1, 7],
    ['[01]', 1, 3],
    ['["a\nb"]', 1, 2],
    ['x', 1, 1],
    ['[{]', 1, 3],
  ])('%j', (text, line, column) => {
    const error = errorOf({ 'addr.json': text });
    expect(error.code).toBe('HOST');
    expect(error.place).toMatchObject({ file: 'host/addr.json', line, column });
  });

  test('far out in a long line, the surroundings are shown, with the caret below the place', () => {
    const text = `[${'{"a":1},'.repeat(30)}?${',2'.repeat(90)}]`;
    const lines = errorOf({ 'addr.json': text }).format().split('\n');
    expect(lines[0]).toBe('host/addr.json:1:242: error: this is not JSON');
    expect(lines[1]?.[lines[2]?.indexOf('^') ?? 0]).toBe('?');
    expect(lines[1]?.length).toBeLessThanOrEqual(102);
  });

  test.each([
    ['addr.json', '{}', 'not a list'],
    ['addr.json', '[1]', 'entry 1: this is not an object'],
    ['addr.json', '[{"mtu":1}]', 'entry 1: there is no "ifname"'],
    ['addr.json', '[{"ifname":"a"},{"ifname":"a"}]', 'listed twice'],
    ['addr.json', '[{"ifname":"a","mtu":"x"}]', '"mtu" is not a number'],
    ['addr.json', '[{"ifname":"a","addr_info":[{"family":"inet","local":"1.2.3"}]}]', 'not an address'],
    [
      'addr.json',
      '[{"ifname":"a","addr_info":[{"family":"inet","local":"1.2.3.4","prefixlen":33}]}]',
      '"prefixlen"',
    ],
    ['route.json', '[{"dst":"10.0.0.0/33"}]', 'host/route.json: entry 1: "dst" is not a prefix'],
    ['route.json', '[{"dst":"10.0.0.0/8","dev":"nosuch"}]', 'interface "nosuch" is not in addr.json'],
    ['route.json', '[{"dst":"10.0.0.0/8","type":"nat"}]', 'type "nat" is not modelled'],
    ['route6.json', '[{"dst":"2001:db8::/200"}]', 'host/route6.json: entry 1'],
    ['rule.json', '[{"priority":-1,"table":"main"}]', '"priority" is not a number'],
    ['rule.json', '[{"priority":1,"src":"x","table":"main"}]', '"src" is not an address'],
    ['rule.json', '[{"priority":1,"ipproto":"nosuch","table":"main"}]', '"ipproto" is not a protocol'],
    ['neigh.json', '[', 'not JSON'],
    ['maddr.json', '[{"ifname":"lo","maddr":[{"address":"?"}]}]', 'not an address'],
  ])('%s %s', (file, text, message) => {
    const error = errorOf({ 'addr.json': addr, [file]: text });
    expect(error.code).toBe('HOST');
    expect(error.format()).toContain(message);
    expect(error.format()).toContain(`host/${file}`);
  });

  test('whatever stands in the files, it is a machine or an error', () => {
    const entry = fc.dictionary(
      fc.constantFrom(
        'ifname',
        'mtu',
        'flags',
        'addr_info',
        'dst',
        'dev',
        'table',
        'metric',
        'priority',
        'src',
        'goto',
        'address',
        'linkinfo',
        'link',
        'nexthops',
        'fwmark',
        'sport',
        'not',
        '__proto__',
      ),
      fc.oneof(
        fc.jsonValue({ maxDepth: 2 }),
        fc.constantFrom('lo', 'main', '10.0.0.0/8', '0x10', '::1', 'default', 7),
      ),
    );
    const text = fc.oneof(
      fc.array(entry, { maxLength: 4 }).map((list) => JSON.stringify(list)),
      fc.string(),
    );
    const file = fc.constantFrom(
      'addr.json',
      'route.json',
      'route6.json',
      'rule.json',
      'rule6.json',
      'maddr.json',
      'sysctl.txt',
    );
    fc.assert(
      fc.property(file, text, (name, content) => {
        try {
          lowerMachine(read({ 'addr.json': addr, [name]: content }));
        } catch (error) {
          expect(error).toBeInstanceOf(WasmtablesError);
        }
      }),
      { seed: 2, numRuns: 400 },
    );
  });
});

test('IPv6 routes in route.json count when there is no route6.json', () => {
  const machine = read({
    'addr.json': '[{"ifname":"eth0","link_type":"ether"}]',
    'route.json':
      '[{"dst":"default","dev":"eth0"},{"dst":"default","dev":"eth0","pref":"medium"},{"dst":"2001:db8::/32","dev":"eth0"}]',
  });
  const own = machine.routes
    .filter(({ table }) => table === 254)
    .map(({ family, prefixLength }) => [family, prefixLength]);
  expect(own).toEqual([
    ['ipv4', 0],
    ['ipv6', 0],
    ['ipv6', 32],
  ]);
});

test('VLAN devices and bridge ports', () => {
  const machine = read({
    'addr.json': JSON.stringify([
      { ifname: 'eth0', link_type: 'ether', address: '02:00:00:00:00:01', master: 'br0' },
      { ifname: 'br0', link_type: 'ether', address: '02:00:00:00:00:01', linkinfo: { info_kind: 'bridge' } },
      {
        ifname: 'v7',
        link: 'br0',
        linkinfo: { info_kind: 'vlan', info_data: { protocol: '802.1ad', id: 7 } },
      },
      { ifname: 'br0.100', link: 'br0' },
    ]),
  });
  expect(machine.interfaces.map(({ upper, vlan }) => ({ upper, vlan }))).toEqual([
    { upper: 2, vlan: undefined },
    { upper: undefined, vlan: undefined },
    { upper: undefined, vlan: { id: 7, protocol: 0x88a8, link: 2 } },
    { upper: undefined, vlan: { id: 100, protocol: 0x8100, link: 2 } },
  ]);
});
