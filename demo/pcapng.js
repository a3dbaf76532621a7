// A pcapng file: one section, named interfaces, packets with direction flags and nanosecond times.

function block(type, body) {
  const padded = Buffer.concat([body, Buffer.alloc(-body.length & 3)]);
  const out = Buffer.alloc(12 + padded.length);
  out.writeUInt32LE(type, 0);
  out.writeUInt32LE(out.length, 4);
  padded.copy(out, 8);
  out.writeUInt32LE(out.length, out.length - 4);
  return out;
}

function option(code, value) {
  const head = Buffer.alloc(4);
  head.writeUInt16LE(code, 0);
  head.writeUInt16LE(value.length, 2);
  return Buffer.concat([head, value, Buffer.alloc(-value.length & 3)]);
}

const END = Buffer.alloc(4);

/** @param {string[]} interfaces names; packets name them by place */
export function fileStart(interfaces) {
  const section = Buffer.alloc(16);
  section.writeUInt32LE(0x1a2b3c4d, 0);
  section.writeUInt16LE(1, 4);
  section.writeBigInt64LE(-1n, 8);
  const described = interfaces.map((name) => {
    const body = Buffer.alloc(8);
    body.writeUInt16LE(1, 0);
    body.writeUInt32LE(262144, 4);
    const options = [option(2, Buffer.from(name)), option(9, Buffer.from([9])), END];
    return block(1, Buffer.concat([body, ...options]));
  });
  return Buffer.concat([block(0x0a0d0d0a, section), ...described]);
}

/** @param {{iface: number, timeNs: bigint, outbound: boolean, frame: Buffer}} packet */
export function packetBlock({ iface, timeNs, outbound, frame }) {
  const head = Buffer.alloc(20);
  head.writeUInt32LE(iface, 0);
  head.writeUInt32LE(Number(timeNs >> 32n), 4);
  head.writeUInt32LE(Number(timeNs & 0xffffffffn), 8);
  head.writeUInt32LE(frame.length, 12);
  head.writeUInt32LE(frame.length, 16);
  const flags = Buffer.alloc(4);
  flags.writeUInt32LE(outbound ? 2 : 1, 0);
  const padded = Buffer.concat([frame, Buffer.alloc(-frame.length & 3)]);
  return block(6, Buffer.concat([head, padded, option(2, flags), END]));
}
