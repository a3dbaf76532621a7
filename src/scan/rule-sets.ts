// The rule sets of a scan: those that decide now, and those that come in their place while lanes run.
//
// As with iptables-restore a new set replaces the tables that it has, each at once, and leaves the others of its family
// with their counters as they are; the counters of the tables that went come back to the caller, as with the kernel's
// xt_table_info. What decides from where on is told to the lanes in generations (src/pool/follow.ts). A generation's
// place in memory is used again when all batches before the next one's beginning are evaluated.

import { MessageChannel, type MessagePort } from 'node:worker_threads';
import { type CompiledRules, compile } from '../compile/compile.ts';
import type { ConntrackConfig } from '../conntrack/config.ts';
import { WasmtablesError } from '../error.ts';
import * as Frame from '../layout/frame.ts';
import * as Generation from '../layout/generation.ts';
import * as Image from '../layout/image.ts';
import type { Family, RuleSet, Table, TableName } from '../model/ruleset.ts';
import type { GenerationMessage, LaneTracking } from '../pool/follow.ts';
import type { PlacedRows } from '../pool/interface-names.ts';
import type { OutputNames } from '../pool/output.ts';
import type { ControlWords } from '../pool/turn.ts';
import { ruleNames } from '../report/verdicts.ts';
import type { LaneArena, PlacedImage } from './arena.ts';
import { withCounters } from './collect.ts';
import type { ScanOptions } from './options.ts';
import type { ScanMemory } from './place.ts';
import type { PlacedConntrack } from './place-conntrack.ts';

/** Rule sets by family; a family that is not given stays as it is. */
export interface FamilyRules {
  readonly rules4?: RuleSet | undefined;
  readonly rules6?: RuleSet | undefined;
}

/** What was replaced. */
export interface ReplacedRules extends FamilyRules {
  /** Number of the first packet, from 1, that the new rules decided; one behind the last packet when there was none. */
  readonly firstPacket: number;
}

/** A family's rules in the memory. */
interface Placed {
  readonly rules: CompiledRules;
  readonly image: number;
  /** By lane. */
  readonly counters: readonly number[];
  readonly block: Block;
  /** Tables that were there before, with what they had counted. */
  readonly carried: Map<Table, Table>;
}

interface Block {
  readonly address: number;
  readonly bytes: number;
}

type Side = 'rules4' | 'rules6';
const SIDES: readonly (readonly [side: Side, family: Family])[] = [
  ['rules4', 'ipv4'],
  ['rules6', 'ipv6'],
];

interface Replacement {
  readonly side: Side;
  readonly from: Placed | undefined;
  readonly to: Placed;
  /** Tables of `from` that go. */
  readonly gone: ReadonlySet<TableName>;
}

/** Replacements that are under way. */
interface Pending {
  readonly record: number;
  readonly sides: readonly Replacement[];
  readonly resolve: (replaced: ReplacedRules) => void;
  readonly reject: (error: unknown) => void;
}

/** How often it is looked whether batches before a replacement are evaluated. */
const POLL_MS = 5;
const LEAST_BLOCK_BYTES = 64 * 1024;
/** What connection tracking leaves for rule sets to come. */
export const RESERVED_BYTES = 512 * 1024 * 1024;

/** What the rule sets need of the scan that they are in. */
export interface RuleSetParts {
  readonly shared: ScanMemory;
  readonly lanes: readonly LaneArena[];
  readonly control: ControlWords;
  readonly conntrack: PlacedConntrack | undefined;
  /** Places connection tracking for the first rule set that needs it. */
  readonly track: (rules: readonly CompiledRules[]) => PlacedConntrack;
}

export class RuleSets {
  readonly #options: ScanOptions;
  readonly #parts: RuleSetParts;
  readonly #ports: MessagePort[] = [];
  #current: { readonly [side in Side]: Placed | undefined };
  #conntrack: PlacedConntrack | undefined;
  #stacks: readonly number[] = [];
  #stackDepth = 0;
  #generation = 0;
  #free: Block[] = [];
  #pending: Pending[] = [];
  #timer: NodeJS.Timeout | undefined;
  #over = false;

  constructor(options: ScanOptions, parts: RuleSetParts) {
    this.#options = options;
    this.#parts = parts;
    this.#conntrack = parts.conntrack;
    const { image4, image6 } = parts.shared.images;
    const first = (image: PlacedImage | undefined, side: 'counters4' | 'counters6'): Placed | undefined =>
      image && {
        rules: image.rules,
        image: image.address,
        counters: parts.lanes.map((lane) => lane[side]),
        block: { address: image.address, bytes: Math.floor(image.rules.image.length / 128) * 128 },
        carried: new Map(),
      };
    this.#current = { rules4: first(image4, 'counters4'), rules6: first(image6, 'counters6') };
  }

  /** Connection tracking, once a rule set needed it. */
  get conntrack(): PlacedConntrack | undefined {
    return this.#conntrack;
  }

