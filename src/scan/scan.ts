// A scan: compile, place everything in one shared memory, run the lanes, add up.

import { MessageChannel, type MessagePort } from 'node:worker_threads';
import type { Piscina } from 'piscina';
import { type CaptureHeader, type CaptureProblem, formatProblem } from '../capture/description.ts';
import { StreamPump } from '../capture/pump.ts';
import { chooseRecordFormat, formatFileHeader, type RecordFormat } from '../capture/write.ts';
import { type CompiledRules, compile } from '../compile/compile.ts';
import { conntrackConfig } from '../conntrack/config.ts';
import { WasmtablesError } from '../error.ts';
import { lowerMachine } from '../host/lower.ts';
import type { Machine } from '../host/machine.ts';
import { unmodelledFacts } from '../host/unmodelled.ts';
import { compileKernel, instantiateKernel, type Kernel } from '../kernel/kernel.ts';
import * as Conntrack from '../layout/conntrack.ts';
import * as Totals from '../layout/totals.ts';
import type { Family, RuleSet } from '../model/ruleset.ts';
import { InterfaceNames } from '../pool/interface-names.ts';
import { type LaneReport, type LaneTask, runLaneHere } from '../pool/lane.ts';
import type { BatchMessage, OutputDescription } from '../pool/output.ts';
import { ControlWords } from '../pool/turn.ts';
import type { ScanResult } from '../report/result.ts';
import { verdictNumber } from '../report/verdict.ts';
import type { LaneArena } from './arena.ts';
import { laneCount } from './capture-size.ts';
import { collectResult, TotalsReader, timeSpan } from './collect.ts';
import { type EndedConntrack, endConntrack, writeLastEvents, writeTable } from './conntrack.ts';
import { lookAhead } from './look-ahead.ts';
import type { ScanOptions } from './options.ts';
import { OrderedOutput } from './ordered-output.ts';
import { placeLanes, placeShared, type ScanMemory, setHost } from './place.ts';
import { beginTracking, memoryEntries, type PlacedConntrack, placeConntrack } from './place-conntrack.ts';
import { ProgressReporter } from './progress.ts';
import { type FamilyRules, RESERVED_BYTES, type ReplacedRules, RuleSets } from './rule-sets.ts';
import { enterConnections, noRoomWarning, translatedCount } from './start-conntrack.ts';

/**
 * Passes every packet of the captures through the rule sets and answers what became of them.
 *
 * Throws WasmtablesError for rules, machine and options that cannot be, and for captures that cannot be opened; what
 * breaks in the middle of a capture is told in the result (`broken`). Memory does not grow with the captures.
 */
export function scan(options: ScanOptions): Promise<ScanResult> {
  return runScan(options, undefined);
}

/** A scan that goes on beside the caller. */
export interface RunningScan {
  /** What scan() answers. */
  readonly result: Promise<ScanResult>;
  /**
   * Replaces the tables that these rules have, as iptables-restore does: each at once, with the counters of the new ones
   * at zero, and without stopping the scan. Packets up to some packet N are decided by the old tables, all from N on by
   * the new ones, whatever the number of workers; which one N is depends on when this is called. Connections and
   * fragments that wait are kept. Resolves when all packets before N are decided, with the tables that went and what they
   * had counted, and with N.
   *
   * Throws WasmtablesError for rules that cannot be compiled, for what connections would have had to have from the
   * beginning (UNSUPPORTED: connbytes, labels, helpers and cluster, unless the scan's first rules have them, too), and
   * when the scan is over; the old rules stay then.
   */
  replaceRules(rules: FamilyRules): Promise<ReplacedRules>;
}

/** Starts what scan() does, on threads of its own. */
export function startScan(options: ScanOptions): RunningScan {
  let take: (ruleSets: RuleSets) => void = () => {};
  const started = new Promise<RuleSets>((resolve) => {
    take = resolve;
  });
  const result = runScan(options, take);
  // A scan that never began has no rules to replace: whoever waits gets its error.
  const begun = Promise.race([started, result]).then(() => started);
  begun.catch(() => {});
  return { result, replaceRules: async (rules) => (await begun).replace(rules) };
}

