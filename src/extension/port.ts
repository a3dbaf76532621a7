// Port ranges of tcp, udp, udplite, sctp, dccp and multiport: reading, printing, lowering.

import * as Op from '../layout/op.ts';
import * as Packet from '../layout/packet.ts';
import { servicePort } from '../model/service.ts';
import type { LowerContext, OptionSpec, ParseContext, ParsedOption } from './extension.ts';
import { argument, find, integer, not } from './value.ts';

/** Inclusive range of ports; `invert` when `!` stood before the option. */
export interface PortRange {
  readonly lo: number;
  readonly hi: number;
  readonly invert: boolean;
}

/** What `--sport` and `--dport` say; undefined when an option was not given. */
export interface PortOptions {
  readonly sport?: PortRange | undefined;
  readonly dport?: PortRange | undefined;
}

export const PORT_OPTIONS: readonly OptionSpec[] = [
  { name: 'sport', aliases: ['source-port'], arguments: 1, invertible: true },
  { name: 'dport', aliases: ['destination-port'], arguments: 1, invertible: true },
];

/** Protocols whose service names can be looked up; names of UDPLite's ports are in no table. */
const SERVICE_PROTOCOLS: Readonly<Record<number, 'tcp' | 'udp' | 'sctp' | 'dccp'>> = {
  6: 'tcp',
  17: 'udp',
  33: 'dccp',
  132: 'sctp',
};

/** Stands for "the service names of every protocol". */
export const ANY_PROTOCOL = 0;

/** One port, a number or a service name of the protocol (xtables_parse_port). */
export function parsePort(
  text: string,
  protocol: number,
  option: ParsedOption,
  context: ParseContext,
): number {
  const port = integer(text, 0xffff) ?? service(text, protocol);
  if (port !== undefined) return port;
  return context.fail(`invalid port or service name "${text}"`, option);
}

function service(name: string, protocol: number): number | undefined {
  if (protocol === ANY_PROTOCOL) return servicePort(name);
  const known = SERVICE_PROTOCOLS[protocol];
  return known === undefined ? undefined : servicePort(name, known);
}

/** `--sport`, `--dport`: PORT or FIRST:LAST, either end may be missing. */
export function parsePorts(
  options: readonly ParsedOption[],
  protocol: number,
  context: ParseContext,
): PortOptions {
  const range = (name: string): PortRange | undefined => {
    const option = find(options, name);
    if (option === undefined) return undefined;
    const text = argument(option);
    const colon = text.indexOf(':');
    if (colon < 0) {
      const port = parsePort(text, protocol, option, context);
      return { lo: port, hi: port, invert: option.invert };
    }
    const first = text.slice(0, colon);
    const last = text.slice(colon + 1);
    const lo = first === '' ? 0 : parsePort(first, protocol, option, context);
    const hi = last === '' ? 0xffff : parsePort(last, protocol, option, context);
    if (lo > hi) context.fail(`invalid port range "${text}" (first > last)`, option);
    return { lo, hi, invert: option.invert };
  };
  return { sport: range('sport'), dport: range('dport') };
}

/** A range that says nothing is not printed. */
const says = (range: PortRange | undefined): range is PortRange =>
  range !== undefined && (range.invert || range.lo !== 0 || range.hi !== 0xffff);

const span = (range: PortRange): string =>
  range.lo === range.hi ? `${range.lo}` : `${range.lo}:${range.hi}`;

/** The words of iptables-save. */
export function printPorts({ sport, dport }: PortOptions): string[] {
  return [
    ...(says(sport) ? [`${not(sport.invert)}--sport ${span(sport)}`] : []),
    ...(says(dport) ? [`${not(dport.invert)}--dport ${span(dport)}`] : []),
  ];
}

/** The same for sctp and dccp, which print a range that was given although it says nothing. */
export function printPortsAsGiven({ sport, dport }: PortOptions): string[] {
  return [
    ...(sport === undefined ? [] : [`${not(sport.invert)}--sport ${span(sport)}`]),
    ...(dport === undefined ? [] : [`${not(dport.invert)}--dport ${span(dport)}`]),
  ];
}

/** The words of `iptables -L -n`: `spt:5`, `dpts:!1:6`. */
export function listPorts({ sport, dport }: PortOptions): string[] {
  const word = (name: string, range: PortRange): string =>
    `${name}${range.lo === range.hi ? '' : 's'}:${range.invert ? '!' : ''}${span(range)}`;
  return [...(says(sport) ? [word('spt', sport)] : []), ...(says(dport) ? [word('dpt', dport)] : [])];
}

/** Conditions on the ports; the transport header has been asked for before. */
export function lowerPorts({ sport, dport }: PortOptions, context: LowerContext): void {
  if (says(sport)) lowerField(Packet.SPORT, sport, context);
  if (says(dport)) lowerField(Packet.DPORT, dport, context);
}

/** How far into the transport header the given ports reach, in bytes. */
export const portBytes = ({ sport, dport }: PortOptions): number => (says(dport) ? 4 : says(sport) ? 2 : 0);

/** Field in [lo, hi], or not in it. */
export function lowerField(
  field: number,
  range: { readonly lo: number; readonly hi: number; readonly invert: boolean },
  context: LowerContext,
): void {
  context.emit(Op.FIELD_RANGE, field | (range.invert ? 1 << 16 : 0), range.lo, range.hi);
}

/** (field & mask) == value, or not. */
export function lowerMasked(
  field: number,
  mask: number,
  value: number,
  invert: boolean,
  context: LowerContext,
): void {
  context.emit(Op.FIELD_MASK, field | (invert ? 1 << 16 : 0), mask, value);
}

/**
 * Asks for a transport header: `declared` bytes by the IP header's length, `read` of them captured (what the
 * operations behind this one look at). `how`: Op.TRANSPORT_* bits.
 */
export function lowerTransport(declared: number, read: number, how: number, context: LowerContext): void {
  context.emit(Op.TRANSPORT, declared | (read << 8) | (how << 16));
}
