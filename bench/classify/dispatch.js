// Rules that jump by headers alone, as firewalls with many networks have them: a chain a network, dispatched to by source
// address, with a rule a service of it.

import { addressText, randomNumbers } from './filter-set.js';

const NETWORKS = 0x0a000000; // 10.0.0.0
const SERVERS = 0xac100000; // 172.16.0.0
const HEADER_BYTES = 16;
const TCP = 6;
const SYN = 2;

/** @returns {{ network: number, address: number, port: number }[]} `rules` of each of `networks` networks */
export function dispatchServices(networks, rules, seed) {
  const random = randomNumbers(seed);
  return Array.from({ length: networks * rules }, (_, index) => ({
    network: Math.floor(index / rules),
    address: SERVERS + random(1 << 16),
    port: 1 + random(60_000),
  }));
}

/** iptables-save text. */
export function dispatchRules(services) {
  const networks = 1 + services.at(-1).network;
  const numbers = Array.from({ length: networks }, (_, network) => network);
  const lines = [
    '*filter',
    ':FORWARD DROP [0:0]',
    ...numbers.map((network) => `:NET-${network} - [0:0]`),
    ...numbers.map(
      (network) => `-A FORWARD -s ${addressText(NETWORKS + network * 65536)}/16 -j NET-${network}`,
    ),
    ...services.map(
      ({ network, address, port }) =>
        `-A NET-${network} -d ${addressText(address)}/32 -p tcp -m tcp --dport ${port} -j ACCEPT`,
    ),
    'COMMIT\n',
  ];
  return lines.join('\n');
}

/** Headers (src/layout/header.ts): three in four to a service, the others to a port of its server without one. */
export function dispatchTrace(services, count, seed) {
  const random = randomNumbers(seed);
  const view = new DataView(new ArrayBuffer(count * HEADER_BYTES));
  for (let packet = 0; packet < count; packet++) {
    const { network, address, port } = services[random(services.length)];
    const at = packet * HEADER_BYTES;
    view.setUint32(at, NETWORKS + network * 65536 + random(65536), true);
    view.setUint32(at + 4, address, true);
    view.setUint16(at + 8, 1024 + random(60_000), true);
    view.setUint16(at + 10, random(4) > 0 ? port : random(65536), true);
    view.setUint8(at + 12, TCP);
    view.setUint8(at + 13, SYN);
    view.setUint16(at + 14, 46, true);
  }
  return new Uint8Array(view.buffer);
}