  get tracking(): LaneTracking | undefined {
    if (this.#conntrack === undefined) return undefined;
    const { address, shardCount, fragments6 } = this.#conntrack;
    return { address, shards: shardCount, fragments6 };
  }

  /** Where a lane hears of new generations. */
  openPort(): MessagePort {
    const { port1, port2 } = new MessageChannel();
    this.#ports.push(port1);
    return port2;
  }

  /** What lanes need for output by the current rules. */
  get names(): OutputNames {
    const { rules4, rules6 } = this.#current;
    const events = this.#options.events !== undefined;
    return {
      verdicts:
        this.#options.verdicts === undefined
          ? undefined
          : {
              rules4: rules4 === undefined ? [] : ruleNames(rules4.rules),
              rules6: rules6 === undefined ? [] : ruleNames(rules6.rules),
              extensions4: rules4?.rules.unknowns ?? [],
              extensions6: rules6?.rules.unknowns ?? [],
            },
      conntrack: events ? this.#conntrack : undefined,
    };
  }

  /** From the next batch that is read on. Resolves when all batches before it are evaluated. */
  replace(rules: FamilyRules): Promise<ReplacedRules> {
    if (this.#over) throw new WasmtablesError('USAGE', 'the scan is over: no rules can be replaced');
    const compiled = SIDES.flatMap(([side, family]) => {
      const ruleSet = rules[side];
      if (ruleSet === undefined) return [];
      const gone = new Set(ruleSet.tables.map(({ name }) => name));
      return [{ side, gone, image: this.#compile(ruleSet, side, family) }];
    });
    const beginsTracking = this.#track(compiled.map(({ image }) => image));
    const sides = compiled.map(({ side, gone, image }) => {
      return { side, gone, from: this.#current[side], to: this.#place(image) };
    });
    const [first] = sides;
    if (first === undefined) throw new WasmtablesError('USAGE', 'no rules are given');
    for (const { side, to } of sides) this.#current = { ...this.#current, [side]: to };
    this.#tell(first.to.block.address, sides, beginsTracking);
    this.#timer ??= setInterval(() => this.#settle(), POLL_MS);
    return new Promise((resolve, reject) => {
      this.#pending.push({ record: first.to.block.address, sides, resolve, reject });
    });
  }

  /** Behind the last packet, when no lane runs any more; `packets` is how many there were. */
  finish(packets: number): void {
    this.#settle();
    for (const pending of this.#pending) this.#complete(pending, packets + 1);
    this.#stop();
  }

  /** The scan failed: nothing more can be said of what is under way. */
  fail(error: unknown): void {
    for (const { reject } of this.#pending) reject(error);
    this.#stop();
  }

  #stop(): void {
    this.#pending = [];
    this.#over = true;
    clearInterval(this.#timer);
    for (const port of this.#ports) port.close();
  }

  /** The rules at the end, with their counters. */
  result(): FamilyRules {
    const { rules4, rules6 } = this.#current;
    return { rules4: rules4 && this.#counted(rules4), rules6: rules6 && this.#counted(rules6) };
  }

  #compile(ruleSet: RuleSet, side: Side, family: Family): CompiledRules {
    if (ruleSet.family !== family) {
      throw new WasmtablesError('USAGE', `${side}: these rules are for ${ruleSet.family}`);
    }
    const before = this.#current[side]?.rules.ruleSet.tables ?? [];
    const replaces = new Map(ruleSet.tables.map((table) => [table.name, table]));
    const tables = before.map((table) => {
      const replacing = replaces.get(table.name);
      replaces.delete(table.name);
      return replacing ?? table;
    });
    const { backend, unknown = 'refuse' } = this.#options;
    return compile(
      { ...ruleSet, tables: [...tables, ...replaces.values()] },
      { backend: backend ?? ruleSet.backend ?? 'legacy', unknown },
    );
  }

  /** Entries have been made without what rules now ask of them: that cannot be helped. True: nothing was tracked before. */
  #track(compiled: readonly CompiledRules[]): boolean {
    const tracked = compiled.filter(({ conntrack }) => conntrack);
    if (tracked.length === 0) return false;
    if (this.#conntrack === undefined) {
      this.#conntrack = this.#parts.track(tracked);
      return true;
    }
    const missing = missingOf(this.#conntrack.config, tracked);
    if (missing !== undefined) {
      throw new WasmtablesError(
        'UNSUPPORTED',
        `the new rules need ${missing}, which this scan does not keep`,
        {
          hint: 'start the scan with rules that need it',
        },
      );
    }
    return false;
  }

  #place(rules: CompiledRules): Placed {
    const { shared, lanes } = this.#parts;
    const counterBytes = roundUp(rules.recordCount * Image.COUNTER_BYTES);
    const imageBytes = roundUp(rules.image.length);
    const block = this.#take(Generation.BYTES + imageBytes + lanes.length * counterBytes);
    const image = block.address + Generation.BYTES;
    const bytes = new Uint8Array(shared.memory.buffer, block.address, block.bytes);
    bytes.fill(0);
    bytes.set(rules.image, Generation.BYTES);
    new DataView(shared.memory.buffer).setUint32(image + Image.SERIAL, this.#generation + 1, true);
    this.#deepen(new DataView(rules.image.buffer).getUint32(Image.STACK_DEPTH, true));
    const counters = lanes.map((_, lane) => image + imageBytes + lane * counterBytes);
    return { rules, image, counters, block, carried: new Map() };
  }

  /** Memory of an earlier generation, or new. Sizes are powers of two, so that sets which grow find room again. */
  #take(bytes: number): Block {
    const fitting = this.#free.filter((block) => block.bytes >= bytes);
    const [block] = fitting.sort((left, right) => left.bytes - right.bytes);
    if (block !== undefined) {
      this.#free = this.#free.filter((other) => other !== block);
      return block;
    }
    const size = Math.max(LEAST_BLOCK_BYTES, 2 ** Math.ceil(Math.log2(bytes)));
    return { address: this.#parts.shared.allocator.allocate(size), bytes: size };
  }

  /** Lanes get other stacks when a rule set needs deeper ones. */
  #deepen(depth: number): void {
    if (depth <= this.#stackDepth) return;
    const { shared, lanes } = this.#parts;
    const { image4, image6 } = shared.images;
    const least = [image4, image6].map((image) => (image?.rules.chains.length ?? 0) + 1);
    this.#stackDepth = 2 ** Math.ceil(Math.log2(Math.max(depth, ...least)));
    this.#stacks = lanes.map(() => shared.allocator.allocate(this.#stackDepth * Frame.BYTES));
  }

  #tell(record: number, sides: Pending['sides'], beginsTracking: boolean): void {
    const { rules4, rules6 } = this.#current;
    const rows = ({ rules: { rows, interfaceTables }, image }: Placed): PlacedRows => ({
      base: image,
      rows,
      interfaceTables,
    });
    this.#generation++;
    const shared = {
      generation: this.#generation,
      record,
      image4: rules4?.image ?? 0,
      image6: rules6?.image ?? 0,
      images: [rules4, rules6].filter((placed) => placed !== undefined).map(rows),
      fresh: sides.map(({ to }) => rows(to)),
      tracking: this.tracking,
      beginsTracking,
      names: this.names,
    };
    this.#ports.forEach((port, lane) => {
      const message: GenerationMessage = {
        ...shared,
        counters4: rules4?.counters[lane] ?? 0,
        counters6: rules6?.counters[lane] ?? 0,
        stack: this.#stacks[lane] as number,
      };
      port.postMessage(message);
    });
    this.#parts.control.generation = this.#generation;
  }

  /** Completes what all batches before are evaluated for, in order. */
  #settle(): void {
    const { shared, lanes, control } = this.#parts;
    const shards = lanes.length === 1 ? 0 : (this.#conntrack?.shardCount ?? 0);
    for (let next = this.#pending[0]; next !== undefined; next = this.#pending[0]) {
      const begun = new Int32Array(shared.memory.buffer, next.record, Generation.BYTES / 4);
      if (Atomics.load(begun, Generation.BEGUN / 4) === 0) return;
      const view = new DataView(shared.memory.buffer);
      if (!control.isEvaluated(view.getUint32(next.record + Generation.SEQUENCE, true), shards)) return;
      this.#pending.shift();
      this.#complete(next, Number(view.getBigUint64(next.record + Generation.NUMBER, true)));
    }
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #complete({ sides, resolve }: Pending, firstPacket: number): void {
    const replaced: Record<Side, RuleSet | undefined> = { rules4: undefined, rules6: undefined };
    for (const { side, from, to, gone } of sides) {
      if (from === undefined) continue;
      const counted = this.#counted(from);
      from.rules.ruleSet.tables.forEach((table, index) => {
        if (!gone.has(table.name)) to.carried.set(table, counted.tables[index] as Table);
      });
      replaced[side] = { ...counted, tables: counted.tables.filter(({ name }) => gone.has(name)) };
      this.#free.push(from.block);
    }
    resolve({ ...replaced, firstPacket });
  }

  #counted({ rules, counters, carried }: Placed): RuleSet {
    const keep = this.#options.keepCounters ?? false;
    return withCounters(
      this.#parts.shared.memory,
      rules,
      counters,
      (table) => carried.get(table) ?? (keep ? table : undefined),
    );
  }
}

/** What entries would have to have, and have not. */
function missingOf({ entry4 }: ConntrackConfig, compiled: readonly CompiledRules[]): string | undefined {
  const needs = (need: keyof CompiledRules['entryNeeds']): boolean =>
    compiled.some(({ entryNeeds }) => entryNeeds[need]);
  if (needs('accounting') && entry4.accounting === 0) return 'packets and bytes of connections';
  if (needs('labels') && entry4.labels === 0) return 'labels of connections';
  if (needs('master') && entry4.master === 0) return 'the masters of expected connections';
  if (needs('help') && entry4.help === 0) return 'helpers';
  return undefined;
}

const roundUp = (bytes: number): number => Math.ceil(bytes / 128) * 128;
