// CONNBYTES: CONNBYTES_* | directions << 16 (bit 0 original, bit 1 reply), 0, 0, then from and to, 8 bytes each.

import * as Conntrack from '../../src/layout/conntrack.ts';
import * as Lane from '../../src/layout/lane.ts';
import * as Op from '../../src/layout/op.ts';
import * as Packet from '../../src/layout/packet.ts';
import { familyWords } from '../conntrack/shard';

export function connbytes(lane: usize, p: usize, op: usize): i32 {
  const entry = <usize>load<u32>(p, Packet.CT);
  if (entry == 0) return Op.NO;
  const config = <usize>load<u32>(lane, Lane.CONNTRACK);
  const offset = load<u32>(familyWords(config, load<u8>(entry, Conntrack.FAMILY)), Conntrack.ACCT4);
  if (offset == 0) return Op.NO;
  const value = amount(entry + offset, u32(load<u16>(op, 4)), u32(load<u16>(op, 6)));
  const from = load<u64>(op, 16);
  const to = load<u64>(op, 24);
  // A range that goes backwards is an inverted one.
  return i32(to >= from ? value >= from && value <= to : value < to || value > from);
}

function amount(account: usize, what: u32, directions: u32): u64 {
  let packets: u64 = 0;
  let bytes: u64 = 0;
  if ((directions & 1) != 0) {
    packets += load<u64>(account, Conntrack.ACCT_PACKETS);
    bytes += load<u64>(account, Conntrack.ACCT_BYTES);
  }
  if ((directions & 2) != 0) {
    packets += load<u64>(account, Conntrack.ACCT_REPLY + Conntrack.ACCT_PACKETS);
    bytes += load<u64>(account, Conntrack.ACCT_REPLY + Conntrack.ACCT_BYTES);
  }
  if (what == Op.CONNBYTES_PACKETS) return packets;
  if (what == Op.CONNBYTES_BYTES) return bytes;
  return packets == 0 ? 0 : bytes / packets;
}
