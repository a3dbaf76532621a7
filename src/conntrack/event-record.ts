// Events out of shared memory: the records that a shard's packets left (src/layout/conntrack.ts, EVENT_*).

import * as Conntrack from '../layout/conntrack.ts';
import type { ConntrackConfig } from './config.ts';
import type { ConntrackEvent } from './events.ts';
import { readEntry } from './record.ts';

const KINDS: ReadonlyMap<number, ConntrackEvent['kind']> = new Map([
  [Conntrack.EVENT_NEW, 'NEW'],
  [Conntrack.EVENT_UPDATE, 'UPDATE'],
  [Conntrack.EVENT_DESTROY, 'DESTROY'],
]);

/**
 * Takes the events of a shard, in the order in which they were written; to be called by whoever has the shard, after
 * its packets of a batch. The first chunk stays with the shard, empty; the others go back to the pool of all shards.
 */
export function takeEvents(
  memory: WebAssembly.Memory,
  shard: number,
  config: ConntrackConfig,
): ConntrackEvent[] {
  const view = new DataView(memory.buffer);
  const first = view.getUint32(shard + Conntrack.SHARD_EVENTS, true);
  const events: ConntrackEvent[] = [];
  let last = first;
  for (let chunk = first; chunk !== 0; chunk = view.getUint32(chunk + Conntrack.EVENTS_NEXT, true)) {
    const count = Math.min(view.getUint32(chunk + Conntrack.EVENTS_COUNT, true), Conntrack.CHUNK_EVENTS);
    if (count === 0) break;
    for (let index = 0; index < count; index++) {
      const at = chunk + Conntrack.EVENTS_HEADER_BYTES + index * Conntrack.EVENT_BYTES;
      events.push(readEvent(view, at, config));
    }
    last = chunk;
  }
  if (first === 0) return events;
  const second = view.getUint32(first + Conntrack.EVENTS_NEXT, true);
  if (second !== 0) giveBack(view, view.getUint32(shard + Conntrack.SHARD_CONFIG, true), second, last);
  view.setUint32(first + Conntrack.EVENTS_NEXT, 0, true);
  view.setUint32(first + Conntrack.EVENTS_COUNT, 0, true);
  view.setUint32(shard + Conntrack.SHARD_EVENTS_LAST, first, true);
  return events;
}

/** Puts a list of chunks, from `first` to `last`, before those of the pool. */
function giveBack(view: DataView, config: number, first: number, last: number): void {
  const pool = new BigUint64Array(view.buffer, config + Conntrack.EVENT_POOL, 1);
  for (let head = Atomics.load(pool, 0); ; ) {
    view.setUint32(last + Conntrack.EVENTS_NEXT, Number(head & 0xffffffffn), true);
    const changed = BigInt.asUintN(64, ((head >> 32n) + 1n) << 32n) | BigInt(first);
    const found = Atomics.compareExchange(pool, 0, head, changed);
    if (found === head) return;
    head = found;
  }
}

function readEvent(view: DataView, at: number, config: ConntrackConfig): ConntrackEvent {
  const entry = at + Conntrack.EVENT_ENTRY;
  const timeNs = view.getBigUint64(at + Conntrack.EVENT_TIME, true);
  const layout = view.getUint8(entry + Conntrack.FAMILY) === 6 ? config.entry6 : config.entry4;
  return {
    kind: KINDS.get(view.getUint8(at + Conntrack.EVENT_KIND)) ?? 'UPDATE',
    what: view.getUint32(at + Conntrack.EVENT_WHAT, true),
    number: view.getBigUint64(at + Conntrack.EVENT_NUMBER, true),
    timeNs,
    entry: readEntry(view, entry, layout, timeNs),
  };
}
