// Frames for the demo's capture: Ethernet, VLAN, IPv4, IPv6, TCP, UDP, ICMP, with checksums as on the wire.

/** @param {string} text `02:00:5e:00:53:01` */
export function mac(text) {
  return Buffer.from(text.replaceAll(':', ''), 'hex');
}

/** @param {string} text an IPv4 or IPv6 address */
export function address(text) {
  if (!text.includes(':')) return Buffer.from(text.split('.').map(Number));
  const [head = '', tail] = text.split('::');
  const groups = (part) => (part === '' || part === undefined ? [] : part.split(':'));
  const zeros = Array(8 - groups(head).length - groups(tail).length).fill('0');
  const all = [...groups(head), ...zeros, ...groups(tail)];
  return Buffer.from(all.map((group) => group.padStart(4, '0')).join(''), 'hex');
}

/** The Internet checksum (RFC 1071). */
function checksum(...parts) {
  const bytes = Buffer.concat(parts);
  let sum = 0;
  for (let at = 0; at < bytes.length; at += 2) sum += (bytes[at] << 8) | (bytes[at + 1] ?? 0);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  return ~sum & 0xffff;
}

/** What TCP, UDP and ICMPv6 checksums cover besides themselves. */
function pseudoHeader(source, destination, protocol, length) {
  const rest = Buffer.alloc(source.length === 4 ? 4 : 8);
  if (source.length === 4) {
    rest[1] = protocol;
    rest.writeUInt16BE(length, 2);
  } else {
    rest.writeUInt32BE(length, 0);
    rest[7] = protocol;
  }
  return Buffer.concat([source, destination, rest]);
}

const FLAGS = { F: 1, S: 2, R: 4, P: 8, A: 16, U: 32 };

/** @param {{sport: number, dport: number, seq?: number, ack?: number, flags: string, data?: Buffer}} fields */
export function tcp(fields) {
  const options = fields.flags.includes('S')
    ? Buffer.from('020405b40402080a000000010000000001030307', 'hex')
    : Buffer.alloc(0);
  const header = Buffer.alloc(20 + options.length);
  header.writeUInt16BE(fields.sport, 0);
  header.writeUInt16BE(fields.dport, 2);
  header.writeUInt32BE((fields.seq ?? 0) >>> 0, 4);
  header.writeUInt32BE((fields.ack ?? 0) >>> 0, 8);
  header[12] = ((20 + options.length) / 4) << 4;
  header[13] = [...fields.flags].reduce((bits, flag) => bits | FLAGS[flag], 0);
  header.writeUInt16BE(64240, 14);
  options.copy(header, 20);
  return { protocol: 6, checksumAt: 16, bytes: Buffer.concat([header, fields.data ?? Buffer.alloc(0)]) };
}

/** @param {{sport: number, dport: number, data: Buffer}} fields */
export function udp(fields) {
  const header = Buffer.alloc(8);
  header.writeUInt16BE(fields.sport, 0);
  header.writeUInt16BE(fields.dport, 2);
  header.writeUInt16BE(8 + fields.data.length, 4);
  return { protocol: 17, checksumAt: 6, bytes: Buffer.concat([header, fields.data]) };
}

/** ICMP, or ICMPv6 with `v6`. */
export function icmp(type, code, rest, v6 = false) {
  return {
    protocol: v6 ? 58 : 1,
    checksumAt: 2,
    bytes: Buffer.concat([Buffer.from([type, code, 0, 0]), rest]),
  };
}

function withChecksum(source, destination, { protocol, checksumAt, bytes }) {
  const pseudo = protocol === 1 ? Buffer.alloc(0) : pseudoHeader(source, destination, protocol, bytes.length);
  const sum = checksum(pseudo, bytes);
  // In UDP a zero would say that there is none.
  bytes.writeUInt16BE(sum === 0 && protocol === 17 ? 0xffff : sum, checksumAt);
  return bytes;
}

let identification = 1000;

/** An IPv4 or IPv6 packet, by its addresses. `mtu` cuts an IPv4 one into fragments. */
export function ip(from, to, payload, { ttl = 64, tos = 0, mtu = 1500, badChecksum = false } = {}) {
  const source = address(from);
  const destination = address(to);
  const bytes = withChecksum(source, destination, payload);
  if (source.length === 16) {
    const header = Buffer.alloc(8);
    header[0] = 0x60;
    header.writeUInt16BE(bytes.length, 4);
    header[6] = payload.protocol;
    header[7] = ttl;
    return [Buffer.concat([header, source, destination, bytes])];
  }
  const id = identification++ & 0xffff;
  const room = (mtu - 20) & ~7;
  const packets = [];
  for (let at = 0; at === 0 || at < bytes.length; at += room) {
    const part = bytes.subarray(at, at + room);
    const more = at + room < bytes.length;
    const header = Buffer.alloc(12);
    header[0] = 0x45;
    header[1] = tos;
    header.writeUInt16BE(20 + part.length, 2);
    header.writeUInt16BE(id, 4);
    header.writeUInt16BE((more ? 0x2000 : bytes.length > room ? 0 : 0x4000) | (at >> 3), 6);
    header[8] = ttl;
    header[9] = payload.protocol;
    header.writeUInt16BE(checksum(header, source, destination) ^ (badChecksum ? 1 : 0), 10);
    packets.push(Buffer.concat([header, source, destination, part]));
  }
  return packets;
}

/** An Ethernet frame of at least 60 bytes; `vlan` tags it. */
export function ethernet(destination, source, packet, { etherType, vlan } = {}) {
  const type = etherType ?? (packet[0] >> 4 === 6 ? 0x86dd : 0x0800);
  const tag = vlan === undefined ? Buffer.alloc(0) : Buffer.from([0x81, 0x00, vlan >> 8, vlan & 255]);
  const frame = Buffer.concat([destination, source, tag, Buffer.from([type >> 8, type & 255]), packet]);
  return frame.length >= 60 ? frame : Buffer.concat([frame, Buffer.alloc(60 - frame.length)]);
}
