// npm run bench:truth [SET...]: a million packets (PACKETS) drawn from each set's rules, through the linear walk and
// through the classifier: the rule that decides each packet, and every counter. The linear walk takes its time: a
// minute for 10,000 rules, many for 100,000.

import { Engine } from './engine.js';
import { drawTrace, filterRules } from './filter-set.js';
import { filtersOf, setNames } from './sets.js';

const PACKETS = Number(process.env.PACKETS ?? 1_000_000);
const SLICE = 1 << 14;

let different = 0;
for (const name of setNames(process.argv.slice(2))) {
  const filters = filtersOf(name);
  const trace = drawTrace(filters, PACKETS, 4);
  const [linear, classified] = ['linear', 'auto'].map((classifier) => {
    const engine = new Engine(filterRules(filters), classifier);
    return { engine, pass: engine.load(trace) };
  });
  for (let first = 0; first < PACKETS; first += SLICE) {
    for (const { pass } of [linear, classified]) pass(first, Math.min(SLICE, PACKETS - first));
  }
  const packets = count(linear.engine.results(), classified.engine.results(), 2);
  const counters = count(linear.engine.counters(), classified.engine.counters(), 2);
  different += packets + counters;
  process.stdout.write(
    `${name}: ${classified.engine.plan.kind}, ${PACKETS} packets, ${packets} differ; ${counters} of ${filters.length} counters\n`,
  );
}
process.exitCode = different === 0 ? 0 : 1;

/** Groups of `size` that differ. */
function count(left, right, size) {
  let groups = 0;
  for (let at = 0; at < left.length; at += size) {
    let same = true;
    for (let index = at; index < at + size; index++) same &&= left[index] === right[index];
    if (!same) groups++;
  }
  return groups;
}