async function runScan(
  options: ScanOptions,
  onStart: ((ruleSets: RuleSets) => void) | undefined,
): Promise<ScanResult> {
  const started = performance.now();
  const backend = options.backend ?? options.rules4?.backend ?? options.rules6?.backend ?? 'legacy';
  const compiled = (rules: RuleSet | undefined): CompiledRules | undefined =>
    rules === undefined ? undefined : compile(rules, { backend, unknown: options.unknown ?? 'refuse' });
  const shared = placeShared(options, { rules4: compiled(options.rules4), rules6: compiled(options.rules6) });
  if (onStart !== undefined) shared.allocator.reserved = RESERVED_BYTES;
  const module = compileKernel();
  const kernel = instantiateKernel(module, shared.memory);
  const workers = options.workers ?? laneCount(shared.captures.files);
  if (!Number.isInteger(workers) || workers < 1) {
    throw new WasmtablesError('USAGE', `${workers} is not a number of workers`);
  }
  const lanes = placeLanes(shared, kernel, options, workers);
  const streams = shared.captures.files.some(({ kind }) => kind === 'stream');
  const pump = streams ? new StreamPump(shared.memory, shared.captures) : undefined;
  const pumped = pump?.run();
  try {
    return await scanWith(options, started, { shared, module, kernel, lanes, pump }, onStart);
  } finally {
    pump?.stop();
    await pumped;
  }
}

interface ScanParts {
  readonly shared: ScanMemory;
  readonly module: WebAssembly.Module;
  readonly kernel: Kernel;
  readonly lanes: readonly LaneArena[];
  readonly pump: StreamPump | undefined;
}

async function scanWith(
  options: ScanOptions,
  started: number,
  parts: ScanParts,
  onStart: ((ruleSets: RuleSets) => void) | undefined,
): Promise<ScanResult> {
  const { shared, lanes } = parts;
  const { machine, warnings, headers, firstTimeNs } = await lookAhead(options, parts);
  const names = new InterfaceNames(shared.memory, shared.interfaces);
  names.add(0, '');
  for (const { index, name } of machine.interfaces) names.add(index, name);
  setHost(shared, lanes, lowerMachine(machine));
  const track = (rules: readonly CompiledRules[]): PlacedConntrack =>
    trackConnections(options, parts, machine, rules);
  const first = Object.values(shared.images).flatMap((image) => image?.rules ?? []);
  const conntrack = first.some(({ conntrack }) => conntrack) ? track(first) : undefined;
  const startWarnings =
    conntrack === undefined ? [] : startConntrack(options, parts, conntrack, firstTimeNs ?? 0n);
  const control = new ControlWords(shared.memory, shared.control);
  const ruleSets = new RuleSets(options, { shared, lanes, control, conntrack, track });
  const run = new ScanRun(
    options,
    { ...parts, control, ruleSets, replaceable: onStart !== undefined },
    headers,
  );
  onStart?.(ruleSets);
  let problems: readonly CaptureProblem[];
  try {
    problems = await run.run();
  } catch (error) {
    ruleSets.fail(error);
    throw error;
  }
  ruleSets.finish(new TotalsReader(shared.memory, lanes).at(Totals.PACKETS));
  const tracking = ruleSets.conntrack;
  const ended = tracking === undefined ? undefined : end(parts, tracking);
  if (ended !== undefined && tracking !== undefined) await writeEnd(options, tracking, ended);
  return collectResult(shared, lanes, {
    ...ruleSets.result(),
    conntrack: ended?.result,
    elapsedSeconds: (performance.now() - started) / 1000,
    warnings: [
      ...warnings,
      ...unmodelledFacts(machine, familiesOf(options)),
      ...startWarnings,
      ...run.warnings,
    ],
    broken: problems.map(formatProblem),
    interrupted: options.signal?.aborted ?? false,
  });
}

/** Places connection tracking for rules that need it. */
export function trackConnections(
  options: ScanOptions,
  { shared, kernel, lanes }: Pick<ScanParts, 'shared' | 'kernel' | 'lanes'>,
  machine: Machine,
  rules: readonly CompiledRules[],
): PlacedConntrack {
  const needs = rules.map(({ entryNeeds }) => entryNeeds);
  const config = conntrackConfig(machine, {
    accounting: needs.some(({ accounting }) => accounting),
    labels: needs.some(({ labels }) => labels),
    master: needs.some(({ master }) => master),
    help: needs.some(({ help }) => help),
    verifyChecksums: options.verifyChecksums,
    events: options.events !== undefined,
    seed: options.seed,
    memoryEntries: memoryEntries(shared),
    trailKeys: options.trailKeys,
    trailLists: options.trailLists,
  });
  return placeConntrack(shared, kernel, lanes, config, machine);
}

