// -m mark: mark_mt (xt_mark.c).

import type { MarkOptions } from '../../extension/match/mark.ts';
import { type Result, result } from '../condition.ts';
import type { Packet } from '../packet.ts';

export function mark({ value, mask, invert }: MarkOptions, packet: Packet): Result {
  return result(((packet.mark & mask) >>> 0 === value >>> 0) !== invert);
}
