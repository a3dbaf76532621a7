// Where a packet's payload is, and how much of it there is and was captured. Helpers see what is captured; of a packet
// that was cut they never say that it is to be dropped for what they did not see.

import * as Packet from '../../../src/layout/packet.ts';

export const TCP_HEADER: u32 = 20;
export const UDP_HEADER: u32 = 8;

export function transport(p: usize): usize {
  return <usize>load<u32>(p, Packet.L3) + load<u32>(p, Packet.L4_OFFSET);
}

/** Bytes of the transport header: TCP with its options; 0 when it is not captured. */
export function headerBytes(p: usize, tcp: bool): u32 {
  const cap = load<u32>(p, Packet.L4_CAP);
  if (!tcp) return cap < UDP_HEADER ? 0 : UDP_HEADER;
  return cap < TCP_HEADER ? 0 : (u32(load<u8>(transport(p), 12)) >> 4) << 2;
}

/** Bytes behind a transport header of `header` bytes by the packet's own account. */
export function declared(p: usize, header: u32): u32 {
  const length = load<u32>(p, Packet.L4_LEN);
  return length > header ? length - header : 0;
}

/** ... of which are captured. */
export function captured(p: usize, header: u32): u32 {
  const length = min(load<u32>(p, Packet.L4_CAP), load<u32>(p, Packet.L4_LEN));
  return length > header ? length - header : 0;
}
