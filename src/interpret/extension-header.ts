// Looking for one IPv6 extension header: ipv6_find_hdr with a target (net/ipv6/exthdrs_core.c).

import {
  extensionHeaderBytes,
  IPPROTO_FRAGMENT,
  IPPROTO_NONE,
  IPPROTO_ROUTING,
  isExtensionHeader,
  type Packet,
} from './packet.ts';

/** Where the first header of that type starts; `none` when there is none, `broken` when the chain breaks off before. */
export function findHeader(packet: Packet, target: number): number | 'none' | 'broken' {
  const { bytes } = packet;
  let protocol = packet.firstProtocol;
  let at = 40;
  for (;;) {
    const found = protocol === target;
    if (!isExtensionHeader(protocol) || protocol === IPPROTO_NONE) return found ? at : 'none';
    if (!bytes.has(at, 2)) return 'broken';
    if (protocol === IPPROTO_ROUTING && !bytes.has(at, 4)) return 'broken';
    if (protocol === IPPROTO_FRAGMENT) {
      if (!bytes.has(at, 4)) return 'broken';
      // Behind the header of a later fragment nothing can be found.
      if ((bytes.u16(at + 2) & 0xfff8) !== 0 && !found) return 'none';
    }
    if (found) return at;
    const next = bytes.u8(at);
    at += extensionHeaderBytes(protocol, bytes.u8(at + 1));
    protocol = next;
  }
}
