// Frames that are wrong, rare or forbidden, one in three; the others make sure that the rules count something.

import type { Frame } from './capture.ts';
import { randomFrames } from './generate.ts';
import type { HostInterface, HostSpec } from './namespace.ts';
import * as packet from './packet.ts';
import { Random } from './random.ts';

const SOURCES_IPV4 = [
  '127.0.0.1',
  '255.255.255.255',
  '224.0.0.1',
  '240.0.0.1',
  '169.254.1.1',
  '198.51.100.77',
  '192.168.1.50',
  '10.0.3.4',
  '192.168.1.0',
  '192.168.1.255',
  '0.1.2.3',
];
const DESTINATIONS_IPV4 = [
  '127.0.0.1',
  '0.0.0.0',
  '240.0.0.1',
  '169.254.1.1',
  '192.168.1.0',
  '192.168.1.255',
  '10.0.255.255',
  '255.255.255.255',
  '224.0.0.1',
  '224.0.0.5',
  '239.1.1.1',
  '8.8.8.8',
  '10.99.1.1',
];
const SOURCES_IPV6 = [
  '::',
  '::1',
  'ff02::1',
  '::ffff:192.0.2.1',
  'fe80::99',
  '2001:db8:5::5',
  '2001:db8:2::7',
  'fc00::1',
];
const DESTINATIONS_IPV6 = [
  '::',
  '::1',
  'ff00::1',
  'ff01::1',
  'ff02::1',
  'ff02::2',
  'ff02::fb',
  'ff05::2',
  'ff02::1:ff00:1',
  'ff02::1:ff00:10',
  'fe80::77',
  '::ffff:192.0.2.1',
  '2001:db8:1::',
  '2001:db8:5::5',
  '2001:db8:2::7',
];

const OPTIONS_IPV4 = [
  [131, 7, 4, 10, 0, 3, 4],
  [131, 11, 8, 10, 0, 3, 4, 10, 0, 3, 5],
  [137, 7, 4, 10, 0, 3, 4],
  [131, 7, 8, 10, 0, 3, 4],
  [7, 2],
  [7, 0],
  [7, 1],
  [7, 7, 8, 1, 2, 3, 4],
  [7, 40, 4],
  [68, 12, 13, 0, 1, 2, 3, 4, 5, 6, 7, 8],
  [68, 12, 5, 1, 0, 0, 0, 0, 0, 0, 0, 0],
  [68, 4, 5, 0xf0],
  [148, 4, 0, 0],
  [148, 4, 0, 1],
  [148, 3, 0],
  [134, 8, 0, 0, 0, 1, 0, 0],
  [130, 11, 0, 0, 0, 0, 0, 0, 0, 0, 0],
  [99, 4, 1, 1],
  [0, 1, 2, 3],
  [1, 1, 1, 99],
];

function transport(random: Random, protocol: number): Uint8Array {
  const full = [
    packet.tcp({
      sourcePort: 1024,
      destinationPort: random.pick([22, 80, 443]),
      flags: random.below(64),
      options: Uint8Array.from(random.pick([[], [2, 4, 5, 180], [3, 0, 0, 0], [8, 40, 1, 1], [1, 1, 1, 3]])),
      headerWords: random.pick([4, 5, 6, 7, 15, 0]),
    }),
    packet.udp(53, random.pick([53, 22]), random.data(4), random.pick([0, 7, 8, 12, 2000])),
    packet.icmp(random.pick([8, 3, 128, 135]), 1, random.data(8)),
    packet.sctp(
      22,
      80,
      Uint8Array.from(random.pick([[], [0, 3, 0, 0], [0, 3, 0, 3], [1, 0], [0, 3, 0, 200, 1, 2, 3, 4]])),
    ),
    packet.dccp(22, 80, random.below(16)),
  ];
  const place = [6, 17, 1, 132, 33].indexOf(protocol === 58 ? 1 : protocol === 136 ? 17 : protocol);
  const whole = full[place] ?? random.data(random.below(30));
  return random.chance(50) ? whole.subarray(0, random.below(whole.length + 1)) : whole;
}

function oddIpv4(random: Random, local: readonly string[]): Uint8Array {
  const protocol = random.pick([6, 6, 17, 1, 132, 33, 136, 51, 50, 47, 4, 255, 0]);
  const base = {
    source: random.chance(50) ? random.pick(SOURCES_IPV4) : '10.0.3.4',
    destination: random.chance(50) ? random.pick(DESTINATIONS_IPV4) : random.pick(local),
    protocol,
    payload: transport(random, protocol),
    ttl: random.pick([64, 64, 0, 1, 2]),
    fragment: random.pick([0, 0, 0, 0x4000, 0x8000, 0x2000, 0x0001, 0x2001, 0x1fff, 0x6000]),
    ...(random.chance(30) ? { options: Uint8Array.from(random.pick(OPTIONS_IPV4)) } : {}),
  };
  switch (random.below(8)) {
    case 0:
      return packet.ipv4({ ...base, checksumError: 1 + random.below(65535) });
    case 1:
      return packet.ipv4({ ...base, version: random.pick([0, 5, 6, 15]) });
    case 2:
      return packet.ipv4({ ...base, headerWords: random.pick([0, 4, 6, 15]) });
    case 3:
      return packet.ipv4({ ...base, totalLength: random.pick([1, 19, 20, 21, 24, 39, 100, 65535]) });
    default:
      return packet.ipv4(base);
  }
}

