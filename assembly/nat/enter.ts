// Table nat is entered through connection tracking alone: once per connection and kind of manipulation, by its first
// packet (nf_nat_inet_fn). An accepting walk without a translation binds the connection to what it is.

import * as Conntrack from '../../src/layout/conntrack.ts';
import * as Hook from '../../src/layout/hook.ts';
import * as Packet from '../../src/layout/packet.ts';

const IPPROTO_ICMP: u32 = 1;
const IPPROTO_ICMPV6: u32 = 58;

/** Does packet `p` enter the nat chain of this hook? */
export function entersNat(p: usize, hook: u32): bool {
  const entry = <usize>load<u32>(p, Packet.CT);
  if (entry == 0) return false;
  const info = load<u32>(p, Packet.CTINFO);
  if (info == Conntrack.INFO_RELATED || info == Conntrack.INFO_RELATED_REPLY) {
    // What ICMP errors say is translated with their connection.
    const icmp = load<u32>(p, Packet.FAMILY) == 4 ? IPPROTO_ICMP : IPPROTO_ICMPV6;
    if (load<u32>(p, Packet.PROTO) == icmp) return false;
  } else if (info != Conntrack.INFO_NEW) return false;
  return (load<u32>(entry, Conntrack.STATUS) & doneBit(hook)) == 0;
}

/** The chain of this hook has accepted without a translation (nf_nat_alloc_null_binding). */
export function bindNull(p: usize, hook: u32): void {
  const entry = <usize>load<u32>(p, Packet.CT);
  store<u32>(entry, load<u32>(entry, Conntrack.STATUS) | doneBit(hook), Conntrack.STATUS);
}

function doneBit(hook: u32): u32 {
  const destination = hook == Hook.PREROUTING || hook == Hook.OUTPUT;
  return destination ? Conntrack.IPS_DST_NAT_DONE : Conntrack.IPS_SRC_NAT_DONE;
}
