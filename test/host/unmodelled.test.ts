import { describe, expect, it } from 'vitest';
import { readHost } from '../../src/host/folder.ts';
import { unmodelledFacts } from '../../src/host/unmodelled.ts';

const PORT = { ifname: 'eth0', link_type: 'ether', flags: ['UP'], master: 'br0', addr_info: [] };
const BRIDGE = { ifname: 'br0', link_type: 'ether', flags: ['UP'], addr_info: [] };

function facts(links: readonly object[], sysctls: string) {
  const files: Record<string, string> = {
    'addr.json': JSON.stringify(links.map((link, index) => ({ ifindex: index + 1, mtu: 1500, ...link }))),
    'sysctl.txt': sysctls,
  };
  const machine = readHost((name) => ({ path: name, text: files[name] }));
  return unmodelledFacts(machine, ['ipv4']);
}

describe('bridged frames that cross iptables', () => {
  it('are spoken of where a bridge has ports and the host asks for it', () => {
    expect(facts([BRIDGE, PORT], 'net.bridge.bridge-nf-call-iptables = 1\n')).toEqual([
      expect.stringContaining('net.bridge.bridge-nf-call-iptables = 1'),
    ]);
  });

  it('are not, elsewhere', () => {
    expect(facts([BRIDGE, PORT], 'net.bridge.bridge-nf-call-iptables = 0\n')).toEqual([]);
    expect(facts([BRIDGE, PORT], 'net.bridge.bridge-nf-call-ip6tables = 1\n')).toEqual([]);
    expect(facts([BRIDGE], 'net.bridge.bridge-nf-call-iptables = 1\n')).toEqual([]);
  });
});
