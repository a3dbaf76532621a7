// Tuples that are chosen to collide by whoever knows the seed, or the hash that has none: what they get is little, and
// costs nobody else.

import { afterAll, describe, expect, it } from 'vitest';
import { Folder } from '../../cli/run.ts';
import { udp } from '../../generate/frame.ts';
import { bucketHash, shardOf, type Tuple4 } from './hash.ts';
import { runInside } from './inside.ts';
import { agree, answerOf, COUNTING, machineWith, pcapngOf, rules, type Sent, sent } from './scans.ts';

const folder = new Folder();
afterAll(() => folder.remove());

const SOURCE = 0x0a000009;
const DESTINATION = 0x0a000109;
const SEED = 0x1234_5678_9abc_def0n;

/** The first `count` tuples that `chosen` takes, by their ports. */
function choose(count: number, chosen: (tuple: Tuple4) => boolean): readonly Tuple4[] {
  const found: Tuple4[] = [];
  for (let ports = 0; found.length < count; ports++) {
    const tuple = {
      source: SOURCE,
      destination: DESTINATION,
      sport: 1 + (ports % 65_535),
      dport: 1 + Math.floor(ports / 65_535),
    };
    if (chosen(tuple)) found.push(tuple);
  }
  return found;
}

const packetOf = ({ sport, dport }: Tuple4): Sent =>
  sent({ source: '10.0.0.9', destination: '10.0.1.9', protocol: 17, transport: udp(sport, dport) });

describe('tuples of one bucket', () => {
  const tuples = choose(300, (tuple) => (bucketHash(tuple, SEED) & 0x3ff) === 0);
  const setup = { machine: machineWith({ nf_conntrack_max: 8000 }), ...rules(COUNTING) };

  it('find some places with the seed that they were made for, and leave the table whole', async () => {
    const { result } = await agree(folder.path, tuples.map(packetOf), { ...setup, seed: SEED });
    // Eight buckets of twelve.
    expect(result.conntrack?.created).toBe(96);
    expect(result.conntrack?.tableFull).toBe(204);
    expect(result.reasons.get('conntrack-full')).toBe(204);
    const path = folder.file('bucket.pcapng', pcapngOf(tuples.map(packetOf)));
    const { entries, heapBytes } = await runInside([path], setup, SEED);
    expect(entries).toBe(96);
    expect(heapBytes).toBeLessThan(64 * 1024);
  });

  it('do no harm to others', async () => {
    const others = choose(100, (tuple) => (bucketHash(tuple, SEED) & 0x1f) > 15);
    const packets = [...tuples, ...others].map(packetOf);
    const { result } = await agree(folder.path, packets, { ...setup, seed: SEED });
    expect(result.conntrack).toMatchObject({ created: 96 + 100, tableFull: 204 });
  });

  it('are spread by another seed', async () => {
    const { result } = await agree(folder.path, tuples.map(packetOf), { ...setup, seed: SEED + 1n });
    expect(result.conntrack).toMatchObject({ created: 300, tableFull: 0 });
  });
});

describe('tuples of one shard', () => {
  const tuples = choose(15_000, (tuple) => shardOf(tuple, 6) === 7);
  const packets = tuples.map(packetOf);
  const setup = { machine: machineWith({ nf_conntrack_max: 262_144 }), ...rules(COUNTING) };
  const path = folder.file('shard.pcapng', pcapngOf(packets));

  it('fill it up, and make room for each other', async () => {
    const { result } = await agree(folder.path, packets, setup, 3);
    expect(result.conntrack?.live).toBeLessThanOrEqual(4096);
    expect(result.conntrack?.live).toBeGreaterThan(4000);
    expect(result.conntrack?.tableFull).toBe(0);
  });

  it('tell all events of a batch', async () => {
    for (const workers of [1, 3]) {
      const { events, result } = await answerOf({ ...setup, captures: [path], workers, batchBytes: 4 << 20 });
      const { created = 0, earlyDrops = 0, eventsLost } = result.conntrack ?? {};
      expect(eventsLost).toBe(0);
      expect(created + earlyDrops).toBeGreaterThan(25_000);
      expect(events.split('\n').length - 1).toBe(created + earlyDrops);
    }
  });
});
