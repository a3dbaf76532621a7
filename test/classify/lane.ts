// One lane with the same rules compiled for one classifier, to compare classifiers packet record by packet record.

import { type Aliases, countAtOrigins, originOf } from '../../src/compile/aliases.ts';
import type { ClassifierChoice, ClassifierKind } from '../../src/compile/classify/choose.ts';
import { setInterfaceVector } from '../../src/compile/classify/interface-vectors.ts';
import { type CompiledRules, compile } from '../../src/compile/compile.ts';
import { setInterface } from '../../src/compile/interface-rows.ts';
import { Allocator } from '../../src/kernel/allocator.ts';
import { compileKernel, createMemory, instantiateKernel, type Kernel } from '../../src/kernel/kernel.ts';
import * as Header from '../../src/layout/header.ts';
import * as Image from '../../src/layout/image.ts';
import * as Lane from '../../src/layout/lane.ts';
import * as Packet from '../../src/layout/packet.ts';
import type { Backend, RuleSet } from '../../src/model/ruleset.ts';
import { type PlacedImage, placeLane } from '../../src/scan/arena.ts';

const module = compileKernel();
/** Interfaces of the packets, by index. */
export const INTERFACE_NAMES = ['', 'eth0', 'eth1', 'eth0.10', 'lo', 'wlan0'];

export interface LaneRules {
  readonly rules4?: RuleSet | undefined;
  readonly rules6?: RuleSet | undefined;
  readonly backend?: Backend | undefined;
}

export class ClassifiedLane {
  readonly kernel: Kernel;
  readonly memory: WebAssembly.Memory;
  readonly lane: number;
  readonly packets: number;
  readonly images: readonly PlacedImage[];
  readonly #allocator: Allocator;
  readonly #counters: readonly {
    readonly address: number;
    readonly records: number;
    readonly aliases: readonly Aliases[];
  }[];

  constructor({ rules4, rules6, backend = 'legacy' }: LaneRules, classifier: ClassifierChoice) {
    const options = { backend, unknown: 'verdict', classifier } as const;
    this.memory = createMemory(1 << 20);
    const allocator = new Allocator(this.memory);
    this.#allocator = allocator;
    const place = (rules: CompiledRules): PlacedImage => {
      const address = allocator.place(rules.image);
      const bytes = new Uint8Array(this.memory.buffer);
      for (const [index, name] of INTERFACE_NAMES.entries()) {
        setInterface(bytes, address, rules.rows, index, name);
        for (const table of rules.interfaceTables) setInterfaceVector(bytes, address, table, index, name);
      }
      return { rules, address };
    };
    const image4 = rules4 && place(compile(rules4, options));
    const image6 = rules6 && place(compile(rules6, options));
    this.images = [image4, image6].filter((image) => image !== undefined);
    const shared = { image4, image6, captureInterfaces: 0, fragments: 0, options: 0 };
    const arena = placeLane(allocator, shared, 4096, false);
    this.lane = arena.lane;
    this.packets = arena.packets;
    this.#counters = [
      {
        address: arena.counters4,
        records: image4?.rules.recordCount ?? 0,
        aliases: image4?.rules.aliases ?? [],
      },
      {
        address: arena.counters6,
        records: image6?.rules.recordCount ?? 0,
        aliases: image6?.rules.aliases ?? [],
      },
    ];
    // No machine: an empty one.
    new DataView(this.memory.buffer).setUint32(arena.lane + Lane.HOST, allocator.allocate(65536), true);
    this.kernel = instantiateKernel(module, this.memory);
  }

  /** The structures that the chains got. */
  get kinds(): ReadonlySet<ClassifierKind | undefined> {
    return new Set(this.images.flatMap(({ rules }) => rules.chains.map(({ plan }) => plan?.kind)));
  }

  /** Passes a packet record through a hook and answers the record, as it is behind it. */
  pass(record: Uint8Array, hook: number): Buffer {
    new Uint8Array(this.memory.buffer).set(record, this.packets);
    const verdict = this.kernel.passHook?.(this.lane, this.packets, hook);
    const after = Buffer.from(new Uint8Array(this.memory.buffer, this.packets, record.length).slice());
    const aliases = this.#counters[after.readUInt32LE(Packet.FAMILY) === 4 ? 0 : 1]?.aliases ?? [];
    for (const field of [Packet.DECISION, Packet.FILTER_DECISION]) {
      after.writeUInt32LE(originOf(after.readUInt32LE(field), aliases), field);
    }
    return Buffer.concat([after, Uint8Array.of(verdict as number)]);
  }

  /** Passes headers (src/layout/header.ts) through a hook and answers verdicts and deciding records. */
  passHeaders(headers: Uint8Array, hook: number): Buffer {
    const count = headers.length / Header.BYTES;
    const from = this.#allocator.place(headers);
    const results = this.#allocator.allocate(count * Header.RESULT_BYTES);
    this.kernel.passHeaders?.(this.lane, from, count, hook, results);
    const answers = Buffer.from(
      new Uint8Array(this.memory.buffer, results, count * Header.RESULT_BYTES).slice(),
    );
    const aliases = this.#counters[0]?.aliases ?? [];
    for (let at = Header.RESULT_DECISION; at < answers.length; at += Header.RESULT_BYTES) {
      answers.writeUInt32LE(originOf(answers.readUInt32LE(at), aliases), at);
    }
    return answers;
  }

  /** Packets and bytes of every record that counted. */
  counters(): string[] {
    return this.#counters.flatMap(({ address, records, aliases }, family) => {
      const words = new BigUint64Array(
        this.memory.buffer,
        address,
        records * (Image.COUNTER_BYTES / 8),
      ).slice();
      countAtOrigins(words, aliases);
      return Array.from({ length: records }, (_, record) => [
        words[2 * record],
        words[2 * record + 1],
      ]).flatMap(([packets, bytes], record) =>
        packets === 0n ? [] : [`${family === 0 ? 'IPv4' : 'IPv6'} record ${record}: ${packets} ${bytes}`],
      );
    });
  }
}
