// The trackers of UDP and UDPLite (nf_conntrack_proto_udp.c). UDPLite shares UDP's timeouts.

import * as Conntrack from '../../../src/layout/conntrack.ts';
import * as Invalid from '../../../src/layout/invalid.ts';
import * as Packet from '../../../src/layout/packet.ts';
import { deadline } from '../time';
import { assure, configuration, invalid, refresh, transport } from './entry';

const HEADER_BYTES: u32 = 8;
const STREAM_AFTER_NS: u64 = 2_000_000_000;

export function trackUdp(lane: usize, entry: usize, p: usize, fresh: bool): i32 {
  const config = configuration(lane);
  const length = load<u32>(p, Packet.L4_LEN);
  if (load<u32>(p, Packet.L4_CAP) < HEADER_BYTES)
    return length < HEADER_BYTES ? invalid(config, p, Invalid.UDP_SHORT) : Conntrack.TRACK_UNKNOWN;
  const says = u32(bswap<u16>(load<u16>(transport(p), 4)));
  if (says > length || says < HEADER_BYTES) return invalid(config, p, Invalid.UDP_LENGTH);

  const now = load<u64>(p, Packet.TIME);
  if (fresh) store<u64>(entry, now + STREAM_AFTER_NS, Conntrack.UDP_STREAM_TIME);
  let timeout = load<u64>(config, Conntrack.TIMEOUT_UDP);
  if (load<u32>(entry, Conntrack.STATUS) & Conntrack.IPS_SEEN_REPLY) {
    // Both sides speak, and still do two seconds after the first packet: more than a question and its answer.
    if (now > load<u64>(entry, Conntrack.UDP_STREAM_TIME)) {
      timeout = load<u64>(config, Conntrack.TIMEOUT_UDP_STREAM);
      assure(entry, p);
    }
  }
  refresh(entry, p, timeout);
  return Conntrack.TRACK_ACCEPT;
}

/**
 * trackUdp() of a datagram of `length` bytes, all captured, whose header is at `header`, in a connection that has seen
 * both directions. False, and nothing is changed, when it is for that function. The packet is not counted here.
 */
export function trackKnownUdp(config: usize, entry: usize, header: usize, length: u32, time: u64): bool {
  const says = u32(bswap<u16>(load<u16>(header, 4)));
  const status = load<u32>(entry, Conntrack.STATUS);
  const settled = Conntrack.IPS_SEEN_REPLY | Conntrack.IPS_ASSURED;
  if (
    u32(says > length) |
    u32(says < HEADER_BYTES) |
    u32((status & (settled | Conntrack.IPS_FIXED_TIMEOUT)) != settled) |
    u32(time <= load<u64>(entry, Conntrack.UDP_STREAM_TIME))
  ) {
    return false;
  }
  store<u64>(entry, deadline(time, load<u64>(config, Conntrack.TIMEOUT_UDP_STREAM)), Conntrack.DEADLINE);
  return true;
}

export function trackUdpLite(lane: usize, entry: usize, p: usize): i32 {
  const config = configuration(lane);
  const length = load<u32>(p, Packet.L4_LEN);
  if (load<u32>(p, Packet.L4_CAP) < HEADER_BYTES)
    return length < HEADER_BYTES ? invalid(config, p, Invalid.UDPLITE_SHORT) : Conntrack.TRACK_UNKNOWN;
  const header = transport(p);
  const coverage = u32(bswap<u16>(load<u16>(header, 4)));
  if (coverage != 0 && (coverage < HEADER_BYTES || coverage > length))
    return invalid(config, p, Invalid.UDPLITE_COVERAGE);
  if (load<u16>(header, 6) == 0) return invalid(config, p, Invalid.UDPLITE_NO_CHECKSUM);

  if (load<u32>(entry, Conntrack.STATUS) & Conntrack.IPS_SEEN_REPLY) {
    refresh(entry, p, load<u64>(config, Conntrack.TIMEOUT_UDP_STREAM));
    assure(entry, p);
  } else refresh(entry, p, load<u64>(config, Conntrack.TIMEOUT_UDP));
  return Conntrack.TRACK_ACCEPT;
}
