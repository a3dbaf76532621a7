// From a captured packet to what the real kernel is given: which interface a frame comes in by, or that the host sends
// it. The command line's rules for this (direction flag, cooked packet type, MAC, source address, route back), written
// a second time.

import { isIPv4, isIPv6 } from 'node:net';
import { formatAddress, parseAddress } from '../../src/model/address.ts';
import * as capture from './capture.ts';
import type { HostInterface, HostSpec, Instruction } from './namespace.ts';

interface Layer3 {
  readonly packet: Uint8Array;
  /** Ethernet header with tags, where there is one. */
  readonly header?: Uint8Array | undefined;
  readonly sent?: boolean | undefined;
  readonly otherHost?: boolean | undefined;
}

const ETHERTYPE_IPV4 = 0x0800;
const ETHERTYPE_IPV6 = 0x86dd;
const ETHERTYPE_PPPOE = 0x8864;
const TAGS = new Set([0x8100, 0x88a8, 0x9100]);
const u16 = (data: Uint8Array, at: number) => ((data[at] ?? 0) << 8) | (data[at + 1] ?? 0);

/** The IP packet of a captured frame; undefined when there is none that the kernel would look at. */
function layer3(packet: capture.CapturedPacket): Layer3 | undefined {
  const { data } = packet;
  switch (packet.linkType) {
    case capture.LINKTYPE_ETHERNET: {
      let at = 12;
      while (TAGS.has(u16(data, at))) at += 4;
      const type = u16(data, at);
      if (type === ETHERTYPE_PPPOE && data[at + 3] === 0) {
        // A session's packets are looked into; the kernel gets them as if they stood in the frame themselves.
        const inner = { 33: ETHERTYPE_IPV4, 87: ETHERTYPE_IPV6 }[u16(data, at + 8)];
        if (inner === undefined) return undefined;
        const header = capture.join(data.subarray(0, at), Uint8Array.of(inner >> 8, inner & 255));
        return { packet: data.subarray(at + 10), header };
      }
      if (data.length < at + 2 || (type !== ETHERTYPE_IPV4 && type !== ETHERTYPE_IPV6)) return undefined;
      return { packet: data.subarray(at + 2), header: data.subarray(0, at + 2) };
    }
    case capture.LINKTYPE_LINUX_SLL:
      return cooked(data, 14, 16, u16(data, 0));
    case capture.LINKTYPE_LINUX_SLL2:
      return cooked(data, 0, 20, data[10] ?? 0);
    case capture.LINKTYPE_PPP:
      return pointToPoint(data);
    case capture.LINKTYPE_NULL:
    case capture.LINKTYPE_LOOP:
      return { packet: data.subarray(4) };
    case capture.LINKTYPE_RAW:
    case capture.LINKTYPE_IPV4:
    case capture.LINKTYPE_IPV6:
    case 12:
      return { packet: data };
    default:
      return undefined;
  }
}

/** With or without address and control bytes; a protocol number of one byte is odd (RFC 1661). */
function pointToPoint(data: Uint8Array): Layer3 | undefined {
  const at = data[0] === 0xff && data[1] === 3 ? 2 : 0;
  const short = ((data[at] ?? 0) & 1) === 1;
  const protocol = short ? data[at] : u16(data, at);
  return protocol === 0x21 || protocol === 0x57 ? { packet: data.subarray(at + (short ? 1 : 2)) } : undefined;
}

function cooked(data: Uint8Array, protocolAt: number, headerBytes: number, type: number): Layer3 | undefined {
  const protocol = u16(data, protocolAt);
  if (protocol !== ETHERTYPE_IPV4 && protocol !== ETHERTYPE_IPV6) return undefined;
  return { packet: data.subarray(headerBytes), sent: type === 4, otherHost: type === 3 };
}

const macBytes = (mac: string) => Uint8Array.from(mac.split(':').map((part) => Number.parseInt(part, 16)));
const equal = (one: Uint8Array, other: Uint8Array) =>
  one.length === other.length && one.every((byte, index) => byte === other[index]);

function addressOf(packet: Uint8Array): { source: string; destination: string; version: number } | undefined {
  const version = (packet[0] ?? 0) >> 4;
  if (version === 4 && packet.length >= 20) {
    return {
      source: formatAddress(packet.slice(12, 16)),
      destination: formatAddress(packet.slice(16, 20)),
      version,
    };
  }
  if (version === 6 && packet.length >= 40) {
    return {
      source: formatAddress(packet.slice(8, 24)),
      destination: formatAddress(packet.slice(24, 40)),
      version,
    };
  }
  return undefined;
}

/** The interface of the route back to `address`: connected networks and the host's routes, longest prefix first. */
function routeBack(host: HostSpec, address: string): HostInterface | undefined {
  const bytes = parseAddress(address) as Uint8Array;
  let best: HostInterface | undefined;
  let bestLength = -1;
  const consider = (network: string, device: string | undefined) => {
    const [text = '', prefix] = network === 'default' ? ['', '0'] : network.split('/');
    const base = text === '' ? new Uint8Array(bytes.length) : parseAddress(text);
    if (base === undefined || base.length !== bytes.length) return;
    const length = prefix === undefined ? base.length * 8 : Number(prefix);
    if (length <= bestLength) return;
    for (let bit = 0; bit < length; bit++) {
      if ((((base[bit >> 3] as number) ^ (bytes[bit >> 3] as number)) & (0x80 >> (bit & 7))) !== 0) return;
    }
    best = host.interfaces.find((one) => one.name === device);
    bestLength = length;
  };
  for (const one of host.interfaces) for (const network of one.addresses) consider(network, one.name);
  for (const route of host.routes) {
    const words = route.split(' ');
    const six = words.includes('-6') || route.includes(':');
    if (six === isIPv6(address)) consider(words[0] as string, words[words.indexOf('dev') + 1]);
  }
  return best;
}

