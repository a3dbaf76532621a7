// CONNTRACK: one condition of -m conntrack; operands in src/layout/op.ts.

import * as Conntrack from '../../src/layout/conntrack.ts';
import * as Op from '../../src/layout/op.ts';
import * as Packet from '../../src/layout/packet.ts';
import { hasTemplate } from './entry';

const SECOND: u64 = 1_000_000_000;

export function conntrack(p: usize, op: usize): i32 {
  const entry = <usize>load<u32>(p, Packet.CT);
  const bits = u32(load<u16>(op, 6));
  if (entry == 0 && !hasTemplate(p)) return (bits & Op.CT_WITHOUT) != 0 ? Op.YES : Op.NO;
  return i32(holds(p, entry, op)) ^ i32((bits & Op.CT_INVERT) != 0);
}

/** `entry` 0: a template, in which everything is zero. */
function holds(p: usize, entry: usize, op: usize): bool {
  switch (u32(load<u16>(op, 4))) {
    case Op.CT_PROTOCOL:
      return between(entry == 0 ? 0 : load<u8>(entry, Conntrack.PROTO), op + 8);
    case Op.CT_PORT:
      return between(entry == 0 ? 0 : load<u16>(entry + load<u32>(op, 8)), op + 12);
    case Op.CT_ADDRESS4: {
      const address = entry == 0 ? 0 : load<u32>(entry + load<u32>(op, 8));
      return (address & load<u32>(op, 16)) == load<u32>(op, 12);
    }
    case Op.CT_ADDRESS6: {
      const address = entry == 0 ? i64x2.splat(0) : v128.load(entry + load<u32>(op, 8));
      return i8x16.all_true(i8x16.eq(v128.and(address, v128.load(op, 32)), v128.load(op, 16)));
    }
    case Op.CT_STATUS:
      return (statusOf(entry) & load<u32>(op, 8)) != 0;
    case Op.CT_EXPIRES:
      return between(secondsLeft(p, entry), op + 8);
    case Op.CT_DIRECTION: {
      const reply = load<u32>(p, Packet.CTINFO) >= <u32>Conntrack.INFO_REPLY;
      return u32(reply) == load<u32>(op, 8);
    }
    default:
      return false;
  }
}

/** Is the value between the words at `range`? */
function between(value: u64, range: usize): bool {
  return value >= <u64>load<u32>(range) && value <= <u64>load<u32>(range, 4);
}

function statusOf(entry: usize): u32 {
  return entry == 0 ? Conntrack.IPS_CONFIRMED | Conntrack.IPS_TEMPLATE : load<u32>(entry, Conntrack.STATUS);
}

/**
 * nf_ct_expires, in whole seconds. Until it is confirmed an entry has its timeout where the time of its end will be:
 * in a machine's first minutes up, that is a time to come; from then on it is one gone by.
 */
function secondsLeft(p: usize, entry: usize): u64 {
  if (entry == 0 || (load<u32>(entry, Conntrack.STATUS) & Conntrack.IPS_CONFIRMED) == 0) return 0;
  const deadline = load<u64>(entry, Conntrack.DEADLINE);
  const now = load<u64>(p, Packet.TIME);
  return deadline > now ? (deadline - now) / SECOND : 0;
}
