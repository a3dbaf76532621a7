// Tuples: what of a packet its connection is found by (struct nf_conntrack_tuple), and where its transport header is
// (get_l4proto; not ipv6_find_hdr, which -p asks).

import type { Address } from '../../model/address.ts';
import { formatAddress } from '../../model/address.ts';
import type { Family } from '../../model/ruleset.ts';
import type { Bytes } from '../bytes.ts';
import {
  extensionHeaderBytes,
  IPPROTO_FRAGMENT,
  IPPROTO_NONE,
  IPPROTO_SCTP,
  IPPROTO_TCP,
  IPPROTO_UDP,
  IPPROTO_UDPLITE,
  isExtensionHeader,
} from '../packet.ts';

export const IPPROTO_ICMP = 1;
export const IPPROTO_GRE = 47;
export const IPPROTO_ICMPV6 = 58;

export interface Tuple {
  readonly family: Family;
  readonly source: Address;
  readonly destination: Address;
  readonly protocol: number;
  /** src.u.all in host order: the port; the id of ICMP; the key of GRE; 0 where the protocol has none. */
  readonly sourcePart: number;
  /** dst.u.all in host order: the port; type << 8 | code of ICMP; the key of GRE. */
  readonly destinationPart: number;
}

/** nf_ct_tuple_equal, as a key. */
export function tupleKey(tuple: Tuple): string {
  const { protocol, source, destination, sourcePart, destinationPart } = tuple;
  return [protocol, formatAddress(source), formatAddress(destination), sourcePart, destinationPart].join(' ');
}

/** A transport header as connection tracking finds it. */
export interface Located {
  readonly protocol: number;
  /** From the start of the bytes; may lie at their end or beyond. */
  readonly offset: number;
}

/** get_l4proto for the IP header at `at`; undefined when there is none to be found. */
export function locate(family: Family, bytes: Bytes, at: number): Located | undefined {
  return family === 'ipv4' ? locate4(bytes, at) : locate6(bytes, at);
}

function locate4(bytes: Bytes, at: number): Located | undefined {
  if (!bytes.has(at, 20)) return undefined;
  bytes.need(at, 20);
  if ((bytes.u16(at + 6) & 0x1fff) !== 0) return undefined;
  const offset = at + (bytes.u8(at) & 15) * 4;
  if (offset > bytes.length) return undefined;
  return { protocol: bytes.u8(at + 9), offset };
}

/** ipv6_skip_exthdr */
function locate6(bytes: Bytes, start: number): Located | undefined {
  // The addresses are asked for behind this (nf_ct_get_tuple): without them there is no tuple, whatever follows.
  if (!bytes.has(start, 40)) return undefined;
  let protocol = bytes.u8(start + 6);
  let at = start + 40;
  while (isExtensionHeader(protocol)) {
    if (protocol === IPPROTO_NONE || !bytes.has(at, 2)) return undefined;
    if (protocol === IPPROTO_FRAGMENT) {
      if (!bytes.has(at, 4)) return undefined;
      if ((bytes.u16(at + 2) & 0xfff8) !== 0) return undefined;
    }
    const next = bytes.u8(at);
    at += extensionHeaderBytes(protocol, bytes.u8(at + 1));
    protocol = next;
  }
  return { protocol, offset: at };
}

/** Finds the key that PPTP gave the sender of a call (gre_keymap_lookup); 0 when none is known. */
export type KeyLookup = (tuple: Tuple) => number;

/**
 * nf_ct_get_tuple: undefined when the header is too short for its protocol's part, or cannot be tracked.
 *
 * @param at where the IP header is
 */
export function readTuple(
  family: Family,
  bytes: Bytes,
  at: number,
  { protocol, offset }: Located,
  keys: KeyLookup,
): Tuple | undefined {
  const [from, size] = family === 'ipv4' ? [at + 12, 4] : [at + 8, 16];
  if (!bytes.has(from, 2 * size)) return undefined;
  const tuple = {
    family,
    source: bytes.slice(from, size),
    destination: bytes.slice(from + size, size),
    protocol,
    sourcePart: 0,
    destinationPart: 0,
  };
  switch (protocol) {
    case IPPROTO_TCP:
    case IPPROTO_UDP:
    case IPPROTO_UDPLITE:
    case IPPROTO_SCTP:
      if (!bytes.has(offset, 4)) return undefined;
      return { ...tuple, sourcePart: bytes.u16(offset), destinationPart: bytes.u16(offset + 2) };
    case IPPROTO_ICMP:
    case IPPROTO_ICMPV6:
      if (!bytes.has(offset, 8)) return undefined;
      bytes.need(offset, 8);
      return { ...tuple, sourcePart: bytes.u16(offset + 4), destinationPart: bytes.u16(offset) };
    case IPPROTO_GRE:
      return readGre(bytes, offset, tuple, keys);
    default:
      return tuple;
  }
}

const GRE_VERSION_1 = 1;
const GRE_PROTO_PPP = 0x880b;

/** gre_pkt_to_tuple: PPTP's calls have keys, any other GRE is tracked by its addresses. */
function readGre(bytes: Bytes, offset: number, tuple: Tuple, keys: KeyLookup): Tuple | undefined {
  if (!bytes.has(offset, 4) || (bytes.u16(offset) & 7) !== GRE_VERSION_1) return tuple;
  if (!bytes.has(offset, 8)) return tuple;
  if (bytes.u16(offset + 2) !== GRE_PROTO_PPP) return undefined;
  const called = { ...tuple, destinationPart: bytes.u16(offset + 6) };
  return { ...called, sourcePart: keys(called) };
}

/** Pairs of ICMP types, request and reply (invmap). */
const ICMP_PAIRS = [
  [8, 0],
  [13, 14],
  [15, 16],
  [17, 18],
] as const;
const ICMPV6_PAIRS = [
  [128, 129],
  [139, 140],
] as const;

/** nf_ct_invert_tuple; undefined for ICMP messages that have no counterpart. */
export function invert(tuple: Tuple): Tuple | undefined {
  const { source, destination, protocol, sourcePart, destinationPart } = tuple;
  const mirrored = { ...tuple, source: destination, destination: source };
  if (protocol !== IPPROTO_ICMP && protocol !== IPPROTO_ICMPV6) {
    return { ...mirrored, sourcePart: destinationPart, destinationPart: sourcePart };
  }
  const type = destinationPart >> 8;
  const pair = (protocol === IPPROTO_ICMP ? ICMP_PAIRS : ICMPV6_PAIRS).find((each) =>
    each.some((one) => one === type),
  );
  if (pair === undefined) return undefined;
  const other = pair[0] === type ? pair[1] : pair[0];
  return { ...mirrored, destinationPart: (other << 8) | (destinationPart & 255) };
}