/** Switches it on and enters the starting state; answers what is odd, and what makes the scan slower, for stderr. */
export function startConntrack(
  { conntrackFrom = [], events }: ScanOptions,
  { shared, kernel, lanes }: Pick<ScanParts, 'shared' | 'kernel' | 'lanes'>,
  conntrack: PlacedConntrack,
  nowNs: bigint,
): readonly string[] {
  const [lane] = lanes as readonly [LaneArena];
  const warnings: string[] = [];
  beginTracking(shared, lanes, conntrack);
  if (conntrack.config.entry4.help !== 0) {
    warnings.push(
      'rules attach helpers, and what a helper expects may be a connection between other hosts: ' +
        'all connections are tracked by one lane at a time',
    );
  }
  const refused = enterConnections(shared.memory, kernel, lane, conntrack, conntrackFrom, nowNs);
  if (refused > 0) warnings.push(noRoomWarning(refused, conntrackFrom));
  const translated = translatedCount(conntrackFrom);
  if (translated > 0) {
    warnings.push(
      `${translated} of the ${conntrackFrom.length} connections of the starting state are translated ones: ` +
        'NAT is not modelled, and their replies are not known as theirs',
    );
  }
  if (events !== undefined && (conntrack.config.flags & Conntrack.EVENTS) === 0) {
    warnings.push("the host's net.netfilter.nf_conntrack_events is 0: there are no events");
  }
  return warnings;
}

function end({ shared: { memory }, lanes }: ScanParts, { address, config }: PlacedConntrack): EndedConntrack {
  return endConntrack(memory, address, config, timeSpan(memory, lanes).lastTimeNs ?? 0n);
}

/** What --conntrack and --events have at the end. */
async function writeEnd(
  { conntrack: table, events }: ScanOptions,
  { config }: PlacedConntrack,
  ended: EndedConntrack,
): Promise<void> {
  if (events !== undefined && (config.flags & Conntrack.EVENTS) !== 0) await writeLastEvents(events, ended);
  if (table !== undefined) await writeTable(table, ended);
}

function familiesOf({ rules4, rules6 }: ScanOptions): Family[] {
  return [rules4, rules6].flatMap((rules) => (rules === undefined ? [] : [rules.family]));
}

/** A thread a lane. Loaded when it is needed only: most of a short scan's time is its start. */
async function createPool(lanes: number): Promise<Piscina> {
  const { Piscina } = await import('piscina');
  return new Piscina({
    filename: new URL('../../dist/pool/lane.js', import.meta.url).href,
    minThreads: lanes,
    maxThreads: lanes,
    // A lane waits on shared memory by itself: Piscina's own waiting would only take its thread.
    atomics: 'disabled',
  });
}

interface RunParts extends ScanParts {
  readonly control: ControlWords;
  readonly ruleSets: RuleSets;
  /** Rule sets may be replaced while lanes run. */
  readonly replaceable: boolean;
}

class ScanRun {
  readonly warnings: string[] = [];
  readonly #formats: readonly RecordFormat[];
  readonly #options: ScanOptions;
  readonly #shared: ScanMemory;
  readonly #module: WebAssembly.Module;
  readonly #lanes: readonly LaneArena[];
  readonly #pump: StreamPump | undefined;
  readonly #control: ControlWords;
  readonly #ruleSets: RuleSets;
  readonly #replaceable: boolean;
  /** Where lanes hear of other rules. */
  readonly #generations: readonly MessagePort[];
  readonly #output: OrderedOutput | undefined;
  /** Batches' output, one after another. */
  #written: Promise<void> = Promise.resolve();

