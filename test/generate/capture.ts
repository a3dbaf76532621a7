// Frames as capture files, so that what the reference is given directly can be given to a scan: pcapng, with interface
// names and direction flags, and plain pcap.

import type { Machine } from '../../src/host/machine.ts';
import type { Frame } from '../../src/interpret/interpreter.ts';

function block(type: number, body: Buffer): Buffer {
  const length = 12 + body.length;
  const head = Buffer.alloc(8);
  head.writeUInt32LE(type, 0);
  head.writeUInt32LE(length, 4);
  const tail = Buffer.alloc(4);
  tail.writeUInt32LE(length, 0);
  return Buffer.concat([head, body, tail]);
}

function padded(bytes: Uint8Array): Buffer {
  return Buffer.concat([bytes, Buffer.alloc((4 - (bytes.length % 4)) % 4)]);
}

function option(code: number, value: Uint8Array): Buffer {
  const head = Buffer.alloc(4);
  head.writeUInt16LE(code, 0);
  head.writeUInt16LE(value.length, 2);
  return Buffer.concat([head, padded(value)]);
}

const END = option(0, new Uint8Array());

function sectionHeader(): Buffer {
  const body = Buffer.alloc(16, 0xff);
  body.writeUInt32LE(0x1a2b3c4d, 0);
  body.writeUInt16LE(1, 4);
  body.writeUInt16LE(0, 6);
  return block(0x0a0d0d0a, body);
}

/** Nanosecond timestamps; if_name where the frame has an interface. */
function interfaceDescription(linkType: number, name: string | undefined): Buffer {
  const head = Buffer.alloc(8);
  head.writeUInt16LE(linkType, 0);
  const named = name === undefined ? [] : [option(2, Buffer.from(name))];
  return block(1, Buffer.concat([head, ...named, option(9, Uint8Array.of(9)), END]));
}

function enhancedPacket(frame: Frame, interfaceNumber: number): Buffer {
  const head = Buffer.alloc(20);
  head.writeUInt32LE(interfaceNumber, 0);
  head.writeUInt32LE(Number(frame.timeNs >> 32n), 4);
  head.writeUInt32LE(Number(frame.timeNs & 0xffffffffn), 8);
  head.writeUInt32LE(frame.bytes.length, 12);
  head.writeUInt32LE(frame.originalLength, 16);
  // epb_flags: the two lowest bits are the direction.
  const flags =
    frame.direction === undefined
      ? []
      : [option(2, Uint8Array.of(frame.direction === 'in' ? 1 : 2, 0, 0, 0)), END];
  return block(6, Buffer.concat([head, padded(frame.bytes), ...flags]));
}

/** One section; an interface for each pair of link type and interface of the machine. */
export function pcapng(frames: readonly Frame[], machine: Machine): Buffer {
  const keys: string[] = [];
  const descriptions: Buffer[] = [];
  const packets = frames.map((frame) => {
    const key = `${frame.linkType} ${frame.interfaceIndex ?? ''}`;
    let number = keys.indexOf(key);
    if (number < 0) {
      number = keys.push(key) - 1;
      const name = machine.interfaces.find((one) => one.index === frame.interfaceIndex)?.name;
      descriptions.push(interfaceDescription(frame.linkType, name));
    }
    return enhancedPacket(frame, number);
  });
  return Buffer.concat([sectionHeader(), ...descriptions, ...packets]);
}

/** A pcap file of nanosecond stamps, of the Ethernet frames alone. */
export function pcap(frames: readonly Frame[]): Buffer {
  const header = Buffer.alloc(24);
  header.writeUInt32LE(0xa1b23c4d, 0);
  header.writeUInt16LE(2, 4);
  header.writeUInt16LE(4, 6);
  header.writeUInt32LE(262144, 16);
  header.writeUInt32LE(1, 20);
  const records = frames
    .filter((frame) => frame.linkType === 1)
    .map((frame) => {
      const head = Buffer.alloc(16);
      head.writeUInt32LE(Number(frame.timeNs / 1_000_000_000n), 0);
      head.writeUInt32LE(Number(frame.timeNs % 1_000_000_000n), 4);
      head.writeUInt32LE(frame.bytes.length, 8);
      head.writeUInt32LE(frame.originalLength, 12);
      return Buffer.concat([head, frame.bytes]);
    });
  return Buffer.concat([header, ...records]);
}
