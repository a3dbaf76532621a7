// The whole program against tcpdump and cat: the same captures, the same core, in turns, in one run. `npm run
// bench:program [-- MILLIONS [ROUNDS]]`; the captures are made in bench/data/ and kept. What counts is the processor time
// of each program (user and system), of which a busy machine takes less away than of the time on the clock; the two
// cores are compared by the clock, which takes a machine that has nothing else to do.

import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { availableParallelism, cpus } from 'node:os';
import { capture, TWENTY_RULES } from './captures.js';

const MAIN = new URL('../dist/cli/main.js', import.meta.url).pathname;
const MILLIONS = Number(process.argv[2] ?? 20);
const ROUNDS = Number(process.argv[3] ?? 5);

/** Does the program start at all? */
function installed(command, ...args) {
  return spawnSync(command, args, { stdio: 'ignore' }).error === undefined;
}

const hasTaskset = installed('taskset', '--version');

/** Seconds of processor time and by the clock of a program on the given processors. */
function measure(cores, command, ...args) {
  const [program, ...rest] = hasTaskset ? ['taskset', '-c', cores, command, ...args] : [command, ...args];
  const childBefore = childTime();
  const started = performance.now();
  const { status, stderr } = spawnSync(program, rest, { stdio: ['ignore', 'ignore', 'pipe'] });
  const clock = (performance.now() - started) / 1000;
  if (status !== 0) throw new Error(`${command} ${args.join(' ')}: ${stderr}`);
  return { processor: childTime() - childBefore, clock };
}

/** User and system time of all children so far, from /proc/self/stat, in seconds. */
function childTime() {
  const stat = readFileSync('/proc/self/stat', 'latin1');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[13]) + Number(fields[14])) / 100;
}

const wasmtables = (cores, ...args) => measure(cores, process.execPath, MAIN, 'scan', ...args);

function median(values) {
  const sorted = [...values].sort((left, right) => left - right);
  return sorted[Math.floor(sorted.length / 2)];
}

/** Runs all contenders in turns, ROUNDS times, and answers the medians. */
function compare(contenders) {
  const times = contenders.map(() => []);
  for (let round = 0; round < ROUNDS; round++) {
    contenders.forEach(([, run], index) => {
      times[index].push(run());
    });
  }
  return new Map(
    contenders.map(([name], index) => [
      name,
      {
        processor: median(times[index].map(({ processor }) => processor)),
        clock: median(times[index].map(({ clock }) => clock)),
      },
    ]),
  );
}

function report(name, value, packets) {
  const perPacket = packets === 0 ? '' : `${((value.processor * 1e9) / packets).toFixed(1)} ns a packet`;
  console.log(
    `  ${name.padEnd(34)} ${value.processor.toFixed(2)} s processor  ${value.clock.toFixed(2)} s clock  ${perPacket}`,
  );
}

function ratio(what, value, goal) {
  console.log(`  ${what}: ${value.toFixed(2)} (goal ${goal})`);
}

console.log(
  `${cpus()[0]?.model ?? 'unknown processor'}, ${availableParallelism()} cores, Node ${process.version}`,
);
if (!hasTaskset) console.log('taskset is not installed: programs are not kept on one core');
const packets = MILLIONS * 1_000_000;
const small = capture(packets, 60);
const large = capture(Math.max(1, Math.round(packets / 20)), 1514);
mkdirSync(new URL('data/', import.meta.url), { recursive: true });
const rules = new URL('data/twenty.v4', import.meta.url).pathname;
writeFileSync(rules, TWENTY_RULES);
const empty = capture(0, 60);
// The first reading is from the disk.
spawnSync('cat', [small, large], { stdio: 'ignore' });

const tcpdump = installed('tcpdump', '--version');
console.log(`\n${MILLIONS} million packets of 60 bytes, one core`);
const one = compare([
  ...(tcpdump
    ? [['tcpdump -w /dev/null tcp', () => measure('0', 'tcpdump', '-r', small, '-w', '/dev/null', 'tcp')]]
    : []),
  ['wasmtables, no packet (start-up)', () => wasmtables('0', empty)],
  ['wasmtables, no rules', () => wasmtables('0', small)],
  ['wasmtables, 20 rules', () => wasmtables('0', '--rules', rules, small)],
]);
for (const [name, value] of one) report(name, value, name.includes('start-up') ? 0 : packets);
const plain = one.get('wasmtables, no rules');
const ruled = one.get('wasmtables, 20 rules');
const start = one.get('wasmtables, no packet (start-up)').processor;
if (tcpdump) {
  const peer = one.get('tcpdump -w /dev/null tcp').processor;
  ratio('as fast as tcpdump, no rules', peer / plain.processor, 4);
  ratio('... without the start', peer / (plain.processor - start), 4);
  ratio('as fast as tcpdump, 20 rules', peer / ruled.processor, 1.5);
  ratio('... without the start', peer / (ruled.processor - start), 1.5);
} else {
  console.log('  tcpdump is not installed');
}

if (hasTaskset && availableParallelism() > 1) {
  console.log('\nTwo cores against one, by the clock');
  const two = compare([
    ['one core, no rules', () => wasmtables('0', small)],
    ['two cores, no rules', () => wasmtables('0,1', small)],
    ['one core, 20 rules', () => wasmtables('0', '--rules', rules, small)],
    ['two cores, 20 rules', () => wasmtables('0,1', '--rules', rules, small)],
  ]);
  for (const [name, value] of two) report(name, value, packets);
  for (const set of ['no rules', '20 rules']) {
    ratio(`two cores, ${set}`, two.get(`one core, ${set}`).clock / two.get(`two cores, ${set}`).clock, 1.7);
  }
}

console.log('\nFrames of 1,514 bytes, one core');
const long = compare([
  ['cat', () => measure('0', 'sh', '-c', `cat ${large} > /dev/null`)],
  ['wasmtables, no rules', () => wasmtables('0', large)],
]);
for (const [name, value] of long) report(name, value, Math.round(packets / 20));
ratio('as fast as cat', long.get('cat').processor / long.get('wasmtables, no rules').processor, 0.5);
ratio(
  '... without the start',
  long.get('cat').processor / (long.get('wasmtables, no rules').processor - start),
  0.5,
);
