// Frames made byte by byte, right or wrong on purpose.

import { parseAddress } from '../../src/model/address.ts';
import { join } from './capture.ts';

export function bytes(...values: number[]): Uint8Array {
  return Uint8Array.from(values);
}

export function be16(value: number): Uint8Array {
  return bytes((value >> 8) & 255, value & 255);
}

export function be32(value: number): Uint8Array {
  return bytes((value >>> 24) & 255, (value >> 16) & 255, (value >> 8) & 255, value & 255);
}

export function mac(text: string): Uint8Array {
  return Uint8Array.from(text.split(':').map((part) => Number.parseInt(part, 16)));
}

export interface Tag {
  readonly type?: number;
  readonly id: number;
}

export function ethernet(
  to: string,
  from: string,
  packet: Uint8Array,
  tags: readonly Tag[] = [],
): Uint8Array {
  const type = (packet[0] ?? 0) >> 4 === 6 ? 0x86dd : 0x0800;
  return join(
    mac(to),
    mac(from),
    ...tags.map((tag) => join(be16(tag.type ?? 0x8100), be16(tag.id))),
    be16(type),
    packet,
  );
}

export function checksum(data: Uint8Array): number {
  let sum = 0;
  for (let at = 0; at < data.length; at += 2) sum += ((data[at] ?? 0) << 8) | (data[at + 1] ?? 0);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >> 16);
  return ~sum & 0xffff;
}

export interface Ipv4Fields {
  readonly source: string;
  readonly destination: string;
  readonly protocol: number;
  readonly payload: Uint8Array;
  readonly ttl?: number;
  readonly tos?: number;
  readonly id?: number;
  /** Flags and offset, the 16-bit field: 0x4000 DF, 0x2000 MF, offset in 8-byte units. */
  readonly fragment?: number;
  /** Padded to 4 bytes with end-of-list. */
  readonly options?: Uint8Array;
  /** Instead of the true ones. */
  readonly totalLength?: number;
  readonly headerWords?: number;
  readonly version?: number;
  readonly checksumError?: number;
}

export function ipv4(fields: Ipv4Fields): Uint8Array {
  const given = fields.options ?? new Uint8Array(0);
  const options = new Uint8Array((given.length + 3) & ~3);
  options.set(given);
  const length = 20 + options.length + fields.payload.length;
  const header = join(
    bytes(((fields.version ?? 4) << 4) | (fields.headerWords ?? 5 + options.length / 4), fields.tos ?? 0),
    be16(fields.totalLength ?? length),
    be16(fields.id ?? 0x1234),
    be16(fields.fragment ?? 0),
    bytes(fields.ttl ?? 64, fields.protocol, 0, 0),
    parseAddress(fields.source) as Uint8Array,
    parseAddress(fields.destination) as Uint8Array,
    options,
  );
  header.set(be16(checksum(header) ^ (fields.checksumError ?? 0)), 10);
  return join(header, fields.payload);
}

export interface Ipv6Fields {
  readonly source: string;
  readonly destination: string;
  /** Of `payload`, after the extension headers. */
  readonly protocol: number;
  readonly payload: Uint8Array;
  /** Protocol and bytes of each; byte 0 (next header) is filled in. */
  readonly extensions?: readonly { readonly protocol: number; readonly data: Uint8Array }[];
  readonly hopLimit?: number;
  readonly trafficClass?: number;
  readonly payloadLength?: number;
}

export function ipv6(fields: Ipv6Fields): Uint8Array {
  const extensions = fields.extensions ?? [];
  const chain = [...extensions.map((one) => one.protocol), fields.protocol];
  const parts = extensions.map((one, index) => {
    const data = one.data.slice();
    data[0] = chain[index + 1] as number;
    return data;
  });
  const body = join(...parts, fields.payload);
  const trafficClass = fields.trafficClass ?? 0;
  return join(
    bytes(0x60 | (trafficClass >> 4), (trafficClass & 15) << 4, 0, 0),
    be16(fields.payloadLength ?? body.length),
    bytes(chain[0] as number, fields.hopLimit ?? 64),
    parseAddress(fields.source) as Uint8Array,
    parseAddress(fields.destination) as Uint8Array,
    body,
  );
}

export interface TcpFields {
  readonly sourcePort: number;
  readonly destinationPort: number;
  readonly flags: number;
  readonly options?: Uint8Array;
  readonly payload?: Uint8Array;
  readonly headerWords?: number;
}

export function tcp(fields: TcpFields): Uint8Array {
  const given = fields.options ?? new Uint8Array(0);
  const options = new Uint8Array((given.length + 3) & ~3);
  options.set(given);
  return join(
    be16(fields.sourcePort),
    be16(fields.destinationPort),
    be32(0x10000000),
    be32(0),
    bytes((fields.headerWords ?? 5 + options.length / 4) << 4, fields.flags),
    be16(0xffff),
    be32(0),
    options,
    fields.payload ?? new Uint8Array(0),
  );
}

export function udp(
  sourcePort: number,
  destinationPort: number,
  payload: Uint8Array,
  length?: number,
): Uint8Array {
  return join(be16(sourcePort), be16(destinationPort), be16(length ?? 8 + payload.length), be16(0), payload);
}

export function icmp(type: number, code: number, rest: Uint8Array): Uint8Array {
  const message = join(bytes(type, code, 0, 0), rest);
  message.set(be16(checksum(message)), 2);
  return message;
}

export function sctp(sourcePort: number, destinationPort: number, chunks: Uint8Array): Uint8Array {
  return join(be16(sourcePort), be16(destinationPort), be32(1), be32(0), chunks);
}

export function dccp(sourcePort: number, destinationPort: number, type: number): Uint8Array {
  return join(
    be16(sourcePort),
    be16(destinationPort),
    bytes(4, 0, 0, 0, (type << 1) | 1, 0, 0, 0),
    be32(0),
    be32(0),
  );
}
