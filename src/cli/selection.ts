// Which packets trace shows: numbers, addresses, protocol, ports.

import { Bytes, NotCaptured } from '../interpret/bytes.ts';
import type { Frame } from '../interpret/interpreter.ts';
import type { Link } from '../interpret/link.ts';
import { Lost } from '../interpret/lost.ts';
import { Packet, parseIpv4, parseIpv6 } from '../interpret/packet.ts';
import { type Address, parseAddress, prefixMask } from '../model/address.ts';
import { protocolNumber } from '../model/protocol.ts';

export interface NumberRange {
  readonly first: number;
  readonly last: number;
}

export interface SelectedAddress {
  readonly address: Address;
  readonly mask: Address;
}

/** Options of the selection; what is absent holds for every packet. */
export interface Selection {
  readonly packet?: readonly NumberRange[];
  readonly from?: SelectedAddress;
  readonly to?: SelectedAddress;
  readonly proto?: number;
  readonly port?: readonly NumberRange[];
}

export class PacketSelection {
  readonly #selection: Selection;
  readonly #lastNumber: number;

  constructor(selection: Selection) {
    this.#selection = selection;
    const { packet } = selection;
    this.#lastNumber =
      packet === undefined ? Number.POSITIVE_INFINITY : Math.max(...packet.map(({ last }) => last));
  }

  /** No packet from here on is selected by its number. */
  isPast(number: number): boolean {
    return number > this.#lastNumber;
  }

  includes(frame: Frame, link: Link): boolean {
    const { packet: numbers, from, to, proto, port } = this.#selection;
    if (numbers !== undefined && !inRanges(frame.number, numbers)) return false;
    if (from === undefined && to === undefined && proto === undefined && port === undefined) return true;
    const packet = parsePacket(frame, link);
    if (packet === undefined) return false;
    if (from !== undefined && !contains(from, packet.source)) return false;
    if (to !== undefined && !contains(to, packet.destination)) return false;
    try {
      if (proto !== undefined && packet.transport()?.protocol !== proto) return false;
      if (port === undefined) return true;
      const [source, destination] = packet.ports() ?? [];
      return [source, destination].some((one) => one !== undefined && inRanges(one, port));
    } catch (error) {
      if (error instanceof NotCaptured) return false;
      throw error;
    }
  }
}

function parsePacket(frame: Frame, link: Link): Packet | undefined {
  if (link.family === undefined) return undefined;
  const rest = new Bytes(frame.bytes.subarray(link.offset), frame.originalLength - link.offset);
  try {
    // What was sent is not held to what is asked of a packet that comes in.
    return new Packet(link.family === 'ipv4' ? parseIpv4(rest, false) : parseIpv6(rest), link.sender);
  } catch (error) {
    if (error instanceof Lost || error instanceof NotCaptured) return undefined;
    throw error;
  }
}

function inRanges(value: number, ranges: readonly NumberRange[]): boolean {
  return ranges.some(({ first, last }) => value >= first && value <= last);
}

function contains({ address, mask }: SelectedAddress, candidate: Address): boolean {
  if (address.length !== candidate.length) return false;
  return candidate.every((byte, index) => (byte & (mask[index] ?? 0)) === address[index]);
}

/** `7`, `7,9`, `100-200`; a string is what is wrong. */
function parseRanges(text: string): readonly NumberRange[] | string {
  const ranges: NumberRange[] = [];
  for (const word of text.split(',')) {
    const match = /^(\d{1,15})(?:-(\d{1,15}))?$/.exec(word.trim());
    const first = Number(match?.[1]);
    const last = Number(match?.[2] ?? match?.[1]);
    if (match === null || first > last) return `'${word}' is neither a number nor a range such as 100-200.`;
    ranges.push({ first, last });
  }
  return ranges;
}

/** Packets are numbered from 1. */
export function parseNumbers(text: string): readonly NumberRange[] | string {
  const ranges = parseRanges(text);
  if (typeof ranges === 'string') return ranges;
  return ranges.some(({ first }) => first === 0) ? 'Packets are numbered from 1.' : ranges;
}

export function parsePorts(text: string): readonly NumberRange[] | string {
  const ranges = parseRanges(text);
  if (typeof ranges === 'string') return ranges;
  return ranges.some(({ last }) => last > 65535) ? 'Ports go from 0 to 65535.' : ranges;
}

/** `192.0.2.1`, `2001:db8::/32`; a string is what is wrong. */
export function parseAddressWord(text: string): SelectedAddress | string {
  const [word = '', length] = text.split('/');
  const address = parseAddress(word);
  if (address === undefined) return `'${word}' is not an IPv4 or IPv6 address.`;
  const bits = address.length * 8;
  const prefix = length === undefined ? bits : /^\d+$/.test(length) ? Number(length) : -1;
  if (prefix < 0 || prefix > bits) return `'/${length}' is not a prefix length from 0 to ${bits}.`;
  const mask = prefixMask(prefix, address.length as 4 | 16);
  return { address: address.map((byte, index) => byte & (mask[index] ?? 0)), mask };
}

/** `tcp`, `47`; a string is what is wrong. */
export function parseProtocolWord(text: string): number | string {
  const number = /^\d+$/.test(text) ? Number(text) : protocolNumber(text.toLowerCase());
  if (number === undefined || number > 255) return `'${text}' is not a protocol.`;
  return number;
}
