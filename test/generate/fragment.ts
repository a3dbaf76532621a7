// Packets as fragments: in any order, between other packets, some twice, lost, overlapping, with other ends, ECN fields or
// headers than the rest, some too late.

import fc from 'fast-check';
import { type FrameSpec, fragmentHeader, summed } from './frame.ts';
import type { PacketSpec } from './packet.ts';
import { maybe } from './pool.ts';

/** What is wrong with a fragment, or with one more like it. */
type Oddity =
  | 'lost'
  | 'again'
  | 'reaches-on'
  | 'begins-earlier'
  | 'begins-later'
  | 'ends-elsewhere'
  | 'empty'
  | 'uneven'
  | 'all'
  | 'flipped'
  | 'broadcast'
  | 'options'
  | 'extension'
  | 'late'
  | 'early'
  | 'snapped';

const ODDITIES: readonly Oddity[] = [
  'lost',
  'again',
  'again',
  'reaches-on',
  'begins-earlier',
  'begins-later',
  'ends-elsewhere',
  'empty',
  'uneven',
  'all',
  'flipped',
  'broadcast',
  'options',
  'extension',
  'late',
  'early',
  'snapped',
];

interface Tear {
  /** Of the fragments but the last, in units of 8 bytes. */
  readonly sizes: readonly number[];
  readonly id: number | undefined;
  /** How many packets later than the first one fragments come, in turn. */
  readonly delays: readonly number[];
  readonly ecn: readonly number[];
  readonly dontFragment: readonly boolean[];
  /** IPv6: extension headers are cut with the rest, not in front of each fragment. */
  readonly behind: boolean;
  readonly oddities: readonly { readonly kind: Oddity; readonly at: number }[];
}

const tear: fc.Arbitrary<Tear> = fc.record({
  sizes: fc.array(fc.constantFrom(1, 1, 2, 3, 5, 60, 153, 155, 160), { minLength: 1, maxLength: 4 }),
  id: maybe(fc.constantFrom(1, 2), 6),
  delays: fc.array(fc.constantFrom(0, 0, 0, 1, 2, 5), { minLength: 1, maxLength: 5 }),
  ecn: fc.oneof(
    { weight: 4, arbitrary: fc.constant([0]) },
    { weight: 1, arbitrary: fc.array(fc.nat({ max: 3 }), { minLength: 1, maxLength: 4 }) },
  ),
  dontFragment: fc.oneof(
    fc.constant([false]),
    fc.array(fc.boolean(), { minLength: 1, maxLength: 3 }),
    fc.constant([true]),
  ),
  behind: fc.boolean(),
  oddities: fc.oneof(
    { weight: 2, arbitrary: fc.constant([]) },
    {
      weight: 1,
      arbitrary: fc.array(fc.record({ kind: fc.constantFrom(...ODDITIES), at: fc.nat({ max: 5 }) }), {
        minLength: 1,
        maxLength: 3,
      }),
    },
  ),
});

/** Of two packets one stays whole. */
const tears: fc.Arbitrary<readonly (Tear | undefined)[]> = fc.array(maybe(tear, 2), {
  minLength: 1,
  maxLength: 12,
});

/** The packets, many of them in fragments. */
export function torn(packets: fc.Arbitrary<PacketSpec[]>): fc.Arbitrary<PacketSpec[]> {
  return fc.tuple(packets, tears).map(([list, plans]) => {
    const placed = list.flatMap((packet, index) => {
      const plan = plans[index % plans.length];
      const whole = plan === undefined || isFragment(packet.spec);
      return whole ? [{ packet, at: index }] : fragments(packet, index, plan);
    });
    return placed.sort((a, b) => a.at - b.at).map(({ packet }) => packet);
  });
}

const FRAGMENT = 44;

function isFragment({ fragmentOffset = 0, moreFragments, extensions = [] }: FrameSpec): boolean {
  return fragmentOffset !== 0 || moreFragments === true || extensions.some(({ type }) => type === FRAGMENT);
}

/** One fragment: bytes `start` to `end` of what is cut. */
interface Piece {
  start: number;
  end: number;
  more: boolean;
  oddity: Oddity | undefined;
}

interface Placed {
  readonly packet: PacketSpec;
  readonly at: number;
}

