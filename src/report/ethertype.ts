// Names of EtherTypes (IEEE 802 numbers), for what is not IP.

const ETHERTYPES: ReadonlyMap<number, string> = new Map([
  [0x0001, '802.3'],
  [0x0004, '802.2'],
  [0x0006, '802.3-length'],
  [0x0800, 'ipv4'],
  [0x0806, 'arp'],
  [0x0842, 'wake-on-lan'],
  [0x22f3, 'trill'],
  [0x6003, 'decnet'],
  [0x8035, 'rarp'],
  [0x809b, 'appletalk'],
  [0x80f3, 'aarp'],
  [0x8100, 'vlan'],
  [0x8137, 'ipx'],
  [0x86dd, 'ipv6'],
  [0x8808, 'pause'],
  [0x8809, 'slow-protocols'],
  [0x880b, 'ppp'],
  [0x8847, 'mpls'],
  [0x8848, 'mpls-multicast'],
  [0x8863, 'pppoe-discovery'],
  [0x8864, 'pppoe'],
  [0x888e, 'eapol'],
  [0x8892, 'profinet'],
  [0x88a2, 'ata-over-ethernet'],
  [0x88a4, 'ethercat'],
  [0x88a8, 'qinq'],
  [0x88cc, 'lldp'],
  [0x88e5, 'macsec'],
  [0x88e7, 'pbb'],
  [0x88f7, 'ptp'],
  [0x8902, 'cfm'],
  [0x8906, 'fcoe'],
  [0x893a, 'ieee1905'],
  [0x9000, 'loopback-test'],
  [0x9100, 'qinq'],
]);

/** `arp`; `0x88b5` for one without a name here. */
export function etherTypeName(etherType: number): string {
  return ETHERTYPES.get(etherType) ?? `0x${etherType.toString(16).padStart(4, '0')}`;
}
