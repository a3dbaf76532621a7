// npm run bench:classify [SET...]: look-ups a second, headers already extracted, one core, CPU time. Every round passes
// the same headers through each contestant once; the best of the rounds counts, because the machine is shared.
// Sets are named as sets.js says.

import { Engine } from './engine.js';
import { drawTrace, filterRules } from './filter-set.js';
import { Peer } from './peer.js';
import { filtersOf, setNames } from './sets.js';

const PACKETS = Number(process.env.PACKETS ?? 1_000_000);
const ROUNDS = Number(process.env.ROUNDS ?? 5);
const METHODS = ['sse', 'avx2', 'avx512x16', 'avx512x32'];
/** Rules that the linear walk visits at most, so that it takes seconds, not minutes. */
const LINEAR_VISITS = 2e8;

const heads = [
  'set',
  'structure',
  'M/s',
  'linear',
  'dpdk sse',
  'avx2',
  'avx512',
  '/sse',
  '/avx2',
  '/avx512',
  'compile s',
  'dpdk s',
  'B/rule',
  'same',
];
const widths = [12, 12, 8, 8, 9, 8, 8, 6, 6, 8, 10, 8, 7, 5];
print(heads);
for (const name of setNames(process.argv.slice(2))) print(await measure(name));

async function measure(name) {
  const filters = filtersOf(name);
  const trace = drawTrace(filters, PACKETS, 20261123);
  const rules = filterRules(filters);
  const engine = new Engine(rules);
  const pass = engine.load(trace);
  const walk = new Engine(rules, 'linear').load(trace);
  const few = Math.min(PACKETS, Math.ceil(LINEAR_VISITS / filters.length));
  const peer = await Peer.start(filters, trace);
  const best = new Map();
  const note = (contestant, ns, packets = PACKETS) => {
    if (ns !== undefined) best.set(contestant, Math.min(best.get(contestant) ?? Infinity, ns / packets));
  };
  for (let round = 0; round < ROUNDS; round++) {
    note('us', pass());
    for (const method of peer === undefined ? [] : METHODS) note(method, await peer.pass(method));
  }
  note('linear', walk(0, few), few);
  const same =
    peer === undefined ? '' : sameAnswers(engine, await peer.results(), filters.length) ? 'yes' : 'NO';
  peer?.stop();
  const us = best.get('us');
  const avx512 = Math.min(best.get('avx512x16') ?? Infinity, best.get('avx512x32') ?? Infinity);
  const rate = (ns) => (Number.isFinite(ns) ? (1000 / ns).toFixed(2) : '-');
  const ratio = (ns) => (Number.isFinite(ns) ? (ns / us).toFixed(2) : '-');
  const sse = best.get('sse') ?? Infinity;
  const avx2 = best.get('avx2') ?? Infinity;
  return [
    name,
    engine.plan.kind,
    rate(us),
    rate(best.get('linear')),
    rate(sse),
    rate(avx2),
    rate(avx512),
    ratio(sse),
    ratio(avx2),
    ratio(avx512),
    (engine.compileMs / 1000).toFixed(2),
    peer === undefined ? '-' : peer.buildSeconds.toFixed(2),
    (engine.imageBytes / filters.length).toFixed(0),
    same,
  ];
}

/** Does the deciding rule of every packet agree? The chain's rules are records in a row; its policy stands for none. */
function sameAnswers(engine, theirs, rules) {
  const answers = engine.results();
  const first = engine.firstRecord;
  for (let packet = 0; packet < theirs.length; packet++) {
    const rule = answers[2 * packet + 1] - first;
    if ((rule === rules ? 0 : rule + 1) !== theirs[packet]) return false;
  }
  return true;
}

function print(cells) {
  process.stdout.write(
    `${cells
      .map((cell, index) => String(cell).padEnd(widths[index]))
      .join(' ')
      .trimEnd()}\n`,
  );
}
