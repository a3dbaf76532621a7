// -j REJECT ends the packet's way; the answer to its sender is not made here, but a reset ends the connection, too
// (nf_send_reset, nf_send_reset6).

import type { RejectOptions } from '../../extension/target/reject.ts';
import { isLimitedBroadcast, isMulticast } from '../address.ts';
import { isSumRight } from '../conntrack/checksum.ts';
import { readTcp } from '../conntrack/tcp-segment.ts';
import type { Context } from '../match.ts';
import { IPPROTO_TCP, type Packet } from '../packet.ts';

export function REJECT(options: RejectOptions, packet: Packet, { conntrack, nowNs }: Context): 'reject' {
  if (options.with === 'tcp-reset' && getsReset(packet, conntrack.verifies)) conntrack.close(packet, nowNs);
  return 'reject';
}

/** No reset is sent for a reset, for what was damaged, nor to many. */
function getsReset(packet: Packet, verify: boolean): boolean {
  if (packet.connection === undefined) return false;
  const { destination, source } = packet;
  if (isMulticast(destination) || isMulticast(source) || isLimitedBroadcast(destination)) return false;
  const transport = packet.transport();
  if (transport?.protocol !== IPPROTO_TCP || transport.fragmentOffset !== 0) return false;
  if (readTcp(packet.bytes, transport.offset)?.hasRst !== false) return false;
  return !verify || isSumRight(packet, transport.offset, IPPROTO_TCP);
}
