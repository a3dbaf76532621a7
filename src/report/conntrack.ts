// The summary's block about connection tracking.

import type { ConntrackResult } from './result.ts';
import { columns, counted, grouped } from './text.ts';

/** A line a count; what there was none of is left out, but for what a reader looks for first. */
export function conntrackLines(result: ConntrackResult): string[] {
  const { made, met, refused } = result.expectations;
  const rows: readonly (readonly [name: string, count: number, text: string])[] = [
    ['invalid', result.invalid, 'packets that belong to no connection and begin none'],
    ['untracked', result.untracked, 'packets that are not tracked (-j CT --notrack, neighbour discovery)'],
    ['wrong checksums', result.wrongChecksums, checksumText(result)],
    ['picked up', result.pickedUp, 'TCP connections whose beginning is not in the captures'],
    ['one-way', result.oneWay, 'flows of which only one direction was seen'],
    ['reopened', result.reopened, 'TCP connections in the place of an earlier one'],
    ['stray errors', result.strayErrors, 'ICMP errors about flows that are not known'],
    [
      'cut short',
      result.cutForHelpers,
      'packets of which a helper would have had to see more than was captured',
    ],
    ['early drops', result.earlyDrops, 'entries that made room for others (nf_conntrack_max)'],
    ['table full', result.tableFull, 'packets dropped because there was no room'],
    ['clashes', result.clashes, 'packets dropped because another entry took their addresses and ports'],
    ['lost events', result.eventsLost, 'not written for want of memory (--events)'],
    ['expected', made, `connections announced to a helper; ${grouped(met)} of them came`],
    ['not expected', refused, 'announced connections that were too many (nf_conntrack_expect_max)'],
  ];
  const shown = rows.filter(([name, count]) => count > 0 || name === 'invalid' || name === 'wrong checksums');
  return [
    `  ${counted(result.created, 'entry', 'entries')} made, ${grouped(result.live)} alive at the end`,
    ...columns(
      shown.map(([name, count, text]) => [`  ${name}`, grouped(count), text]),
      [false, true],
    ),
  ];
}

function checksumText({ checksums }: ConntrackResult): string {
  return checksums === 'verify'
    ? 'of TCP, UDP or ICMP, verified: such packets are invalid'
    : 'of TCP, UDP or ICMP, trusted: such packets are taken as any other (--checksums)';
}
