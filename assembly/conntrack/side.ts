// The four addresses of an entry by number: source and destination of the original, then of the reply direction.

import * as Conntrack from '../../src/layout/conntrack.ts';

/** No address: any. */
export const ANY: i32 = -1;

/** The source that packets of `direction` have; the destination is the next. */
export function sourceOf(direction: u32): i32 {
  return <i32>(direction << 1);
}

export function destinationOf(direction: u32): i32 {
  return <i32>(direction << 1) + 1;
}

/** Address of the address: 4 bytes of an IPv4 entry, 16 of an IPv6 one. */
function place(entry: usize, side: i32): usize {
  if (load<u8>(entry, Conntrack.FAMILY) == 6) return entry + Conntrack.ORIG_SRC6 + <usize>(side << 4);
  // The ports stand between the two directions' addresses.
  return entry + Conntrack.ORIG_SRC + <usize>(side << 2) + (side > 1 ? 4 : 0);
}

/** Writes the address in the form of layout/packet.ts, 16 bytes. */
export function copyAddress(entry: usize, side: i32, to: usize): void {
  const from = place(entry, side);
  if (load<u8>(entry, Conntrack.FAMILY) == 6) {
    v128.store(to, v128.load(from));
  } else {
    store<u64>(to, <u64>load<u32>(from));
    store<u64>(to, 0, 8);
  }
}

/** Whether an address in the form of layout/packet.ts is that one. */
export function isAddress(entry: usize, side: i32, address: usize): bool {
  const own = place(entry, side);
  if (load<u8>(entry, Conntrack.FAMILY) == 6) return sameAddress(own, address);
  return load<u32>(own) == load<u32>(address);
}

export function sameAddress(a: usize, b: usize): bool {
  return i8x16.all_true(i8x16.eq(v128.load(a), v128.load(b)));
}

/** The port, in host order. */
export function portOf(entry: usize, side: i32): u32 {
  return u32(
    load<u16>(entry + (side > 1 ? Conntrack.REPLY_PORTS : Conntrack.ORIG_PORTS) + ((<usize>side & 1) << 1)),
  );
}
