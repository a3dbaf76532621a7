// Connection tracking, the whole program: `npm run bench:conntrack [-- MILLIONS [ROUNDS]]`. A capture opens all of its
// connections and then sends MILLIONS of packets of random ones in both directions; what these packets cost is the
// difference to a capture that ends with the handshakes. 60-byte frames, 100 rules of which the first accepts
// ESTABLISHED; beside it the same rules without connection tracking. Processor time on one core, best of ROUNDS; what
// two cores do with these packets by the clock, likewise. New flows are those of a capture of nothing but their first
// segments, which pass all of the rules; opened ones, handshakes of three segments. Bytes a flow are those of the
// resident memory at the end, less those of a capture of few flows.

import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { statefulCapture, synCapture } from './stateful-capture.js';

const MAIN = new URL('../dist/cli/main.js', import.meta.url).pathname;
const DATA = new URL('data/', import.meta.url);
const MILLIONS = Number(process.argv[2] ?? 10);
const ROUNDS = Number(process.argv[3] ?? 3);
const FLOWS = [1_000, 100_000, 1_000_000, 10_000_000];
const PACKETS = MILLIONS * 1_000_000;

function rules(first) {
  const lines = Array.from(
    { length: 98 },
    (_, i) => `-A FORWARD -s 172.${16 + (i % 16)}.${i}.0/24 -p tcp --dport ${1000 + i} -j DROP`,
  );
  return ['*filter', ':FORWARD DROP [0:0]', first, ...lines, '-A FORWARD -j ACCEPT', 'COMMIT', ''].join('\n');
}

function ruleFile(name, first) {
  mkdirSync(DATA, { recursive: true });
  const path = new URL(name, DATA).pathname;
  writeFileSync(path, rules(first));
  return path;
}

const STATEFUL = ruleFile('stateful.v4', '-A FORWARD -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT');
const STATELESS = ruleFile('stateless.v4', '-A FORWARD -s 172.31.255.0/24 -j ACCEPT');

/** Processor and clock seconds and the largest resident memory of a scan. */
function measure(ruleSet, capture, workers) {
  const report = new URL('time.txt', DATA).pathname;
  const pin = workers === 1 ? ['taskset', '-c', '1'] : [];
  const command = ['time', '-o', report, '-f', '%U %S %e %M', ...pin, process.execPath, MAIN, 'scan'];
  command.push('--rules', ruleSet, '--workers', String(workers), capture);
  const { status, stderr } = spawnSync('env', command, {
    encoding: 'utf8',
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  if (status !== 0) throw new Error(stderr);
  const [user, system, clock, kib] = readFileSync(report, 'utf8').trim().split(' ').map(Number);
  return { processor: user + system, clock, kib };
}

/** The best of each figure. */
function best(ruleSet, capture, workers) {
  const runs = Array.from({ length: ROUNDS }, () => measure(ruleSet, capture, workers));
  const least = (key) => Math.min(...runs.map((run) => run[key]));
  return { processor: least('processor'), clock: least('clock'), kib: least('kib') };
}

const millions = (packets, seconds) => (packets / seconds / 1e6).toFixed(1);

console.log(
  'flows       | tracked M/s | stateless M/s | new flows M/s | opened M/s | two cores to one | bytes a flow',
);
let fewKib = 0;
for (const flows of FLOWS) {
  const opened = statefulCapture(flows, 0);
  const capture = statefulCapture(flows, PACKETS);
  const before = best(STATEFUL, opened, 1);
  const tracked = best(STATEFUL, capture, 1);
  const stateless = best(STATELESS, capture, 1).processor - best(STATELESS, opened, 1).processor;
  const twoBefore = best(STATEFUL, opened, 2);
  const two = best(STATEFUL, capture, 2);
  if (flows === FLOWS[0]) fewKib = tracked.kib;
  const empty = best(STATEFUL, statefulCapture(1, 0), 1);
  const row = [
    String(flows).padEnd(11),
    millions(PACKETS, tracked.processor - before.processor).padStart(11),
    millions(PACKETS, stateless).padStart(13),
    (flows < 100_000
      ? '-'
      : millions(flows, best(STATEFUL, synCapture(flows), 1).processor - empty.processor)
    ).padStart(13),
    (flows < 100_000 ? '-' : millions(flows, before.processor - empty.processor)).padStart(10),
    // Where handshakes are most of the capture, the difference says nothing.
    (flows * 3 > PACKETS
      ? '-'
      : ((tracked.clock - before.clock) / (two.clock - twoBefore.clock)).toFixed(2)
    ).padStart(16),
    (flows < 100_000 ? '-' : (((tracked.kib - fewKib) * 1024) / flows).toFixed(0)).padStart(12),
  ];
  console.log(row.join(' | '));
}