function fragments(packet: PacketSpec, index: number, plan: Tear): Placed[] {
  const cut = cuttable(packet.spec, plan);
  const pieces: Piece[] = [];
  let start = 0;
  for (const size of plan.sizes) {
    const end = start + size * 8;
    if (end >= cut.bytes.length) break;
    pieces.push({ start, end, more: true, oddity: undefined });
    start = end;
  }
  pieces.push({ start, end: cut.bytes.length, more: false, oddity: undefined });
  for (const { kind, at } of plan.oddities) disturb(pieces, kind, at);
  const turn = <T>(list: readonly T[], number: number): T => list[number % list.length] as T;
  return pieces.map((piece, number) => {
    const spec = cut.make(piece, plan.id ?? 100 + index, {
      ecn: turn(plan.ecn, number),
      dontFragment: turn(plan.dontFragment, number),
    });
    const gapMs =
      number === 0 ? packet.gapMs : piece.oddity === 'late' ? 30_500 : piece.oddity === 'early' ? -40_000 : 1;
    return { packet: { ...packet, spec, gapMs }, at: index + turn(plan.delays, number) };
  });
}

function disturb(pieces: Piece[], oddity: Oddity, at: number): void {
  const piece = pieces[at % pieces.length];
  if (piece === undefined) return;
  const { start, end, more } = piece;
  const also = (change: Partial<Piece>): void => {
    pieces.splice((at * 3) % (pieces.length + 1), 0, { start, end, more, oddity: undefined, ...change });
  };
  switch (oddity) {
    case 'lost':
      pieces.splice(at % pieces.length, 1);
      return;
    case 'again':
      also({});
      return;
    case 'reaches-on':
      also({ end: end + 8 });
      return;
    case 'begins-earlier':
      also({ start: Math.max(0, start - 8) });
      return;
    case 'begins-later':
      if (start + 8 < end) also({ start: start + 8 });
      return;
    case 'ends-elsewhere':
      also({ more: !more });
      return;
    case 'empty':
      also({ end: start });
      return;
    case 'uneven':
      also({ end: Math.max(start, end - 3) });
      return;
    case 'all':
      also({ start: 0, end: pieces.at(-1)?.end ?? 0, more: false });
      return;
    default:
      piece.oddity = oddity;
  }
}

interface Cuttable {
  /** What is spread over fragments. */
  readonly bytes: Uint8Array;
  make(piece: Piece, id: number, header: { readonly ecn: number; readonly dontFragment: boolean }): FrameSpec;
}

function cuttable(spec: FrameSpec, { behind }: Tear): Cuttable {
  const transport = summed(spec);
  const headers = behind ? (spec.extensions ?? []) : [];
  const types = [...headers.map(({ type }) => type), spec.protocol];
  const chain = headers.map(({ bytes }, index) => [types[index + 1] as number, ...bytes.subarray(1)]);
  const bytes = Uint8Array.from([...chain.flat(), ...transport]);
  const before = behind ? [] : (spec.extensions ?? []);
  const six = spec.source.length === 16;
  return {
    bytes,
    make({ start, end, more, oddity }, id, { ecn, dontFragment }) {
      const part = new Uint8Array(end - start);
      part.set(bytes.subarray(start, end));
      const odd: Partial<FrameSpec> = {
        ...(oddity === 'flipped' && { protocol: 132, ttl: 9 }),
        ...(oddity === 'broadcast' && { macDestination: new Uint8Array(6).fill(255) }),
        ...(oddity === 'snapped' && { snap: 30 + (end % 40) }),
        ...(oddity === 'options' && !six && { options: Uint8Array.of(1, 1, 1, 0) }),
      };
      const common = { ...spec, tos: ((spec.tos ?? 0) & ~3) | ecn, transport: part, sums: false };
      if (!six) {
        return { ...common, id, dontFragment, moreFragments: more, fragmentOffset: start / 8, ...odd };
      }
      const more6 = oddity === 'extension' ? [DESTINATION_OPTIONS] : [];
      return {
        ...common,
        protocol: types[0] as number,
        extensions: [...before, ...more6, fragmentHeader(start / 8, more, id)],
        ...odd,
      };
    },
  };
}

const DESTINATION_OPTIONS = { type: 60, bytes: Uint8Array.of(0, 0, 1, 4, 0, 0, 0, 0) };
