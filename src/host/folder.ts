// A host folder: what Linux prints about itself, one file a command (src/host/snapshot.ts lists them).

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { WasmtablesError } from '../error.ts';
import type { Family } from '../model/ruleset.ts';
import { readGroups, readInterfaces } from './interface-file.ts';
import { type Entry, parseJson, toEntries } from './json.ts';
import { defaultPolicyRules, kernelRoutes, TABLE_LOCAL } from './kernel-route.ts';
import type { Interface, Machine, PolicyRule, Route } from './machine.ts';
import { TableNames } from './name.ts';
import { familyOf, readRoutes } from './route-file.ts';
import { readPolicyRules } from './rule-file.ts';
import { config } from './sysctl.ts';

/**
 * Reads a host folder. `addr.json` is required; for what is missing the kernel's defaults stand in: the routes that
 * addresses bring with them, the policy rules and sysctls of a fresh start.
 *
 * @param directory the folder; errors name its files with it
 * @returns a machine that uses MACs and VLAN devices, without default interfaces
 * @throws WasmtablesError('HOST') naming the file, for JSON syntax with line and column; ('IO') for what cannot be read
 */
export function readHostFolder(directory: string): Machine {
  return readHost((name) => {
    const path = join(directory, name);
    try {
      return { path, text: readFileSync(path, 'utf8') };
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return { path, text: undefined };
      throw new WasmtablesError('IO', `${path}: ${(cause as Error).message}`, { cause });
    }
  });
}

/** A file of a host folder: how errors call it, and its text, undefined when there is none. */
export interface HostFile {
  readonly path: string;
  readonly text: string | undefined;
}

/** The same from any source of files. */
export function readHost(read: (name: string) => HostFile): Machine {
  const list = (name: string): Entry[] | undefined => {
    const { path, text } = read(name);
    return text === undefined || text.trim() === '' ? undefined : toEntries(parseJson(text, path), path);
  };
  const addressFile = read('addr.json').path;
  const addresses = list('addr.json');
  if (addresses === undefined) {
    throw new WasmtablesError('HOST', `${addressFile}: a host folder needs this file`, {
      hint: '`ip -json -details address > addr.json`, or `wasmtables snapshot DIR` on the host',
    });
  }
  const interfaces = readInterfaces(addresses, addressFile);
  const tables = new TableNames();
  const sysctls = readSysctls(read('sysctl.txt').text ?? '');
  const routeLists = { ipv4: list('route.json'), ipv6: list('route6.json') };
  const ruleLists = { ipv4: list('rule.json'), ipv6: list('rule6.json') };
  const groups = list('maddr.json');
  // Neighbours decide nothing here, but a broken file is one that was not copied well.
  list('neigh.json');
  const bare: Machine = {
    interfaces,
    routes: [],
    policyRules: [],
    sysctls,
    placement: { kind: 'host' },
    defaultIn: 0,
    defaultOut: 0,
    useMac: true,
    useVlan: true,
    routed: true,
    groups: groups === undefined ? undefined : readGroups(groups, interfaces),
  };
  const forwards6 = (one: Interface): boolean => config(bare, 'ipv6', 'forwarding', one.name) !== 0;
  const families: readonly Family[] = ['ipv4', 'ipv6'];
  const routes = families.flatMap((family) =>
    completeRoutes(family, readFamilyRoutes(family, routeLists, interfaces, tables), interfaces, forwards6),
  );
  const policyRules = families.flatMap((family): PolicyRule[] => {
    const entries = ruleLists[family];
    return entries === undefined ? defaultPolicyRules([family]) : readPolicyRules(entries, family, tables);
  });
  return { ...bare, routes, policyRules };
}

function readFamilyRoutes(
  family: Family,
  lists: Readonly<Record<Family, Entry[] | undefined>>,
  interfaces: readonly Interface[],
  tables: TableNames,
): Route[] | undefined {
  const own = lists[family];
  if (own !== undefined) return readRoutes(own, family, interfaces, tables);
  // `ip route show table all` prints IPv6 too.
  if (family === 'ipv4' || lists.ipv4 === undefined) return undefined;
  const mixed = lists.ipv4.filter((entry) => familyOf(entry) === 'ipv6');
  return mixed.length === 0 ? undefined : readRoutes(mixed, family, interfaces, tables);
}

/** Without routes: the kernel's own. Without a local table (`ip route` without `table all`): the kernel's in it. */
function completeRoutes(
  family: Family,
  routes: Route[] | undefined,
  interfaces: readonly Interface[],
  forwards6: (one: Interface) => boolean,
): Route[] {
  const kernel = kernelRoutes(interfaces, forwards6, [family]);
  if (routes === undefined) return kernel;
  if (routes.some((route) => route.table === TABLE_LOCAL)) return routes;
  return [...routes, ...kernel.filter((route) => route.table === TABLE_LOCAL)];
}

/** Lines of `sysctl -a`: `key = value`; what sysctl says about keys that it could not read is passed over. */
function readSysctls(text: string): Map<string, string> {
  const sysctls = new Map<string, string>();
  for (const line of text.split('\n')) {
    const match = /^([a-z][^\s=]*)\s*=\s*(.*?)\s*$/.exec(line);
    if (match?.[1] !== undefined && match[2] !== undefined) sysctls.set(match[1], match[2]);
  }
  return sysctls;
}

/** What the command line says about a host that a folder describes. */
export interface FolderOptions {
  readonly in?: string | undefined;
  readonly out?: string | undefined;
  readonly useMac?: boolean | undefined;
  readonly useVlan?: boolean | undefined;
}

/** A machine with `--in`, `--out`, `--mac` and `--vlan` applied; throws WasmtablesError('USAGE') for an unknown name. */
export function withOptions(machine: Machine, options: FolderOptions): Machine {
  const indexOf = (option: string, name: string | undefined): number | undefined => {
    if (name === undefined) return undefined;
    const found = machine.interfaces.find((one) => one.name === name);
    if (found !== undefined) return found.index;
    throw new WasmtablesError('USAGE', `${option}: the host has no interface "${name}"`, {
      hint: `it has ${machine.interfaces.map((one) => one.name).join(', ')}`,
    });
  };
  return {
    ...machine,
    defaultIn: indexOf('--in', options.in) ?? machine.defaultIn,
    defaultOut: indexOf('--out', options.out) ?? machine.defaultOut,
    useMac: options.useMac ?? machine.useMac,
    useVlan: options.useVlan ?? machine.useVlan,
  };
}
