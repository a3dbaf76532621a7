import * as Packet from '../../src/layout/packet.ts';

/**
 * Stores FRAME_CAP and FRAME_LEN without the frame check sequence, which is the last bytes on the wire, captured or
 * not. A record that claims more captured bytes than the frame had is taken to have had them.
 */
export function storeLengths(packet: usize, captured: u32, original: u32, fcsBytes: u32): void {
  let length = max<u32>(original, captured);
  length = length < fcsBytes ? 0 : length - fcsBytes;
  store<u32>(packet, length, Packet.FRAME_LEN);
  store<u32>(packet, min<u32>(captured, length), Packet.FRAME_CAP);
}
