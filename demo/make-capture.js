// Makes the demo's capture: some minutes at the gateway of a small office, as `tcpdump -i any` would have seen what
// comes in and what the gateway itself sends. The same bytes every time.
//
//   node demo/make-capture.js FILE.pcapng

import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { ethernet, icmp, ip, mac, tcp, udp } from './packet.js';
import { fileStart, packetBlock } from './pcapng.js';

const GATEWAY = { eth0: mac('02:00:5e:00:53:01'), eth1: mac('02:00:5e:00:53:02') };
const PROVIDER = mac('02:00:5e:00:53:fe');
const BROADCAST = mac('ff:ff:ff:ff:ff:ff');
const INTERFACES = ['eth0', 'eth1'];
const RESOLVER = '192.0.2.53';

/** Numbers that look random and are not: xorshift32. */
let state = 20241123;
function random(below) {
  state ^= state << 13;
  state ^= state >>> 17;
  state ^= state << 5;
  return (state >>> 0) % below;
}
const pick = (list) => list[random(list.length)];

/** @type {{at: number, iface: number, outbound: boolean, frame: Buffer}[]} */
const packets = [];

function add(at, iface, outbound, frame) {
  packets.push({ at, iface, outbound, frame });
}

/** A station's MAC by its number. */
const station = (number, v6 = false) => Buffer.from([2, 0, 0x5e, v6 ? 6 : 4, 0, number & 255]);

function fromInternet(at, packet) {
  for (const one of packet) add(at, 0, false, ethernet(GATEWAY.eth0, PROVIDER, one));
}

function fromOffice(at, number, packet, vlan) {
  for (const one of packet) {
    add(at, 1, false, ethernet(GATEWAY.eth1, station(number), one, vlan === undefined ? {} : { vlan }));
  }
}

function fromGateway(at, iface, packet, to = PROVIDER) {
  const source = iface === 0 ? GATEWAY.eth0 : GATEWAY.eth1;
  for (const one of packet) add(at, iface, true, ethernet(to, source, one));
}

const office = (number) => `198.51.100.${number}`;
const office6 = (number) => `2001:db8:10::${number.toString(16)}`;
const server = () => `192.0.2.${64 + random(60)}`;
const server6 = () => `2001:db8:ffff::${(1 + random(40)).toString(16)}`;
const stranger = () => `203.0.113.${16 + random(230)}`;
const filler = (length) => Buffer.alloc(length, 'wasmtables ');

/** A TCP connection: handshake, a request, answers of up to 1,448 bytes, and its end. */
function connection({ at, client, remote, port, segments, send, receive }) {
  const sport = 32768 + random(28000);
  let seq = random(2 ** 31);
  let ack = random(2 ** 31);
  let now = at;
  const out = (flags, data) => {
    send(
      now,
      ip(client, remote, tcp({ sport, dport: port, seq, ack: flags === 'S' ? 0 : ack, flags, data })),
    );
    seq += (data?.length ?? 0) + (/[SF]/.test(flags) ? 1 : 0);
  };
  const back = (flags, data) => {
    now += 8_000 + random(4_000);
    receive(
      now,
      ip(remote, client, tcp({ sport: port, dport: sport, seq: ack, ack: seq, flags, data }), { ttl: 55 }),
    );
    ack += (data?.length ?? 0) + (/[SF]/.test(flags) ? 1 : 0);
    now += 200;
  };
  out('S');
  back('SA');
  out('A');
  out('PA', filler(200 + random(500)));
  for (let index = 0; index < segments; index++) {
    back(index === segments - 1 ? 'PA' : 'A', filler(index === segments - 1 ? 1 + random(1400) : 1448));
    if (index % 2 === 1) out('A');
  }
  out('FA');
  back('FA');
  out('A');
}

