// -m conntrack and -m state: conntrack_mt (xt_conntrack.c).

import type { HostMask } from '../../extension/host-mask.ts';
import type { BitTest, ConntrackOptions } from '../../extension/match/conntrack.ts';
import type { PortRange } from '../../extension/port.ts';
import type { Address } from '../../model/address.ts';
import { type Result, result } from '../condition.ts';
import { type Connection, directionOf } from '../conntrack/connection.ts';
import { stateBits } from '../conntrack/state.ts';
import type { Context } from '../match.ts';
import type { Packet } from '../packet.ts';

export function conntrack(options: ConntrackOptions, packet: Packet, { nowNs }: Context): Result {
  const { states } = options;
  if (states !== undefined && !hasBit(states, stateBits(packet))) return 'no';
  const { connection } = packet;
  // Without a connection the state is all that can be asked.
  if (connection === undefined) return result(states !== undefined);
  return result(
    isDirection(options, packet.ctinfo) &&
      areAddresses(options, connection) &&
      areProtocolAndPorts(options, connection) &&
      isStatus(options.status, connection) &&
      expires(options.expires, connection, nowNs),
  );
}

function hasBit({ mask, invert }: BitTest, bits: number): boolean {
  return ((bits & mask) !== 0) !== invert;
}

function isDirection({ direction }: ConntrackOptions, ctinfo: number): boolean {
  return direction === undefined || directionOf(ctinfo) === (direction === 'original' ? 0 : 1);
}

function areAddresses(options: ConntrackOptions, { tuples: [original, reply] }: Connection): boolean {
  return (
    isAddress(options.originalSource, original.source) &&
    isAddress(options.originalDestination, original.destination) &&
    isAddress(options.replySource, reply.source) &&
    isAddress(options.replyDestination, reply.destination)
  );
}

function isAddress(wanted: HostMask | undefined, address: Address): boolean {
  if (wanted === undefined) return true;
  const equal = wanted.address.every(
    (byte, index) => ((byte ^ (address[index] as number)) & (wanted.mask[index] as number)) === 0,
  );
  return equal !== wanted.invert;
}

/** Ports are whatever the protocol has in their place: an id, a type and code, a key, 0. */
function areProtocolAndPorts(options: ConntrackOptions, connection: Connection): boolean {
  const [original, reply] = connection.tuples;
  const { protocol } = options;
  if (protocol !== undefined && (connection.protocol === protocol.value) === protocol.invert) return false;
  return (
    isPort(options.originalSourcePort, original.sourcePart) &&
    isPort(options.originalDestinationPort, original.destinationPart) &&
    isPort(options.replySourcePort, reply.sourcePart) &&
    isPort(options.replyDestinationPort, reply.destinationPart)
  );
}

function isPort(range: PortRange | undefined, port: number): boolean {
  return range === undefined || (port >= range.lo && port <= range.hi) !== range.invert;
}

function isStatus(wanted: BitTest | undefined, connection: Connection): boolean {
  return wanted === undefined || hasBit(wanted, connection.status);
}

/** nf_ct_expires: of a connection that is not confirmed, the time that it would get counts from the machine's start. */
function expires(wanted: ConntrackOptions['expires'], connection: Connection, nowNs: bigint): boolean {
  if (wanted === undefined) return true;
  const left = connection.confirmed ? connection.timeoutNs - nowNs : 0n;
  const seconds = Number((left > 0n ? left : 0n) / 1_000_000_000n);
  return (seconds >= wanted.lo && seconds <= wanted.hi) !== wanted.invert;
}
