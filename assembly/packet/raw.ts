// LINKTYPE_RAW: an IP packet and nothing else; the version in its first byte says which.

import * as Reason from '../../src/layout/reason.ts';
import { ipv4 } from './ipv4.ts';
import { ipv6 } from './ipv6.ts';
import { skip } from './record.ts';

export function raw(p: usize, at: usize, cap: u32, len: u32): void {
  if (cap == 0) {
    skip(p, Reason.TRUNCATED_FRAME, 0);
    return;
  }
  const version = <u32>load<u8>(at) >>> 4;
  if (version == 4) ipv4(p, at, cap, len);
  else if (version == 6) ipv6(p, at, cap, len);
  else skip(p, Reason.ETHERTYPE, version);
}
