// npm run bench:growth: nanoseconds a packet at 100, 1,000, 10,000 and 100,000 rules, all in one run, interleaved.

import { Engine } from './engine.js';
import { drawTrace, filterRules } from './filter-set.js';
import { filtersOf } from './sets.js';

const PACKETS = 1 << 19;
const ROUNDS = 6;
const COUNTS = [100, 1000, 10_000, 100_000];

for (const shape of ['acl', 'fw', 'ipc']) {
  const passes = COUNTS.map((count) => {
    const filters = filtersOf(`${shape}-${count}`);
    return new Engine(filterRules(filters)).load(drawTrace(filters, PACKETS, 2));
  });
  const best = COUNTS.map(() => Infinity);
  for (let round = 0; round < ROUNDS; round++) {
    passes.forEach((pass, index) => {
      best[index] = Math.min(best[index], pass() / PACKETS);
    });
  }
  const cells = best.map((ns, index) => `${COUNTS[index]}: ${ns.toFixed(1)} ns`);
  process.stdout.write(`${shape}  ${cells.join('  ')}  last / first ${(best[3] / best[0]).toFixed(2)}\n`);
}