const hopOptions = (bytes: readonly number[]) => {
  const words = Math.ceil((bytes.length + 2) / 8);
  const data = new Uint8Array(words * 8);
  data[1] = words - 1;
  data.set(bytes, 2);
  return data;
};

function extension(random: Random): { protocol: number; data: Uint8Array } {
  switch (random.below(7)) {
    case 0:
    case 1: {
      const options = random.pick([
        [1, 4, 0, 0, 0, 0],
        [5, 2, 0, 0, 1, 0],
        [5, 1, 0],
        [0xc2, 4, 0, 1, 0, 0],
        [0x3e, 4, 0, 0, 0, 0],
        [0x7e, 4, 0, 0, 0, 0],
        [0xbe, 4, 0, 0, 0, 0],
        [0xfe, 4, 0, 0, 0, 0],
        [1, 9, 0, 0, 0, 0],
        [0, 0, 0, 0, 0, 0],
        [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
        [1, 4, 0, 0, 9, 0],
        [7, 2, 1, 2, 1, 0],
      ]);
      return { protocol: random.pick([0, 60]), data: hopOptions(options) };
    }
    case 2:
      return {
        protocol: 43,
        data: packet.bytes(
          0,
          random.pick([0, 2, 4, 3]),
          random.pick([0, 2, 3, 4]),
          random.below(3),
          ...random.data(20),
        ),
      };
    case 3:
      return {
        protocol: 44,
        data: packet.bytes(
          0,
          0,
          random.pick([0, 0, 1]),
          random.pick([0, 0, 1, 8, 9, 6]),
          0,
          0,
          0,
          random.below(3),
        ),
      };
    case 4:
      return {
        protocol: 51,
        data: packet.bytes(
          0,
          random.pick([4, 4, 1, 0, 200]),
          0,
          0,
          0,
          0,
          0,
          random.below(3),
          ...random.data(16),
        ),
      };
    case 5:
      return { protocol: 135, data: packet.bytes(59, 0, random.below(8), 0, 0, 0, 0, 0) };
    default:
      return { protocol: 60, data: packet.bytes(0, random.pick([0, 1, 30]), 1, 4, 0, 0, 0, 0) };
  }
}

function oddIpv6(random: Random, local: readonly string[]): Uint8Array {
  const protocol = random.pick([6, 6, 17, 58, 132, 33, 59, 50, 47, 41, 255]);
  const payload = transport(random, protocol);
  const extensions = Array.from({ length: random.below(4) }, () => extension(random));
  const whole = packet.ipv6({
    source: random.chance(50) ? random.pick(SOURCES_IPV6) : '2001:db8:2::7',
    destination: random.chance(50) ? random.pick(DESTINATIONS_IPV6) : random.pick(local),
    protocol,
    payload,
    extensions,
    hopLimit: random.pick([64, 64, 64, 255, 0, 1]),
    ...(random.chance(15) ? { payloadLength: random.pick([0, 1, 8, 20, 65535]) } : {}),
  });
  if (random.chance(5)) whole[0] = random.pick([0x40, 0x50, 0x70, 0]);
  return random.chance(10) ? whole.subarray(0, 30 + random.below(whole.length - 30)) : whole;
}

function oddFrame(random: Random, host: HostSpec): Frame {
  const device = random.pick(host.interfaces) as HostInterface;
  const six = random.chance(50);
  const local = host.interfaces
    .flatMap((one) => one.addresses)
    .map((text) => text.split('/')[0] as string)
    .filter((text) => text.includes(':') === six);
  const data = six ? oddIpv6(random, local) : oddIpv4(random, local);
  const to = random.pick([
    device.mac,
    device.mac,
    device.mac,
    device.mac,
    'ff:ff:ff:ff:ff:ff',
    six ? '33:33:00:00:00:01' : '01:00:5e:00:00:01',
    '02:00:00:00:77:77',
  ]);
  const tags = random.chance(90)
    ? []
    : random.pick([
        [{ id: 0 }],
        [{ id: 7 }],
        [{ id: 0xe000 }],
        [{ type: 0x88a8, id: 5 }, { id: 6 }],
        [{ id: 0 }, { id: 0 }],
      ]);
  const frame = packet.ethernet(to, '02:00:00:00:99:01', data, tags);
  // The type of the other family.
  if (random.chance(4)) frame.set(packet.be16(six ? 0x0800 : 0x86dd), 12 + 4 * tags.length);
  const padded = new Uint8Array(Math.max(frame.length, random.chance(30) ? 60 : 0));
  padded.set(frame);
  return { interface: device.name, direction: 'in', data: padded };
}

/** `count` frames, odd ones among them. */
export function oddFrames(seed: number, host: HostSpec, count: number): Frame[] {
  const random = new Random(seed);
  const plain = randomFrames(seed, host, ['ipv4', 'ipv6'], count);
  return plain.map((frame) => (random.chance(66) ? oddFrame(random, host) : frame));
}
