// What a trace shows of reassembly.

import type { HookName } from '../../model/ruleset.ts';
import type { Held } from './datagram.ts';
import type { FragmentUser, Reassembled } from './waiting.ts';

/** A packet was held for its datagram, or completed it. */
export interface FragmentStep {
  /** Steps of the packet's path (Outcome.path) before it. */
  readonly place: number;
  /** The hook that the datagram comes to. */
  readonly hook: HookName;
  /** The fragment that was held, whose fate is known later; undefined: the packet completed its datagram. */
  readonly held?: Held | undefined;
  /** All fragments of the completed datagram, in the order in which they came, and its length. */
  readonly pieces: readonly Held[];
  readonly length: number;
}

const HOOKS: Readonly<Record<FragmentUser, HookName>> = {
  deliver: 'INPUT',
  'conntrack-in': 'PREROUTING',
  'conntrack-out': 'OUTPUT',
};

/** Undefined: the packet was let go on as it is. */
export function fragmentStep(
  answer: Reassembled,
  user: FragmentUser,
  place: number,
): FragmentStep | undefined {
  const hook = HOOKS[user];
  if (answer.kind === 'held') return { place, hook, held: answer.held, pieces: [], length: 0 };
  const { pieces, packet } = answer;
  return pieces.length === 0 ? undefined : { place, hook, pieces, length: packet.length };
}
