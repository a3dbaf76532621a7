// What the stages cost, in nanoseconds a packet: `npm run bench`. Stages run over one batch of 60-byte frames that stays
// in the cache; traversal stands beside the number of rules, walked one by one and searched. Then what it takes to read
// and to compile rules.

import { Bench } from 'tinybench';
import { compile } from '../dist/compile/compile.js';
import { lowerMachine } from '../dist/host/lower.js';
import { machineFromOptions } from '../dist/host/options.js';
import { Allocator } from '../dist/kernel/allocator.js';
import { compileKernel, createMemory, instantiateKernel } from '../dist/kernel/kernel.js';
import * as Batch from '../dist/layout/batch.js';
import * as Capture from '../dist/layout/capture.js';
import * as Control from '../dist/layout/control.js';
import * as Image from '../dist/layout/image.js';
import * as Lane from '../dist/layout/lane.js';
import * as Packet from '../dist/layout/packet.js';
import * as Verdict from '../dist/layout/verdict.js';
import { InterfaceNames } from '../dist/pool/interface-names.js';
import { readRules } from '../dist/save/read.js';
import { placeLane } from '../dist/scan/arena.js';
import { manyRules, records, TWENTY_RULES } from './captures.js';

const PACKETS = 8192;
const FRAME_BYTES = 60;
const bytes = records(PACKETS, FRAME_BYTES);
const module = compileKernel();

const read = (text) => readRules(text, { file: 'bench', unknown: 'refuse' });
const compiled = (rules) => compile(rules, { backend: 'legacy', unknown: 'refuse' });

/** A lane with a batch of all packets, walked, and a machine. */
function prepare({ rules, linear = false, machine = {}, results = false }) {
  const memory = createMemory(8 * 1024 * 1024);
  const allocator = new Allocator(memory);
  const image = rules === undefined ? undefined : compiled(rules);
  const image4 = image === undefined ? undefined : { rules: image, address: allocator.place(image.image) };
  const described = machineFromOptions(machine);
  const interfaces = allocator.allocate(Capture.INTERFACE_BYTES * 2);
  const source = allocator.allocate(Capture.SOURCE_BYTES);
  const control = allocator.allocate(Control.BYTES);
  const table = allocator.allocate(Control.NAME_BYTES * Image.INTERFACES);
  const names = new InterfaceNames(memory, {
    table,
    control,
    images:
      image === undefined
        ? []
        : [{ base: image4.address, rows: image.rows, interfaceTables: image.interfaceTables }],
  });
  names.add(0, '');
  for (const { index, name } of described.interfaces) names.add(index, name);
  const shared = {
    image4,
    captureInterfaces: interfaces,
    fragments: 0,
    options: linear ? Lane.OPTION_LINEAR : 0,
  };
  const arena = placeLane(allocator, shared, bytes.length, results);
  const host = allocator.place(lowerMachine(described));
  const view = new DataView(memory.buffer);
  view.setUint32(arena.lane + Lane.HOST, host, true);
  view.setUint32(interfaces + Capture.LINKTYPE, 1, true);
  for (const [field, value] of [
    [Capture.FORMAT, Capture.PCAP],
    [Capture.RECORD_HEADER_BYTES, 16],
    [Capture.MAX_CAPTURED, 262_144],
  ]) {
    view.setUint32(source + field, value, true);
  }
  view.setUint32(arena.batch + Batch.SOURCE, source, true);
  const data = view.getUint32(arena.batch + Batch.DATA, true);
  new Uint8Array(memory.buffer, data, bytes.length).set(bytes);
  const kernel = instantiateKernel(module, memory);
  const walk = () => {
    view.setUint32(arena.batch + Batch.COUNT, 0, true);
    kernel.walkPcap(arena.batch, data, data + bytes.length, 0);
  };
  walk();
  const vectors = (stage) => () => {
    for (let first = 0; first < PACKETS; first += Lane.VECTOR) stage(first);
  };
  return { kernel, arena, view, walk, vectors };
}

const bench = new Bench({ time: 300, warmupTime: 100 });
const stage = prepare({});
const { kernel, arena } = stage;
bench.add('walk', stage.walk);
bench.add(
  'open',
  stage.vectors((first) => kernel.open(arena.lane, arena.batch, first, Lane.VECTOR, arena.packets)),
);
kernel.open(arena.lane, arena.batch, 0, Lane.VECTOR, arena.packets);
bench.add(
  'decode',
  stage.vectors(() => kernel.decodeVector(arena.lane, arena.packets, Lane.VECTOR)),
);
const host = prepare({ machine: { local: '10.0.0.1', out: 'eth1' } });
host.kernel.open(host.arena.lane, host.arena.batch, 0, Lane.VECTOR, host.arena.packets);
host.kernel.decodeVector(host.arena.lane, host.arena.packets, Lane.VECTOR);
bench.add(
  'arrive at a host, and decide again',
  host.vectors(() => {
    for (let index = 0; index < Lane.VECTOR; index++) {
      const p = host.arena.packets + index * Packet.BYTES;
      host.view.setUint32(p + Packet.VERDICT, Verdict.ACCEPT, true);
      host.kernel.arrive(host.arena.lane, p);
    }
  }),
);
const ruleSets = [
  ['no rules', undefined],
  ['20 rules', read(TWENTY_RULES)],
  ['100 rules', read(manyRules(100))],
  ['1,000 rules', read(manyRules(1000))],
];
for (const [name, rules] of ruleSets) {
  for (const linear of rules === undefined ? [false] : [false, true]) {
    const way = rules === undefined ? '' : linear ? ', one by one' : ', searched';
    const router = prepare({ rules, linear });
    bench.add(`frame to verdict, a router: ${name}${way}`, () =>
      router.kernel.run(router.arena.lane, router.arena.batch, 0),
    );
  }
  const result = prepare({ rules, results: true });
  bench.add(`frame to verdict, with results: ${name}`, () =>
    result.kernel.run(result.arena.lane, result.arena.batch, 0),
  );
  const local = prepare({ rules, machine: { local: '10.0.0.1', out: 'eth1' } });
  bench.add(`frame to verdict, a host: ${name}`, () =>
    local.kernel.run(local.arena.lane, local.arena.batch, 0),
  );
}
await bench.run();
console.table(
  bench.tasks.map(({ name, result }) => ({
    stage: name,
    'ns a packet': ((result.latency.p50 * 1e6) / PACKETS).toFixed(1),
  })),
);

const rulesBench = new Bench({ time: 500, warmupTime: 200 });
for (const [name, text] of [
  ['20 rules', TWENTY_RULES],
  ['1,000 rules', manyRules(1000)],
]) {
  const model = read(text);
  rulesBench.add(`read ${name}`, () => read(text));
  rulesBench.add(`compile ${name}`, () => compiled(model));
}
await rulesBench.run();
console.table(
  rulesBench.tasks.map(({ name, result }) => ({ step: name, ms: result.latency.p50.toFixed(2) })),
);