/** A name: asked of the gateway, which asks the resolver. */
function lookup(at, number) {
  const sport = 32768 + random(28000);
  const query = udp({ sport, dport: 53, data: filler(30 + random(20)) });
  fromOffice(
    at,
    number,
    ip(office(number), office(number < 128 ? 1 : 129), query),
    number < 128 ? undefined : 20,
  );
  const upstream = 32768 + random(28000);
  fromGateway(
    at + 300,
    0,
    ip('203.0.113.2', RESOLVER, udp({ sport: upstream, dport: 53, data: filler(40) })),
  );
  fromInternet(
    at + 9_000,
    ip(RESOLVER, '203.0.113.2', udp({ sport: 53, dport: upstream, data: filler(120) })),
  );
  if (number < 128) {
    const answer = udp({ sport: 53, dport: sport, data: filler(120) });
    fromGateway(at + 9_300, 1, ip(office(1), office(number), answer), station(number));
  }
}

function browsing(at) {
  const number = 20 + random(40);
  lookup(at, number);
  connection({
    at: at + 20_000,
    client: office(number),
    remote: server(),
    port: random(8) === 0 ? 80 : 443,
    segments: 2 + random(20),
    send: (now, packet) => fromOffice(now, number, packet),
    receive: fromInternet,
  });
}

function browsing6(at) {
  const number = 20 + random(40);
  connection({
    at,
    client: office6(number),
    remote: server6(),
    port: 443,
    segments: 2 + random(12),
    send: (now, packet) => fromOffice(now, number, packet),
    receive: fromInternet,
  });
}

function guest(at) {
  const number = 140 + random(30);
  lookup(at, number);
  const tagged = (now, packet) => fromOffice(now, number, packet, 20);
  connection({
    at: at + 20_000,
    client: office(number),
    remote: server(),
    port: pick([443, 443, 80, 25]),
    segments: 1 + random(8),
    send: tagged,
    receive: fromInternet,
  });
  if (random(6) === 0) {
    tagged(at + 500_000, ip(office(number), office(10), tcp({ sport: 50000, dport: 445, flags: 'S' })));
  }
}

function visitor(at) {
  const client = stranger();
  connection({
    at,
    client,
    remote: office(10),
    port: 443,
    segments: 2 + random(6),
    send: fromInternet,
    receive: (now, packet) => fromOffice(now, 10, packet),
  });
}

function scanner(at) {
  const from = stranger();
  const kind = random(5);
  for (let index = 0; index < 12; index++) {
    const now = at + index * 30_000;
    const to = pick(['203.0.113.2', office(10), office(20 + random(100))]);
    const sport = 40000 + random(20000);
    if (kind === 0)
      fromInternet(now, ip(from, to, tcp({ sport, dport: random(1024), flags: 'FPU' }), { ttl: 240 }));
    else if (kind === 1)
      fromInternet(
        now,
        ip(from, to, tcp({ sport, dport: pick([23, 445, 1433, 3389, 5900]), flags: 'S' }), { ttl: 240 }),
      );
    else
      fromInternet(
        now,
        ip(from, to, tcp({ sport, dport: 22, seq: random(2 ** 31), flags: 'S' }), { ttl: 240 }),
      );
  }
}

function pings(at) {
  const number = 20 + random(40);
  const echo = (type, sequence) =>
    icmp(type, 0, Buffer.concat([Buffer.from([0, 7, 0, sequence]), filler(56)]));
  const to = server();
  for (let sequence = 1; sequence <= 4; sequence++) {
    const now = at + sequence * 1_000_000;
    fromOffice(now, number, ip(office(number), to, echo(8, sequence)));
    fromInternet(now + 11_000, ip(to, office(number), echo(0, sequence), { ttl: 57 }));
  }
  // A trace of the route: the gateway is the first hop.
  fromOffice(
    at + 6_000_000,
    number,
    ip(office(number), to, udp({ sport: 45000, dport: 33434, data: filler(32) }), { ttl: 1 }),
  );
}

/** An answer of several fragments: DNS over UDP with a large buffer. */
function largeAnswer(at) {
  const number = 20 + random(40);
  const sport = 32768 + random(28000);
  fromOffice(at, number, ip(office(number), RESOLVER, udp({ sport, dport: 53, data: filler(60) })));
  fromInternet(
    at + 9_000,
    ip(RESOLVER, office(number), udp({ sport: 53, dport: sport, data: filler(3900) }), { mtu: 1500 }),
  );
}

