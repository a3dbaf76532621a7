// Connection tracking events as lines on their way to the main thread. Shards do their packets of a batch on their
// own, each in packet order; a batch's lines are merged by packet number. A packet belongs to one shard, so that its
// own events keep their order.

import { type ConntrackEvent, eventText } from '../conntrack/events.ts';

/** Lines with the numbers of their packets, ascending, and where each ends in `text`. Structured-clonable. */
export interface EventLines {
  readonly numbers: BigUint64Array<ArrayBuffer>;
  readonly ends: Uint32Array<ArrayBuffer>;
  readonly text: Uint8Array<ArrayBuffer>;
}

/** Lines of a shard's events, which come in packet order. */
export function formatEvents(events: readonly ConntrackEvent[]): EventLines {
  const lines = events.map((event) => `${eventText(event)}\n`);
  const ends = new Uint32Array(lines.length);
  // Protocols, states, addresses and helpers are ASCII: a character is a byte.
  let end = 0;
  lines.forEach((line, index) => {
    end += line.length;
    ends[index] = end;
  });
  return {
    numbers: BigUint64Array.from(events, ({ number }) => number),
    ends,
    text: new TextEncoder().encode(lines.join('')),
  };
}

/** The lines of all shards in packet order. */
export function mergeEventLines(parts: readonly EventLines[]): Uint8Array {
  const filled = parts.filter(({ numbers }) => numbers.length > 0);
  const [only] = filled;
  if (only !== undefined && filled.length === 1) return only.text;
  const order = filled
    .flatMap((part, which) => Array.from(part.numbers, (number, index) => ({ number, which, index })))
    .sort((a, b) =>
      a.number < b.number ? -1 : a.number > b.number ? 1 : a.which - b.which || a.index - b.index,
    );
  const merged = new Uint8Array(filled.reduce((sum, { text }) => sum + text.length, 0));
  let at = 0;
  for (const { which, index } of order) {
    const { text, ends } = filled[which] as EventLines;
    const line = text.subarray(index === 0 ? 0 : ends[index - 1], ends[index]);
    merged.set(line, at);
    at += line.length;
  }
  return merged;
}
