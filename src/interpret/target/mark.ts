// -j MARK: mark_tg (xt_mark.c).

import type { MarkTargetOptions } from '../../extension/target/mark.ts';
import type { Packet } from '../packet.ts';

export function MARK({ value, mask }: MarkTargetOptions, packet: Packet): 'continue' {
  packet.mark = ((packet.mark & ~mask) ^ value) >>> 0;
  return 'continue';
}
