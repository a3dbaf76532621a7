// npm run bench:jumps [-- SERVICES...]: nanoseconds a packet through chains that jump a lot (kube.js), rule by rule and classified, and
// whether every counter is the same.

import { Engine } from './engine.js';
import { kubeRules, kubeServices, kubeTrace } from './kube.js';

const PACKETS = 1 << 17;
const ROUNDS = 5;
const NAMED = process.argv.slice(2).map(Number);
const COUNTS = NAMED.length > 0 ? NAMED : [10, 100, 1000, 5000, 20_000];
/** Rules that the linear walk visits at most, so that it takes seconds. */
const LINEAR_VISITS = 1e8;

for (const count of COUNTS) {
  const services = kubeServices(count, 1);
  const rules = kubeRules(services);
  const trace = kubeTrace(services, PACKETS, 2);
  const engines = ['auto', 'linear'].map((classifier) => new Engine(rules, classifier));
  const [classified, linear] = engines;
  const [pass, walk] = engines.map((engine) => engine.load(trace));
  const few = Math.min(PACKETS, Math.ceil(LINEAR_VISITS / count));
  pass(0, few);
  const linearNs = walk(0, few) / few;
  const same = classified.counters().every((value, index) => value === linear.counters()[index]);
  let best = Infinity;
  for (let round = 0; round < ROUNDS; round++) best = Math.min(best, pass() / PACKETS);
  const lines = rules.split('\n').filter((line) => line.startsWith('-A')).length;
  process.stdout.write(
    `${count} services, ${lines} rules: ${best.toFixed(0)} ns, rule by rule ${linearNs.toFixed(0)} ns, ` +
      `compiled in ${(classified.compileMs / 1000).toFixed(2)} s, ${(classified.imageBytes / lines).toFixed(0)} bytes a rule, ` +
      `counters ${same ? 'the same' : 'DIFFER'}\n`,
  );
  if (!same) process.exitCode = 1;
}