  constructor(options: ScanOptions, parts: RunParts, headers: ReadonlyMap<number, CaptureHeader>) {
    const { shared } = parts;
    this.#ruleSets = parts.ruleSets;
    this.#replaceable = parts.replaceable;
    this.#generations = parts.replaceable ? parts.lanes.map(() => parts.ruleSets.openPort()) : [];
    this.#options = options;
    this.#shared = shared;
    this.#module = parts.module;
    this.#lanes = parts.lanes;
    this.#pump = parts.pump;
    this.#control = parts.control;
    const writes = options.writes ?? [];
    this.#formats = writes.map(({ sink }) => chooseRecordFormat(sink.name, shared.captures, headers));
    // Rules that replace the first ones may be the first to track connections.
    const events =
      options.events !== undefined && (this.#replaceable || parts.ruleSets.conntrack !== undefined);
    if (options.verdicts !== undefined || writes.length > 0 || events) {
      this.#output = new OrderedOutput(
        options.verdicts,
        writes.map(({ sink }) => sink),
        options.events,
      );
    }
  }

  /** Runs all lanes to the end; answers what was wrong with the captures, in their order. */
  async run(): Promise<readonly CaptureProblem[]> {
    const stop = (): void => {
      this.#control.stop();
      this.#pump?.stop();
    };
    this.#options.signal?.addEventListener('abort', stop, { once: true });
    if (this.#options.signal?.aborted) stop();
    const progress = new ProgressReporter(this.#options, this.#shared);
    const here =
      this.#lanes.length === 1 &&
      this.#output === undefined &&
      this.#pump === undefined &&
      !this.#replaceable;
    const pool = here ? undefined : await createPool(this.#lanes.length);
    try {
      await this.#writeHeaders();
      const reports = await Promise.all(
        this.#lanes.map((lane, index) => this.#runLane(pool, lane, this.#generations[index])),
      );
      await this.#written;
      await this.#output?.finish();
      return this.#inOrder(reports);
    } finally {
      stop();
      progress.stop();
      this.#options.signal?.removeEventListener('abort', stop);
      await pool?.destroy();
    }
  }

  async #writeHeaders(): Promise<void> {
    for (const [index, { sink }] of (this.#options.writes ?? []).entries()) {
      await sink.write(formatFileHeader(this.#formats[index] as RecordFormat));
    }
  }

  async #runLane(
    pool: Piscina | undefined,
    { lane, batch, fragments }: LaneArena,
    generations: MessagePort | undefined,
  ): Promise<LaneReport> {
    const task: LaneTask = {
      module: this.#module,
      memory: this.#shared.memory,
      control: this.#shared.control,
      lane,
      batch,
      fragments,
      captures: this.#shared.captures,
      alone: this.#lanes.length === 1,
      tracking: this.#ruleSets.tracking,
      interfaces: this.#shared.interfaces,
      generations,
    };
    if (pool === undefined) return runLaneHere(task);
    const transferList = generations === undefined ? [] : [generations];
    if (this.#output === undefined) return pool.run(task, { transferList });
    const { port1, port2 } = new MessageChannel();
    const closed = new Promise<void>((resolve) => port1.once('close', resolve));
    this.#listen(port1, this.#output);
    const withPort: LaneTask = { ...task, output: { description: this.#outputDescription(), port: port2 } };
    const report: LaneReport = await pool.run(withPort, { transferList: [port2, ...transferList] });
    // Messages that were posted before the lane's end arrive before the close does.
    await closed;
    return report;
  }

  #listen(port: MessagePort, output: OrderedOutput): void {
    port.on('message', (message: BatchMessage) => {
      this.#written = this.#written
        .then(() => output.add(message))
        .then(
          () => this.#control.addOutstanding(-message.kib),
          (error: unknown) => {
            this.#control.stop();
            throw error;
          },
        );
      // Whoever awaits the chain gets the error; until then it is not unhandled.
      this.#written.catch(() => {});
    });
  }

  #outputDescription(): OutputDescription {
    const { writes = [] } = this.#options;
    return {
      ...this.#ruleSets.names,
      writes: writes.map(({ verdict }, index) => ({
        verdict: verdictNumber(verdict) ?? -1,
        format: this.#formats[index] as RecordFormat,
      })),
      captures: this.#shared.captures,
    };
  }

  #inOrder(reports: readonly LaneReport[]): readonly CaptureProblem[] {
    const order = new Map(this.#shared.captures.files.map(({ name }, index) => [name, index]));
    return reports
      .flatMap(({ problems }) => problems)
      .sort((left, right) => (order.get(left.file) ?? 0) - (order.get(right.file) ?? 0));
  }
}
