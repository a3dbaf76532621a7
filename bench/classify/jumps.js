// npm run bench:jumps: nanoseconds a packet through chains that jump a lot, rule by rule and classified, and whether every
// counter is the same: kube-proxy's shape (kube.js), and chains dispatched to by headers (dispatch.js).

import { dispatchRules, dispatchServices, dispatchTrace } from './dispatch.js';
import { Engine } from './engine.js';
import { kubeRules, kubeServices, kubeTrace } from './kube.js';

const PACKETS = 1 << 17;
const ROUNDS = 5;
/** Rules that the linear walk visits at most, so that it takes seconds. */
const LINEAR_VISITS = 1e8;

for (const count of [10, 100, 1000, 5000, 20_000]) {
  const services = kubeServices(count, 1);
  measure(`${count} services`, kubeRules(services), kubeTrace(services, PACKETS, 2), count);
}
for (const [networks, rules] of [
  [8, 8],
  [8, 40],
  [32, 32],
  [200, 4],
  [200, 100],
]) {
  const services = dispatchServices(networks, rules, 1);
  const trace = dispatchTrace(services, PACKETS, 2);
  measure(`${networks} networks of ${rules} rules`, dispatchRules(services), trace, networks + rules);
}

/** `visits`: rules that a packet passes in linear order, or so. */
function measure(name, rules, trace, visits) {
  const engines = ['auto', 'linear'].map((classifier) => new Engine(rules, classifier));
  const [classified, linear] = engines;
  const [pass, walk] = engines.map((engine) => engine.load(trace));
  const few = Math.min(PACKETS, Math.ceil(LINEAR_VISITS / visits));
  pass(0, few);
  const linearNs = walk(0, few) / few;
  const counted = classified.counters();
  const same = linear.counters().every((value, index) => value === counted[index]);
  let best = Infinity;
  for (let round = 0; round < ROUNDS; round++) best = Math.min(best, pass() / PACKETS);
  const lines = rules.split('\n').filter((line) => line.startsWith('-A')).length;
  process.stdout.write(
    `${name}, ${lines} rules: ${best.toFixed(0)} ns, rule by rule ${linearNs.toFixed(0)} ns, ` +
      `compiled in ${(classified.compileMs / 1000).toFixed(2)} s, ${(classified.imageBytes / lines).toFixed(0)} bytes a rule, ` +
      `counters ${same ? 'the same' : 'DIFFER'}\n`,
  );
  if (!same) process.exitCode = 1;
}
