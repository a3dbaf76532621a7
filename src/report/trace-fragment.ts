// The line of a trace about reassembly, before the hook that the datagram comes to: a fragment was held, or completed it.

import type { Fate } from '../interpret/fragment/datagram.ts';
import type { FragmentStep } from '../interpret/fragment/step.ts';

/** `FRAGMENT: PREROUTING completes the datagram of packets 3, 4 and 7: 2828 bytes`, without a line feed. */
export function fragmentLine({ hook, held, pieces, length }: FragmentStep): string {
  if (held !== undefined) {
    const { start, end } = held;
    return `FRAGMENT: ${hook} holds bytes ${start} to ${end} of a datagram`;
  }
  const numbers = pieces.map(({ number }) => String(number));
  const last = numbers.pop();
  const list = numbers.length === 0 ? `packet ${last}` : `packets ${numbers.join(', ')} and ${last}`;
  return `FRAGMENT: ${hook} completes the datagram of ${list}: ${length} bytes`;
}

/** What became of a held fragment; undefined fate: nothing, as far as the capture tells. */
export function fateText(fate: Fate | undefined): string {
  if (fate === undefined) return 'incomplete';
  return 'datagram' in fate ? `completed by packet ${fate.datagram}` : `given up: ${fate.lost}`;
}
