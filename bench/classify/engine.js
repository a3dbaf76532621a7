// The kernel over headers in memory: one lane, one rule set.

import { countAtOrigins } from '../../dist/compile/aliases.js';
import { compile } from '../../dist/compile/compile.js';
import { Allocator } from '../../dist/kernel/allocator.js';
import { compileKernel, createMemory, instantiateKernel } from '../../dist/kernel/kernel.js';
import { readRules } from '../../dist/save/read.js';
import { placeLane } from '../../dist/scan/arena.js';

const LINEAR = 2;
const FORWARD = 2;
const HEADER_BYTES = 16;
const RESULT_BYTES = 8;
const COUNTER_BYTES = 16;

export class Engine {
  #kernel;
  #memory;
  #arena;
  #records;
  #aliases;
  #options;

  /** @param {string} rules iptables-save text @param {'auto' | 'linear' | 'bit-vectors' | 'trees'} classifier */
  constructor(rules, classifier = 'auto') {
    let from = process.cpuUsage();
    const ruleSet = readRules(rules, { file: 'bench', family: 'ipv4' });
    this.readMs = cpuMs(from);
    from = process.cpuUsage();
    const compiled = compile(ruleSet, { backend: 'legacy', unknown: 'refuse', classifier });
    this.compileMs = cpuMs(from);
    this.imageBytes = compiled.image.length;
    const forward = compiled.chains.find(({ chain }) => chain.name === 'FORWARD');
    this.plan = forward.plan;
    this.firstRecord = forward.firstRecord;
    const memory = createMemory(compiled.image.length + (1 << 20));
    const allocator = new Allocator(memory);
    const image4 = { rules: compiled, address: allocator.place(compiled.image) };
    this.#arena = placeLane(
      allocator,
      { image4, captureInterfaces: 0, fragments: 0, options: 0 },
      4096,
      false,
    );
    this.#memory = memory;
    this.#records = compiled.recordCount;
    this.#aliases = compiled.aliases;
    this.#kernel = instantiateKernel(compileKernel(), memory);
    this.#options = classifier === 'linear' ? LINEAR : 0;
    this.allocator = allocator;
  }

  /** Places a trace; answers a function that passes its packets from `first` on and answers CPU nanoseconds. */
  load(trace) {
    const count = trace.length / HEADER_BYTES;
    const headers = this.allocator.place(trace);
    const results = this.allocator.allocate(count * RESULT_BYTES);
    this.#setOptions();
    this.results = () => new Uint32Array(this.#memory.buffer, results, count * 2);
    return (first = 0, packets = count) => {
      const from = process.cpuUsage();
      const at = headers + first * HEADER_BYTES;
      this.#kernel.passHeaders(this.#arena.lane, at, packets, FORWARD, results + first * RESULT_BYTES);
      return cpuMs(from) * 1e6;
    };
  }

  /** Packets and bytes by rule record. */
  counters() {
    const words = new BigUint64Array(
      this.#memory.buffer,
      this.#arena.counters4,
      (this.#records * COUNTER_BYTES) / 8,
    ).slice();
    countAtOrigins(words, this.#aliases);
    return words;
  }

  #setOptions() {
    new DataView(this.#memory.buffer).setUint32(this.#arena.lane + 36, this.#options, true);
  }
}

function cpuMs(from) {
  const { user, system } = process.cpuUsage(from);
  return (user + system) / 1000;
}