function ipv4Checksum(header: Uint8Array): number {
  let sum = 0;
  for (let at = 0; at < header.length; at += 2) sum += at === 10 ? 0 : u16(header, at);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >> 16);
  return ~sum & 0xffff;
}

/**
 * The packet at its length on the wire: bytes beyond the snap length are zeros, a total length of 0 (segmentation
 * offload) is the captured length. `trim`: without what follows the packet in the frame.
 */
function restore(packet: Uint8Array, missingBytes: number, trim: boolean): Uint8Array {
  const whole = new Uint8Array(packet.length + Math.max(0, missingBytes));
  whole.set(packet);
  const version = (whole[0] ?? 0) >> 4;
  if (version === 4 && whole.length >= 20) {
    const headerBytes = ((whole[0] as number) & 15) * 4;
    if (u16(whole, 2) === 0 && whole.length <= 0xffff) {
      whole[2] = whole.length >> 8;
      whole[3] = whole.length & 255;
      const checksum = ipv4Checksum(whole.subarray(0, headerBytes));
      whole[10] = checksum >> 8;
      whole[11] = checksum & 255;
    }
    return trim ? whole.subarray(0, Math.max(headerBytes, u16(whole, 2))) : whole;
  }
  return trim && version === 6 && whole.length >= 40 ? whole.subarray(0, 40 + u16(whole, 4)) : whole;
}

/** What the kernel is given for a capture. Frames without IP are left out: no rule sees them. */
export function place(host: HostSpec, packets: readonly capture.CapturedPacket[]): Instruction[] {
  const macs = host.interfaces
    .filter((one) => one.vlan === undefined)
    .map((one) => ({ one, mac: macBytes(one.mac) }));
  const local = new Set(
    host.interfaces.flatMap((one) => one.addresses.map((text) => text.split('/')[0] as string)),
  );
  const isLocal = (address: string) =>
    local.has(address) || address === '::1' || (isIPv4(address) && address.startsWith('127.'));
  const useMac = packets
    .slice(0, 1000)
    .some(
      ({ data, linkType }) =>
        linkType === capture.LINKTYPE_ETHERNET &&
        macs.some(({ mac }) => equal(mac, data.subarray(0, 6)) || equal(mac, data.subarray(6, 12))),
    );
  const first = macs[0]?.one as HostInterface;
  const instructions: Instruction[] = [];
  for (const captured of packets) {
    const layer = layer3(captured);
    if (layer === undefined) continue;
    const missingBytes = captured.originalLength - captured.data.length;
    const addresses = addressOf(layer.packet);
    const named = host.interfaces.find((one) => one.name === captured.interface);
    const destinationMac = layer.header?.subarray(0, 6);
    const sourceMac = layer.header?.subarray(6, 12);
    const group = destinationMac !== undefined && ((destinationMac[0] as number) & 1) === 1;
    let sent = captured.direction === undefined ? layer.sent : captured.direction === 'out';
    let by = named;
    if (useMac && sourceMac !== undefined && destinationMac !== undefined) {
      const from = macs.find(({ mac }) => equal(mac, sourceMac))?.one;
      const to = macs.find(({ mac }) => equal(mac, destinationMac))?.one;
      if (sent === undefined && from !== undefined) sent = true;
      if (sent === undefined && to !== undefined) sent = false;
      by ??= sent === true ? from : to;
    }
    if (sent === undefined && addresses !== undefined) sent = isLocal(addresses.source);
    by ??= (addresses === undefined ? undefined : routeBack(host, addresses.source)) ?? first;
    if (sent === true) {
      if (addresses === undefined) continue;
      const packet = restore(layer.packet, missingBytes, true);
      // Longer than its frame: a host cannot have sent that; a raw socket would write a length of its own.
      const declared = addresses.version === 4 ? u16(packet, 2) : 40 + u16(packet, 4);
      if (declared > packet.length) continue;
      if (addresses.source === '0.0.0.0') throw new Error('a raw socket fills in a source of 0.0.0.0');
      instructions.push({ kind: 'send', interface: by.name, packet });
      continue;
    }
    const physical =
      by.vlan === undefined ? by : (host.interfaces.find((one) => one.name === by?.vlan?.link) ?? first);
    const header = layer.header?.slice() ?? new Uint8Array(14);
    if (layer.header === undefined) {
      const type = (layer.packet[0] ?? 0) >> 4 === 6 ? ETHERTYPE_IPV6 : ETHERTYPE_IPV4;
      header.set([type >> 8, type & 255], 12);
    }
    // Without the host's MAC in the capture MACs are ignored: the frame is for us unless it is for a group.
    if (layer.otherHost === true) header.set([2, 0, 0, 0, 0xff, 0xfe], 0);
    else if ((!useMac && !group) || layer.header === undefined) header.set(macBytes(physical.mac), 0);
    instructions.push({
      kind: 'receive',
      interface: physical.name,
      frame: capture.join(header, restore(layer.packet, missingBytes, false)),
    });
  }
  return instructions;
}
