// Packets of known connections through rules that ask nothing about states before all else, the whole program:
// `npm run bench:trails [-- MILLIONS [ROUNDS [OTHER]]]`. Connections are drawn from the rules of a set (classify/sets.js),
// opened, and then send MILLIONS of packets in both directions, in random order; what these cost is the difference to a
// capture that ends with the handshakes. 60-byte frames, processor time on one core, best of ROUNDS. OTHER: dist/cli/main.js of
// another state of the program, measured in turns. WASMTABLES_SETS, WASMTABLES_FLOWS: other sets and flows, by commas.

import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { filterRules, randomNumbers } from './classify/filter-set.js';
import { filtersOf } from './classify/sets.js';
import { statefulCapture } from './stateful-capture.js';

const MAIN = new URL('../dist/cli/main.js', import.meta.url).pathname;
const DATA = new URL('data/', import.meta.url);
const MILLIONS = Number(process.argv[2] ?? 5);
const ROUNDS = Number(process.argv[3] ?? 3);
const PROGRAMS = [MAIN, ...process.argv.slice(4, 5)];
const list = (value, initial) => (value === undefined ? initial : value.split(','));
const SETS = list(process.env.WASMTABLES_SETS, ['acl-100', 'acl-1000', 'acl-10000', 'fw-1000', 'fw-10000']);
const FLOWS = list(process.env.WASMTABLES_FLOWS, ['1000', '100000']).map(Number);
const PACKETS = MILLIONS * 1_000_000;
const TCP = 6;

/** The set, all of it accepting, between the rules that most rule sets have about states, in the other order. */
function ruleFile(set, filters) {
  const [before, ...rules] = filterRules(filters).replaceAll('-j DROP', '-j ACCEPT').split('\n-A');
  const [last, ...end] = rules.at(-1).split('\n');
  const all = [' FORWARD -m conntrack --ctstate INVALID -j DROP', ...rules.slice(0, -1), last];
  all.push(' FORWARD -m conntrack --ctstate ESTABLISHED -j ACCEPT');
  const path = new URL(`trails-${set}.v4`, DATA).pathname;
  writeFileSync(path, [before, ...all].join('\n-A') + ['', ...end].join('\n'));
  return path;
}

/** Ends of `count` different TCP connections whose first packet a rule of the set is for. */
function drawEnds(filters, count) {
  const random = randomNumbers(1);
  const asked = filters.filter(({ proto }) => proto === TCP);
  const drawn = new Map();
  const port = ([lo, hi]) => lo + random(hi - lo + 1);
  while (drawn.size < count) {
    const { src, srcLength, dst, dstLength, sport, dport } = asked[random(asked.length)];
    const ends = {
      client: (src + random(2 ** (32 - srcLength))) >>> 0,
      server: (dst + random(2 ** (32 - dstLength))) >>> 0,
      clientPort: port(sport),
      serverPort: port(dport),
    };
    drawn.set(Object.values(ends).join(), ends);
  }
  return [...drawn.values()];
}

/** Processor seconds of a scan on one core. */
function measure(program, rules, capture) {
  const report = new URL('time.txt', DATA).pathname;
  const command = ['time', '-o', report, '-f', '%U %S', 'taskset', '-c', '1', process.execPath, program];
  command.push('scan', '--rules', rules, '--workers', '1', capture);
  const { status, stderr } = spawnSync('env', command, {
    encoding: 'utf8',
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  if (status !== 0) throw new Error(stderr);
  const [user, system] = readFileSync(report, 'utf8').trim().split(' ').map(Number);
  return user + system;
}

mkdirSync(DATA, { recursive: true });
console.log('set        | flows   | ns a packet | of OTHER | ns a handshake | of OTHER');
for (const set of SETS) {
  const filters = filtersOf(set);
  const rules = ruleFile(set, filters);
  for (const flows of FLOWS) {
    const ends = drawEnds(filters, flows);
    const drawn = { name: `trails-${set}`, ends: (flow) => ends[flow] };
    const few = statefulCapture(1, 0, drawn);
    const opened = statefulCapture(flows, 0, drawn);
    const capture = statefulCapture(flows, PACKETS, drawn);
    const best = PROGRAMS.map(() => [few, opened, capture].map(() => Number.POSITIVE_INFINITY));
    for (let round = 0; round < ROUNDS; round++) {
      [few, opened, capture].forEach((file, index) => {
        PROGRAMS.forEach((program, which) => {
          best[which][index] = Math.min(best[which][index], measure(program, rules, file));
        });
      });
    }
    const packets = best.map(([, before, all]) => (((all - before) / PACKETS) * 1e9).toFixed(1));
    const opens = best.map(([start, all]) =>
      flows < 100_000 ? '-' : (((all - start) / flows) * 1e9).toFixed(0),
    );
    const columns = [packets[0].padStart(11), (packets[1] ?? '-').padStart(8), opens[0].padStart(14)];
    columns.push((opens[1] ?? '-').padStart(8));
    console.log(`${set.padEnd(10)} | ${String(flows).padEnd(7)} | ${columns.join(' | ')}`);
  }
}
