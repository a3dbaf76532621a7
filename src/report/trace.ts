// TRACE lines, as the TRACE target and the kernel's log write them (net/netfilter/nf_log_syslog.c): where the packet
// is, its interfaces, its link-layer header, and the fields of its headers.

import type { Bytes } from '../interpret/bytes.ts';
import { NotCaptured } from '../interpret/bytes.ts';
import type { Step } from '../interpret/walk.ts';
import { formatAddress } from '../model/address.ts';

/** The link-layer header of the frame, when it has one. */
export interface TraceFrame {
  readonly linkHeader: Uint8Array | undefined;
}

/** `TRACE: raw:PREROUTING:rule:2 IN=eth0 OUT= MAC=... SRC=...`, without a line feed. */
export function traceLine(step: Step, frame: TraceFrame): string {
  let line = `TRACE: ${step.text} IN=${step.in?.name ?? ''} OUT=${step.out?.name ?? ''} `;
  // The kernel writes the MAC header of what came in; devices without one have an empty MAC=.
  if (step.in !== undefined) line += `MAC=${hexBytes(frame.linkHeader ?? new Uint8Array(0), ':')} `;
  const { bytes, family } = step.packet;
  const parts: string[] = [];
  try {
    if (family === 'ipv4') dumpIpv4(parts, bytes, 0, step.ttl);
    else dumpIpv6(parts, bytes, 0, step.ttl);
  } catch (error) {
    if (!(error instanceof NotCaptured)) throw error;
    parts.push('(not captured)');
  }
  if (step.mark !== 0) parts.push(`MARK=0x${step.mark.toString(16)}`);
  return (line + parts.join(' ')).trimEnd();
}

function hexBytes(bytes: Uint8Array, separator: string): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join(separator);
}

function hex(value: number, digits: number): string {
  return `0x${value.toString(16).toUpperCase().padStart(digits, '0')}`;
}

/** dump_ipv4_packet; `ttl` is what forwarding left of it, undefined in a packet within an ICMP error. */
function dumpIpv4(parts: string[], bytes: Bytes, at: number, ttl?: number): void {
  if (!bytes.has(at, 20)) {
    parts.push('TRUNCATED');
    return;
  }
  const tos = bytes.u8(at + 1);
  const fragment = bytes.u16(at + 6);
  const headerBytes = (bytes.u8(at) & 15) * 4;
  parts.push(
    `SRC=${formatAddress(bytes.slice(at + 12, 4))}`,
    `DST=${formatAddress(bytes.slice(at + 16, 4))}`,
    // The length the stack works with: a header of 0 stands for all there is.
    `LEN=${at === 0 ? bytes.length : bytes.u16(at + 2)}`,
    `TOS=${hex(tos & 0x1e, 2)}`,
    `PREC=${hex(tos & 0xe0, 2)}`,
    `TTL=${ttl ?? bytes.u8(at + 8)}`,
    `ID=${bytes.u16(at + 4)}`,
  );
  if ((fragment & 0x8000) !== 0) parts.push('CE');
  if ((fragment & 0x4000) !== 0) parts.push('DF');
  if ((fragment & 0x2000) !== 0) parts.push('MF');
  const offset = fragment & 0x1fff;
  if (offset !== 0) parts.push(`FRAG:${offset}`);
  if (headerBytes > 20 && bytes.has(at + 20, headerBytes - 20)) {
    parts.push(`OPT (${hexBytes(bytes.slice(at + 20, headerBytes - 20), '').toUpperCase()})`);
  }
  dumpTransport(parts, bytes, {
    at: at + headerBytes,
    protocol: bytes.u8(at + 9),
    later: offset !== 0,
    inner: at !== 0,
    v6: false,
  });
}

/** dump_ipv6_packet */
function dumpIpv6(parts: string[], bytes: Bytes, at: number, hopLimit?: number): void {
  if (!bytes.has(at, 40)) {
    parts.push('TRUNCATED');
    return;
  }
  const word = bytes.u32(at);
  parts.push(
    `SRC=${fullAddress(bytes.slice(at + 8, 16))}`,
    `DST=${fullAddress(bytes.slice(at + 24, 16))}`,
    `LEN=${bytes.u16(at + 4) + 40}`,
    `TC=${(word >>> 20) & 0xff}`,
    `HOPLIMIT=${hopLimit ?? bytes.u8(at + 7)}`,
    `FLOWLBL=${word & 0xfffff}`,
  );
  let protocol = bytes.u8(at + 6);
  let next = at + 40;
  let later = false;
  while ([0, 43, 44, 51, 60].includes(protocol)) {
    if (!bytes.has(next, 8)) {
      parts.push(`INCOMPLETE [${Math.max(0, bytes.length - next)} bytes]`);
      return;
    }
    parts.push('OPT (');
    const following = bytes.u8(next);
    if (protocol === 44) {
      const offset = bytes.u16(next + 2);
      parts.push(`FRAG:${offset & 0xfff8}`);
      if ((offset & 1) !== 0) parts.push('INCOMPLETE');
      parts.push(
        `ID:${bytes
          .u32(next + 4)
          .toString(16)
          .padStart(8, '0')}`,
      );
      later = (offset & 0xfff8) !== 0;
    }
    if (protocol === 51)
      parts.push(bytes.has(next, 12) ? `AH SPI=0x${bytes.u32(next + 4).toString(16)}` : 'AH');
    parts.push(')');
    const length = bytes.u8(next + 1);
    next += protocol === 44 ? 8 : protocol === 51 ? (length + 2) * 4 : (length + 1) * 8;
    protocol = following;
    if (later) break;
  }
  dumpTransport(parts, bytes, { at: next, protocol, later, inner: at !== 0, v6: true });
}

