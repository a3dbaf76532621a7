// MAC: bytes 0 to 3, then bytes 4 and 5 | invert << 16. EUI64: no operands.

import * as Capture from '../../src/layout/capture.ts';
import * as Host from '../../src/layout/host.ts';
import * as Lane from '../../src/layout/lane.ts';
import * as Op from '../../src/layout/op.ts';
import * as Packet from '../../src/layout/packet.ts';
import * as Path from '../../src/layout/path.ts';

const LINKTYPE_SLL: u32 = 113;
const LINKTYPE_SLL2: u32 = 276;
/** Captures without a link header. */
const LINKTYPE_RAW_OLD: u32 = 12;
const LINKTYPE_RAW_OLD_OPENBSD: u32 = 14;
const LINKTYPE_RAW: u32 = 101;
const LINKTYPE_IPV4: u32 = 228;
const LINKTYPE_IPV6: u32 = 229;
const ARPHRD_ETHER: u32 = 1;

/** sourceMac(): the packet had none; the capture does not say. */
const NONE: usize = 0;
const NOT_CAPTURED: usize = 1;

/** Interfaces that are not Ethernet never match, inverted or not. */
export function mac(lane: usize, p: usize, op: usize): i32 {
  if (!fromEthernet(lane, p)) return Op.NO;
  const source = sourceMac(lane, p);
  if (source == NONE) return Op.NO;
  if (source == NOT_CAPTURED) return Op.UNDECIDABLE;
  const same = load<u32>(source) == load<u32>(op, 4) && load<u16>(source, 4) == load<u16>(op, 8);
  return i32(same) ^ i32(load<u16>(op, 10));
}

/** The low half of the source address is the MAC with ff:fe in its middle and the universal bit turned. */
export function eui64(lane: usize, p: usize): i32 {
  const source = sourceMac(lane, p);
  if (source == NONE) return Op.NO;
  if (source == NOT_CAPTURED) return fromEthernet(lane, p) ? Op.UNDECIDABLE : Op.NO;
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

/** Address of the six bytes, NONE or NOT_CAPTURED. A cooked capture keeps them too, and says what the device was. */
function sourceMac(lane: usize, p: usize): usize {
  const ethernet: usize = load<u32>(p, Packet.MAC);
  if (ethernet != 0) return ethernet + 6;
  // The host's own broadcast comes back without a link-layer header.
  if (load<u32>(p, Packet.PATH) == Path.SEND && load<u32>(p, Packet.SENT_BROADCAST) != 0) return NONE;
  const frame: usize = load<u32>(p, Packet.FRAME);
  const table: usize = load<u32>(lane, Lane.CAPTURE_INTERFACES);
  const captured = table + load<u32>(p, Packet.CAPTURE_INTERFACE) * Capture.INTERFACE_BYTES;
  switch (load<u32>(captured, Capture.LINKTYPE)) {
    case LINKTYPE_SLL:
      if (load<u32>(p, Packet.FRAME_CAP) < 16 || !isEthernet(frame + 2)) return NONE;
      return bswap<u16>(load<u16>(frame, 4)) == 6 ? frame + 6 : NOT_CAPTURED;
    case LINKTYPE_SLL2:
      if (load<u32>(p, Packet.FRAME_CAP) < 20 || !isEthernet(frame + 8)) return NONE;
      return load<u8>(frame, 11) == 6 ? frame + 12 : NOT_CAPTURED;
    case LINKTYPE_RAW_OLD:
    case LINKTYPE_RAW_OLD_OPENBSD:
    case LINKTYPE_RAW:
    case LINKTYPE_IPV4:
    case LINKTYPE_IPV6:
      return NOT_CAPTURED;
    default:
      return NONE;
  }
}

/** The ARPHRD_* type, big-endian, at `at`. */
function isEthernet(at: usize): bool {
  return u32(bswap<u16>(load<u16>(at))) == ARPHRD_ETHER;
}
