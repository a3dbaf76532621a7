// From a frame to a packet record: the link layer by the capture interface's link type, then IP, then transport.

import * as Capture from '../../src/layout/capture.ts';
import * as Lane from '../../src/layout/lane.ts';
import * as Packet from '../../src/layout/packet.ts';
import * as Reason from '../../src/layout/reason.ts';
import { ethernet } from './ethernet.ts';
import { ipv4 } from './ipv4.ts';
import { ipv6 } from './ipv6.ts';
import { loopback } from './loopback.ts';
import { ppp, pppHdlc, pppoe } from './ppp.ts';
import { raw } from './raw.ts';
import { begin, skip } from './record.ts';
import { sll, sll2 } from './sll.ts';

// LINKTYPE_* (tcpdump.org/linktypes.html); 12 and 14 are RAW as some systems wrote it.
const NULL: u32 = 0;
const ETHERNET: u32 = 1;
const PPP: u32 = 9;
const RAW_OLD: u32 = 12;
const RAW_OLD_OPENBSD: u32 = 14;
const PPP_HDLC: u32 = 50;
const PPP_ETHER: u32 = 51;
const RAW: u32 = 101;
const C_HDLC: u32 = 104;
const LOOP: u32 = 108;
const LINUX_SLL: u32 = 113;
const IPV4: u32 = 228;
const IPV6: u32 = 229;
const LINUX_SLL2: u32 = 276;

/**
 * Fills in the packet record at `p`, in which FRAME, FRAME_CAP, FRAME_LEN, TIME, RECORD, CAPTURE_INTERFACE and
 * DIRECTION are set; every other field is written. VERDICT is then ACCEPT (go on), SKIP, LOST or UNKNOWN, the latter
 * with a REASON. IIF, OIF, MARK and PATH are 0: arrival decides them.
 */
export function decode(lane: usize, p: usize): void {
  const index = load<u32>(p, Packet.CAPTURE_INTERFACE);
  const link = <usize>load<u32>(lane, Lane.CAPTURE_INTERFACES) + index * Capture.INTERFACE_BYTES;
  begin(p);
  const frame = <usize>load<u32>(p, Packet.FRAME);
  const cap = load<u32>(p, Packet.FRAME_CAP);
  let len = load<u32>(p, Packet.FRAME_LEN);
  // A record that claims to hold more than there was: what it holds was there.
  if (len < cap) len = cap;
  const type = load<u32>(link, Capture.LINKTYPE);
  if (type == ETHERNET) ethernet(p, frame, cap, len);
  else decodeOther(p, type, frame, cap, len);
}

function decodeOther(p: usize, type: u32, frame: usize, cap: u32, len: u32): void {
  switch (type) {
    case LINUX_SLL:
      sll(p, frame, cap, len);
      break;
    case LINUX_SLL2:
      sll2(p, frame, cap, len);
      break;
    case RAW:
    case RAW_OLD:
    case RAW_OLD_OPENBSD:
      raw(p, frame, cap, len);
      break;
    case IPV4:
      ipv4(p, frame, cap, len);
      break;
    case IPV6:
      ipv6(p, frame, cap, len);
      break;
    case NULL:
    case LOOP:
      loopback(p, frame, cap, len);
      break;
    case PPP:
      ppp(p, frame, cap, len);
      break;
    case PPP_HDLC:
    case C_HDLC:
      pppHdlc(p, frame, cap, len);
      break;
    case PPP_ETHER:
      pppoe(p, frame, cap, len);
      break;
    default:
      skip(p, Reason.LINK_TYPE, type);
  }
}
