// Rules that jump a lot, as kube-proxy writes them: a chain with one dispatch a service, by address and port, each to a
// chain of the service, which jumps to one chain an endpoint. In table filter, with verdicts for what is translation
// there, and with source ports in place of the drawn numbers by which kube-proxy spreads connections.

import { addressText, randomNumbers } from './filter-set.js';

const SERVICES = 0x0a600000; // 10.96.0.0
const PODS = 0x0af40000; // 10.244.0.0
const NODE = 0xc0a80001; // 192.168.0.1
const HEADER_BYTES = 16;
const PORTS = [80, 443, 8080, 9090, 5432, 6379];

/** @returns {{ address: number, port: number, nodePort: number | undefined, endpoints: number[] }[]} */
export function kubeServices(count, seed) {
  const random = randomNumbers(seed);
  return Array.from({ length: count }, (_, service) => ({
    address: SERVICES + Math.floor(service / 2) + 1,
    port: PORTS[(service % 2) * 3 + random(3)],
    nodePort: service % 10 === 0 ? 30000 + (service % 2768) : undefined,
    endpoints: Array.from({ length: 1 + random(random(10) === 0 ? 12 : 4) }, () => PODS + random(65536)),
  }));
}

/** iptables-save text. */
export function kubeRules(services) {
  const chains = ['KUBE-SERVICES', 'KUBE-NODEPORTS', 'KUBE-MARK-MASQ', 'KUBE-FORWARD'];
  const head = ['-A FORWARD -j KUBE-FORWARD', '-A FORWARD -j KUBE-SERVICES'];
  const nodePorts = [];
  const rest = [
    '-A KUBE-MARK-MASQ -j MARK --set-xmark 0x4000/0x4000',
    '-A KUBE-FORWARD -m mark --mark 0x4000/0x4000 -j ACCEPT',
  ];
  services.forEach(({ address, port, nodePort, endpoints }, service) => {
    const name = `KUBE-SVC-${service}`;
    const asks = `-d ${addressText(address)}/32 -p tcp -m tcp --dport ${port}`;
    chains.push(name);
    head.push(`-A KUBE-SERVICES ${asks} -j ${name}`);
    if (nodePort !== undefined)
      nodePorts.push(`-A KUBE-NODEPORTS -p tcp -m tcp --dport ${nodePort} -j ${name}`);
    rest.push(`-A ${name} ! -s 10.244.0.0/16 ${asks} -j KUBE-MARK-MASQ`);
    endpoints.forEach((endpoint, index) => {
      const chain = `KUBE-SEP-${service}-${index}`;
      chains.push(chain);
      const last = Math.floor((65536 * (index + 1)) / endpoints.length) - 1;
      const share = index + 1 < endpoints.length ? `-p tcp -m tcp --sport 0:${last} ` : '';
      rest.push(`-A ${name} ${share}-j ${chain}`);
      rest.push(`-A ${chain} -s ${addressText(endpoint)}/32 -j KUBE-MARK-MASQ`);
      rest.push(`-A ${chain} -p tcp -m tcp -j ACCEPT`);
    });
  });
  head.push(`-A KUBE-SERVICES -d ${addressText(NODE)}/32 -j KUBE-NODEPORTS`);
  const declared = chains.map((chain) => `:${chain} - [0:0]`);
  return `*filter\n:FORWARD ACCEPT [0:0]\n${[...declared, ...head, ...nodePorts, ...rest].join('\n')}\nCOMMIT\n`;
}

/** Headers (src/layout/header.ts): most to a service, some to a node port, some to nowhere. */
export function kubeTrace(services, count, seed) {
  const random = randomNumbers(seed);
  const view = new DataView(new ArrayBuffer(count * HEADER_BYTES));
  for (let packet = 0; packet < count; packet++) {
    const { address, port, nodePort, endpoints } = services[random(services.length)];
    const at = packet * HEADER_BYTES;
    const kind = random(10);
    const pod = random(4) === 0 ? endpoints[random(endpoints.length)] : PODS + random(65536);
    const byNode = kind === 0 && nodePort !== undefined;
    view.setUint32(at, random(5) === 0 ? random(2 ** 32) : pod, true);
    view.setUint32(at + 4, byNode ? NODE : kind === 1 ? PODS + random(65536) : address, true);
    view.setUint16(at + 8, random(65536), true);
    view.setUint16(at + 10, byNode ? nodePort : kind === 2 ? random(65536) : port, true);
    view.setUint8(at + 12, kind === 3 && random(2) === 0 ? 17 : 6);
    view.setUint8(at + 13, 2);
    view.setUint16(at + 14, 60, true);
  }
  return new Uint8Array(view.buffer);
}
