// MAC: bytes 0 to 3, then bytes 4 and 5 | invert << 16. EUI64: no operands.

import * as Capture from '../../src/layout/capture.ts';
import * as Host from '../../src/layout/host.ts';
import * as Lane from '../../src/layout/lane.ts';
import * as Op from '../../src/layout/op.ts';
import * as Packet from '../../src/layout/packet.ts';

const LINKTYPE_SLL: u32 = 113;
const LINKTYPE_SLL2: u32 = 276;
const ARPHRD_ETHER: u32 = 1;

/** Interfaces that are not Ethernet never match, inverted or not. */
export function mac(lane: usize, p: usize, op: usize): i32 {
  if (!fromEthernet(lane, p)) return Op.NO;
  const source = sourceMac(lane, p);
  if (source == 0) return Op.NO;
  const same = load<u32>(source) == load<u32>(op, 4) && load<u16>(source, 4) == load<u16>(op, 8);
  return i32(same) ^ i32(load<u16>(op, 10));
}

/** The low half of the source address is the MAC with ff:fe in its middle and the universal bit turned. */
export function eui64(lane: usize, p: usize): i32 {
  const source = sourceMac(lane, p);
  if (source == 0) return Op.NO;
  const high = u64(bswap<u32>(load<u32>(source)));
  const low = u64(bswap<u16>(load<u16>(source, 4)));
  // high: bytes 0 to 3, low: bytes 4 and 5.
  const expected = ((high >> 8) << 40) | 0x000000fffe000000 | ((high & 0xff) << 16) | low;
  return i32(load<u64>(p, Packet.SRC + 8) == (expected ^ 0x0200000000000000));
}

/** Not by lo and its like, whose frames look like Ethernet ones. */
function fromEthernet(lane: usize, p: usize): bool {
  const host: usize = load<u32>(lane, Lane.HOST);
  const device: usize = load<u32>(p, Packet.IIF);
  if (host == 0 || device == 0) return true;
  const record = host + load<u32>(host, Host.INTERFACES) + device * Host.INTERFACE_BYTES;
  return (load<u32>(record, Host.IF_FLAGS) & Host.IF_ETHERNET) != 0;
}

/** Address of the six bytes, 0 when the packet did not come from Ethernet. A cooked capture keeps them too. */
function sourceMac(lane: usize, p: usize): usize {
  const ethernet: usize = load<u32>(p, Packet.MAC);
  if (ethernet != 0) return ethernet + 6;
  if (load<u32>(p, Packet.COOKED) == 0) return 0;
  const frame: usize = load<u32>(p, Packet.FRAME);
  const table: usize = load<u32>(lane, Lane.CAPTURE_INTERFACES);
  const captured = table + load<u32>(p, Packet.CAPTURE_INTERFACE) * Capture.INTERFACE_BYTES;
  const link = load<u32>(captured, Capture.LINKTYPE);
  if (link == LINKTYPE_SLL && load<u32>(p, Packet.FRAME_CAP) >= 16) {
    return isEthernet(frame + 2) && bswap<u16>(load<u16>(frame, 4)) == 6 ? frame + 6 : 0;
  }
  if (link == LINKTYPE_SLL2 && load<u32>(p, Packet.FRAME_CAP) >= 20) {
    return isEthernet(frame + 8) && load<u8>(frame, 11) == 6 ? frame + 12 : 0;
  }
  return 0;
}

/** The ARPHRD_* type, big-endian, at `at`. */
function isEthernet(at: usize): bool {
  return u32(bswap<u16>(load<u16>(at))) == ARPHRD_ETHER;
}