/** %pI6: eight groups of four digits. */
function fullAddress(address: Uint8Array): string {
  const digits = hexBytes(address, '');
  return (digits.match(/.{4}/g) ?? []).join(':');
}

interface Transport {
  readonly at: number;
  readonly protocol: number;
  /** A later fragment: no header to show. */
  readonly later: boolean;
  /** The packet within an ICMP error. */
  readonly inner: boolean;
  readonly v6: boolean;
}

function dumpTransport(parts: string[], bytes: Bytes, transport: Transport): void {
  const { at, protocol, later } = transport;
  switch (protocol) {
    case 6:
      parts.push('PROTO=TCP');
      if (!later && complete(parts, bytes, at, 20)) dumpTcp(parts, bytes, at);
      return;
    case 17:
    case 136:
      parts.push(protocol === 17 ? 'PROTO=UDP' : 'PROTO=UDPLITE');
      if (!later && complete(parts, bytes, at, 8)) {
        parts.push(`SPT=${bytes.u16(at)}`, `DPT=${bytes.u16(at + 2)}`, `LEN=${bytes.u16(at + 4)}`);
      }
      return;
    case 1:
      parts.push('PROTO=ICMP');
      if (!later && !transport.v6 && complete(parts, bytes, at, 4)) dumpIcmp(parts, bytes, transport);
      return;
    case 58:
      if (!transport.v6) break;
      parts.push('PROTO=ICMPv6');
      if (!later && complete(parts, bytes, at, 4)) dumpIcmp(parts, bytes, transport);
      return;
    case 50:
    case 51:
      parts.push(protocol === 50 ? 'PROTO=ESP' : 'PROTO=AH');
      if (!later && complete(parts, bytes, at, protocol === 50 ? 8 : 12)) {
        parts.push(`SPI=0x${bytes.u32(protocol === 50 ? at : at + 4).toString(16)}`);
      }
      return;
  }
  parts.push(`PROTO=${protocol}`);
}

function complete(parts: string[], bytes: Bytes, at: number, count: number): boolean {
  if (bytes.has(at, count)) return true;
  parts.push(`INCOMPLETE [${Math.max(0, bytes.length - at)} bytes]`);
  return false;
}

/** nf_log_dump_tcp_header, with sequence numbers and options as TRACE asks for them. */
function dumpTcp(parts: string[], bytes: Bytes, at: number): void {
  parts.push(`SPT=${bytes.u16(at)}`, `DPT=${bytes.u16(at + 2)}`);
  parts.push(`SEQ=${bytes.u32(at + 4)}`, `ACK=${bytes.u32(at + 8)}`);
  parts.push(`WINDOW=${bytes.u16(at + 14)}`);
  parts.push(`RES=0x${((bytes.u8(at + 12) & 15) << 2).toString(16).padStart(2, '0')}`);
  const flags = bytes.u8(at + 13);
  for (const [bit, name] of [
    [0x80, 'CWR'],
    [0x40, 'ECE'],
    [0x20, 'URG'],
    [0x10, 'ACK'],
    [0x08, 'PSH'],
    [0x04, 'RST'],
    [0x02, 'SYN'],
    [0x01, 'FIN'],
  ] as const) {
    if ((flags & bit) !== 0) parts.push(name);
  }
  parts.push(`URGP=${bytes.u16(at + 18)}`);
  const headerBytes = (bytes.u8(at + 12) >> 4) * 4;
  if (headerBytes > 20 && bytes.has(at + 20, headerBytes - 20)) {
    parts.push(`OPT (${hexBytes(bytes.slice(at + 20, headerBytes - 20), '').toUpperCase()})`);
  }
}

function dumpIcmp(parts: string[], bytes: Bytes, { at, v6, inner }: Transport): void {
  const type = bytes.u8(at);
  const code = bytes.u8(at + 1);
  parts.push(`TYPE=${type}`, `CODE=${code}`);
  const echo = v6 ? [128, 129] : [0, 8];
  if (echo.includes(type) && bytes.has(at, 8)) {
    parts.push(`ID=${bytes.u16(at + 4)}`, `SEQ=${bytes.u16(at + 6)}`);
    return;
  }
  const errors = v6 ? [1, 2, 3, 4] : [3, 4, 5, 11, 12];
  if (!errors.includes(type) || !bytes.has(at, 8)) return;
  if (type === (v6 ? 4 : 12)) {
    parts.push(v6 ? `POINTER=${bytes.u32(at + 4).toString(16)}` : `PARAMETER=${bytes.u8(at + 4)}`);
  }
  if (!v6 && type === 5) parts.push(`GATEWAY=${formatAddress(bytes.slice(at + 4, 4))}`);
  if (!inner) {
    const within: string[] = [];
    if (v6) dumpIpv6(within, bytes, at + 8);
    else dumpIpv4(within, bytes, at + 8);
    parts.push(`[${within.join(' ')} ]`);
  }
  if (v6 ? type === 2 : type === 3 && code === 4) {
    parts.push(`MTU=${v6 ? bytes.u32(at + 4) : bytes.u16(at + 6)}`);
  }
}
