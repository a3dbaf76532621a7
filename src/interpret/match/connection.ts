// Matches of what a connection carries: connmark (xt_connmark.c), connlabel (xt_connlabel.c), connbytes
// (xt_connbytes.c), helper (xt_helper.c).

import type { ConnbytesOptions } from '../../extension/match/connbytes.ts';
import type { ConnlabelOptions } from '../../extension/match/connlabel.ts';
import type { ConnmarkOptions } from '../../extension/match/connmark.ts';
import type { HelperOptions } from '../../extension/match/helper.ts';
import * as Ct from '../../layout/conntrack.ts';
import { type Result, result } from '../condition.ts';
import type { Counter } from '../conntrack/connection.ts';
import type { Packet } from '../packet.ts';

export function connmark({ value, mask, invert }: ConnmarkOptions, { connection }: Packet): Result {
  if (connection === undefined) return 'no';
  return result(((connection.mark & mask) >>> 0 === value >>> 0) !== invert);
}

export function connlabel({ bit, set, invert }: ConnlabelOptions, { connection }: Packet): Result {
  if (connection?.labels === undefined) return result(invert);
  const label = 1n << BigInt(bit);
  const has = (connection.labels & label) !== 0n;
  if (!has && set) {
    connection.labels |= label;
    connection.tell(Ct.IPCT_LABEL);
  }
  return result((has || set) !== invert);
}

export function connbytes({ from, to, mode, direction }: ConnbytesOptions, { connection }: Packet): Result {
  const { accounting } = connection ?? {};
  if (accounting === undefined) return 'no';
  const [original, reply] = accounting;
  const counters = { original: [original], reply: [reply], both: [original, reply] }[direction];
  const what = amount(counters, mode);
  return result(to >= from ? what >= from && what <= to : what < to || what > from);
}

function amount(counters: readonly Counter[], mode: ConnbytesOptions['mode']): bigint {
  const packets = counters.reduce((sum, counter) => sum + counter.packets, 0n);
  const bytes = counters.reduce((sum, counter) => sum + counter.bytes, 0n);
  switch (mode) {
    case 'packets':
      return packets;
    case 'bytes':
      return bytes;
    case 'avgpkt':
      return packets === 0n ? 0n : bytes / packets;
  }
}

/** The helper that is asked for is that of the connection that expected this one. */
export function helper({ name, invert }: HelperOptions, { connection }: Packet): Result {
  const found = connection?.master?.helped?.helper;
  if (found === undefined) return result(invert);
  // strncmp over the length of the helper's own name.
  return result((name === '' || name.startsWith(found)) !== invert);
}
