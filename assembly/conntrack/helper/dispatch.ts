// The helper of a connection looks at a packet that is about to be confirmed (nf_confirm).

import * as Conntrack from '../../../src/layout/conntrack.ts';
import * as Lane from '../../../src/layout/lane.ts';
import * as Packet from '../../../src/layout/packet.ts';
import { familyWords } from '../shard';
import { amanda } from './amanda';
import { broadcast } from './broadcast';
import { ftp } from './ftp';
import { irc } from './irc';
import { pptp } from './pptp';
import { sane } from './sane';
import { sip } from './sip';
import { tftp } from './tftp';

const IPPROTO_TCP: u32 = 6;
const NETBIOS_NS_PORT: i32 = 137;
const SNMP_PORT: i32 = 161;

/**
 * Shows packet record `p`, which has passed every table, to the helper of its connection `entry`. Answers TRACK_ACCEPT,
 * or TRACK_DROP where Linux drops it. Not asked about: packets related to a reply (they are ICMP's).
 */
export function help(lane: usize, entry: usize, p: usize, ctinfo: u32): u32 {
  const helper = u32(load<u8>(entry, Conntrack.HELPER));
  if (helper == Conntrack.HELPER_NONE || ctinfo == Conntrack.INFO_RELATED_REPLY)
    return Conntrack.TRACK_ACCEPT;
  const config = <usize>load<u32>(lane, Lane.CONNTRACK);
  const offset = load<u32>(familyWords(config, load<u8>(entry, Conntrack.FAMILY)), Conntrack.HELP4);
  if (offset == 0) return Conntrack.TRACK_ACCEPT;
  const state = entry + offset;
  const shard = <usize>load<u32>(p, Packet.CT_SHARD);
  const direction: u32 = ctinfo >= <u32>Conntrack.INFO_REPLY ? Conntrack.DIR_REPLY : Conntrack.DIR_ORIGINAL;
  const established = ctinfo == Conntrack.INFO_ESTABLISHED || ctinfo == Conntrack.INFO_ESTABLISHED_REPLY;
  switch (helper) {
    case Conntrack.HELPER_FTP:
      return established ? ftp(lane, shard, p, entry, direction, state) : Conntrack.TRACK_ACCEPT;
    case Conntrack.HELPER_TFTP:
      return tftp(lane, shard, p, entry);
    case Conntrack.HELPER_IRC:
      return established && direction == Conntrack.DIR_ORIGINAL
        ? irc(lane, shard, p, entry)
        : Conntrack.TRACK_ACCEPT;
    case Conntrack.HELPER_PPTP:
      return established ? pptp(lane, shard, p, entry, direction, state) : Conntrack.TRACK_ACCEPT;
    case Conntrack.HELPER_SIP: {
      const tcp = u32(load<u8>(entry, Conntrack.PROTO)) == IPPROTO_TCP;
      if (tcp && !established) return Conntrack.TRACK_ACCEPT;
      return sip(lane, shard, p, entry, direction, state, tcp);
    }
    case Conntrack.HELPER_NETBIOS_NS:
      return broadcast(lane, shard, p, entry, direction, NETBIOS_NS_PORT);
    case Conntrack.HELPER_SNMP:
      return broadcast(lane, shard, p, entry, direction, SNMP_PORT);
    case Conntrack.HELPER_AMANDA:
      return direction == Conntrack.DIR_REPLY ? amanda(lane, shard, p, entry) : Conntrack.TRACK_ACCEPT;
    case Conntrack.HELPER_SANE:
      return established ? sane(lane, shard, p, entry, direction, state) : Conntrack.TRACK_ACCEPT;
    default:
      return Conntrack.TRACK_ACCEPT;
  }
}