/** What a wire carries besides IP flows: ARP, LLDP, neighbours, multicast, broadcasts. */
function chatter(at) {
  const number = 20 + random(40);
  const arp = Buffer.from('0001080006040001', 'hex');
  const who = Buffer.concat([
    arp,
    station(number),
    Buffer.from([198, 51, 100, number]),
    Buffer.alloc(6),
    Buffer.from([198, 51, 100, 1]),
  ]);
  add(at, 1, false, ethernet(BROADCAST, station(number), who, { etherType: 0x0806 }));
  add(at + 40, 1, false, ethernet(mac('01:80:c2:00:00:0e'), station(2), filler(60), { etherType: 0x88cc }));
  const solicitation = Buffer.concat([
    Buffer.alloc(4),
    Buffer.from('20010db8001000000000000000000001', 'hex'),
    Buffer.from([1, 1]),
    station(number),
  ]);
  const neighbour = ip(office6(number), 'ff02::1:ff00:1', icmp(135, 0, solicitation, true), { ttl: 255 });
  for (const one of neighbour)
    add(at + 80, 1, false, ethernet(mac('33:33:ff:00:00:01'), station(number), one));
  const mdns = ip(office(number), '224.0.0.251', udp({ sport: 5353, dport: 5353, data: filler(80) }), {
    ttl: 255,
  });
  for (const one of mdns) add(at + 120, 1, false, ethernet(mac('01:00:5e:00:00:fb'), station(number), one));
  const netbios = ip(office(number), '198.51.100.127', udp({ sport: 137, dport: 137, data: filler(50) }));
  for (const one of netbios) add(at + 160, 1, false, ethernet(BROADCAST, station(number), one));
}

/** What should not be: forged sources, a broken header checksum, a VLAN that nobody made, another's frame. */
function oddities(at) {
  const syn = () => tcp({ sport: 1024 + random(60000), dport: 80, flags: 'S' });
  fromInternet(at, ip(`10.${random(256)}.0.1`, office(10), syn()));
  fromInternet(at + 50, ip(office(20), office(10), syn()));
  fromInternet(at + 100, ip(stranger(), office(10), syn(), { badChecksum: true }));
  fromInternet(at + 150, ip(stranger(), office(10), tcp({ sport: 99, dport: 80, flags: '' })));
  for (const one of ip(office(200), server(), syn())) {
    add(at + 200, 1, false, ethernet(GATEWAY.eth1, station(200), one, { vlan: 30 }));
  }
  for (const one of ip(office(21), office(22), syn()))
    add(at + 250, 1, false, ethernet(station(22), station(21), one));
  fromOffice(at + 300, 33, ip(office(33), server(), tcp({ sport: 50001, dport: 6667, flags: 'S' })));
}

const SECONDS = 240;
const every = (seconds, event) => {
  for (
    let at = random(seconds * 1e6);
    at < SECONDS * 1e6;
    at += (0.5 + random(1000) / 1000) * seconds * 1e6
  ) {
    event(Math.floor(at));
  }
};
every(0.8, browsing);
every(2, browsing6);
every(2.5, guest);
every(3, visitor);
every(6, scanner);
every(30, pings);
every(12, largeAnswer);
every(4, chatter);
every(10, oddities);

packets.sort((a, b) => a.at - b.at);
const start = 1_732_356_000_000_000_000n;
const blocks = packets.map(({ at, ...packet }) =>
  packetBlock({ ...packet, timeNs: start + BigInt(at) * 1000n }),
);
const [file] = process.argv.slice(2);
if (file === undefined) throw new Error('usage: node demo/make-capture.js FILE.pcapng');
mkdirSync(dirname(file), { recursive: true });
writeFileSync(file, Buffer.concat([fileStart(INTERFACES), ...blocks]));
