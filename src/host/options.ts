// A machine from the options of the command line alone: --local, --in, --out, --hook.

import { WasmtablesError } from '../error.ts';
import * as Hook from '../layout/hook.ts';
import { type Address, parseAddress } from '../model/address.ts';
import type { HookName } from '../model/ruleset.ts';
import { defaultPolicyRules, kernelRoutes } from './kernel-route.ts';
import type { Interface, InterfaceAddress, Machine, Placement, Route } from './machine.ts';

export interface HostOptions {
  /** `--local ADDR,…`: addresses, each with or without `/LENGTH`. */
  readonly local?: string | undefined;
  readonly in?: string | undefined;
  readonly out?: string | undefined;
  readonly hook?: HookName | undefined;
}

const HOOKS: Readonly<Record<HookName, number>> = {
  PREROUTING: Hook.PREROUTING,
  INPUT: Hook.INPUT,
  FORWARD: Hook.FORWARD,
  OUTPUT: Hook.OUTPUT,
  POSTROUTING: Hook.POSTROUTING,
};

/** IFNAMSIZ is 16 with the zero behind the name. */
const NAME_MAX = 15;

/**
 * The machine that --local, --in, --out and --hook speak of. `--in` is `eth0` if it is not given; `--out` is the
 * same interface as `--in` then (with neither --local nor --hook: `eth1`).
 *
 * - `hook`: every packet passes that hook's tables, nothing is routed.
 * - `local`: a host with these addresses on `--in` and a default route by `--out`; it forwards if `--out` is given.
 * - neither: a router that forwards everything from `--in` to `--out` and what comes in there back.
 *
 * @throws WasmtablesError('USAGE') for an address or an interface name that is none.
 */
export function machineFromOptions(options: HostOptions): Machine {
  const inName = interfaceName('--in', options.in) ?? 'eth0';
  const isRouter = options.local === undefined && options.hook === undefined;
  const outName = interfaceName('--out', options.out) ?? (isRouter ? otherName(inName) : inName);
  const local = options.local === undefined ? [] : parseLocal(options.local);
  const addressesOf = (name: string): readonly InterfaceAddress[] => (name === inName ? local : []);
  const names = ['lo', inName, outName].filter((name, place, all) => all.indexOf(name) === place);
  const interfaces = names.map((name, place) => makeInterface(name, place + 1, addressesOf(name)));
  const indexOf = (name: string): number => names.indexOf(name) + 1;
  const placement: Placement =
    options.hook === undefined ? { kind: 'host' } : { kind: 'hook', hook: HOOKS[options.hook] };
  const forwarding = options.out !== undefined ? '1' : '0';
  const sysctls = new Map([
    ['net.ipv4.ip_forward', forwarding],
    ['net.ipv6.conf.all.forwarding', forwarding],
  ]);
  const defaults = (['ipv4', 'ipv6'] as const).map(
    (family): Route => ({
      family,
      type: 'unicast',
      destination: new Uint8Array(family === 'ipv4' ? 4 : 16),
      prefixLength: 0,
      table: 254,
      out: indexOf(outName),
      metric: 0,
      tos: 0,
    }),
  );
  return {
    interfaces,
    routes: [...kernelRoutes(interfaces, () => options.out !== undefined), ...defaults],
    policyRules: defaultPolicyRules(),
    sysctls,
    placement,
    defaultIn: indexOf(inName),
    defaultOut: indexOf(outName),
    useMac: false,
    useVlan: false,
    routed: !isRouter,
    routeBack: false,
  };
}

function otherName(name: string): string {
  return name === 'eth1' ? 'eth0' : 'eth1';
}

function interfaceName(option: string, name: string | undefined): string | undefined {
  if (name === undefined) return undefined;
  // dev_valid_name() in net/core/dev.c.
  if (name === '' || name.length > NAME_MAX || name === '.' || name === '..' || /[/:\s]/.test(name)) {
    throw new WasmtablesError('USAGE', `${option}: "${name}" is not the name of an interface`, {
      hint: 'a name has 1 to 15 characters, without blanks, "/" and ":"',
    });
  }
  return name;
}

/** No packet is longer: nothing is dropped for a limit that nobody has named. */
const MTU_UNKNOWN = 65535;

/** An interface of which nothing but name and addresses are known. */
export function makeInterface(
  name: string,
  index: number,
  addresses: readonly InterfaceAddress[],
): Interface {
  if (name === 'lo') {
    const own = [
      { address: parseAddress('127.0.0.1') as Address, prefixLength: 8 },
      { address: parseAddress('::1') as Address, prefixLength: 128 },
    ];
    return {
      name,
      index,
      loopback: true,
      ethernet: false,
      up: true,
      mtu: 65536,
      addresses: [...own, ...addresses],
    };
  }
  return { name, index, loopback: false, ethernet: true, up: true, mtu: MTU_UNKNOWN, addresses };
}

function parseLocal(text: string): InterfaceAddress[] {
  return text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '')
    .map((part) => {
      const [addressText = '', lengthText] = part.split('/');
      const address = parseAddress(addressText);
      const length = lengthText === undefined ? undefined : Number(lengthText);
      const bits = (address?.length ?? 0) * 8;
      if (
        address === undefined ||
        (length !== undefined && !(Number.isInteger(length) && length >= 0 && length <= bits))
      ) {
        throw new WasmtablesError('USAGE', `--local: "${part}" is not an address`, {
          hint: 'addresses are separated by commas, each one as 192.0.2.1 or 192.0.2.1/24 or 2001:db8::1',
        });
      }
      const prefixLength = length ?? bits;
      return { address, prefixLength, broadcast: broadcastOf(address, prefixLength) };
    });
}

/** The broadcast address that `ip address add … brd +` sets. */
function broadcastOf(address: Address, prefixLength: number): Address | undefined {
  if (address.length !== 4 || prefixLength > 30) return undefined;
  return address.map((byte, index) => byte | (0xff >> Math.min(8, Math.max(0, prefixLength - 8 * index))));
}
