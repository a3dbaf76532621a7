// TCP_OPTION: kind | invert << 16. A data offset below the header's 20 bytes drops the packet.

import * as Op from '../../src/layout/op.ts';
import * as Packet from '../../src/layout/packet.ts';
import { byteAt, reach } from './bytes';
import { findOption, inverted } from './option';

const HEADER_BYTES: u32 = 20;

export function tcpOption(p: usize, op: usize): i32 {
  const header = load<u32>(p, Packet.L4_OFFSET);
  if (reach(p, header + 12, 1) != Op.YES) return Op.UNDECIDABLE;
  const bytes = (byteAt(p, header + 12) >> 4) * 4;
  if (bytes < HEADER_BYTES) return Op.HOTDROP;
  const found = findOption(p, header + HEADER_BYTES, bytes - HEADER_BYTES, u32(load<u16>(op, 4)));
  // Options that are cut short are no condition that could be inverted.
  return found == Op.HOTDROP ? found : inverted(found, i32(load<u16>(op, 6)));
}
