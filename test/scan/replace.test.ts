// Rule sets replaced while a scan runs: every packet is decided by one of them, and which one follows from where the
// replacement says that it begins; counters are those of scans of the parts; connections are kept.

import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { receiveMessageOnPort } from 'node:worker_threads';
import { afterAll, describe, expect, test, vi } from 'vitest';
import { compile } from '../../src/compile/compile.ts';
import { machineFromOptions } from '../../src/host/options.ts';
import type { Frame } from '../../src/interpret/interpreter.ts';
import { compileKernel, instantiateKernel } from '../../src/kernel/kernel.ts';
import * as Control from '../../src/layout/control.ts';
import * as Generation from '../../src/layout/generation.ts';
import type { Family, RuleSet } from '../../src/model/ruleset.ts';
import type { GenerationMessage } from '../../src/pool/follow.ts';
import { ControlWords } from '../../src/pool/turn.ts';
import { printRules } from '../../src/save/print.ts';
import { readRules } from '../../src/save/read.ts';
import type { ScanOptions } from '../../src/scan/options.ts';
import { placeLanes, placeShared } from '../../src/scan/place.ts';
import { type FamilyRules, type ReplacedRules, RuleSets } from '../../src/scan/rule-sets.ts';
import { type RunningScan, scan, startScan } from '../../src/scan/scan.ts';
import { pcap, pcapng } from '../generate/capture.ts';
import { buildFrame, udp } from '../generate/frame.ts';

const folder = mkdtempSync(join(tmpdir(), 'wasmtables-replace-'));
afterAll(() => rmSync(folder, { recursive: true }));

const PORTS = 50;
/** Pairs of packets after which the same clients come again. */
const CLIENTS = 4000;

/** UDP, to and fro: every second packet answers the one before it. */
function frame(number: number): Frame {
  const pair = number >> 1;
  const [client, server] = [10_000 + (pair % CLIENTS), 1000 + (pair % PORTS)];
  const answers = number % 2 === 1;
  const [here, there] = [Uint8Array.of(10, 0, 0, 1 + (pair % 5)), Uint8Array.of(10, 0, 1, 1)];
  const built = buildFrame({
    source: answers ? there : here,
    destination: answers ? here : there,
    protocol: 17,
    transport: answers ? udp(server, client) : udp(client, server),
  });
  const timeNs = BigInt(number) * 1_000_000n;
  return { ...built, number: number + 1, timeNs, interfaceIndex: undefined, direction: undefined };
}

const frames = Array.from({ length: 12_000 }, (_, number) => frame(number));

/** A set of rules that is told from others by its chain; sets differ in what they drop, and in their length. */
function rules(name: string, { dropped = 3, count = 40, stateful = false } = {}): RuleSet {
  const list = Array.from({ length: count }, (_, rule) => {
    const port = 1000 + ((rule * 7) % PORTS);
    return `-A ${name} -p udp -m udp --dport ${port} ${rule % dropped === 0 ? '-j DROP' : '-s 10.0.0.4/30'}`;
  });
  const state = ['-A FORWARD -m conntrack --ctstate ESTABLISHED -j ACCEPT'];
  const text = [
    '*filter',
    ':FORWARD ACCEPT [0:0]',
    `:${name} - [0:0]`,
    ...(stateful ? state : []),
    `-A FORWARD -j ${name}`,
    ...list,
    `-A ${name} -j ACCEPT`,
    'COMMIT\n',
  ];
  return readRules(text.join('\n'), { file: name, family: 'ipv4' });
}

const SETS = [rules('a'), rules('b', { dropped: 2, count: 12 }), rules('c', { dropped: 5, count: 900 })];
const machine = machineFromOptions({ hook: 'FORWARD', in: 'eth0', out: 'eth1' });

function printed(rules: RuleSet | undefined): string {
  return rules === undefined ? '' : printRules(rules, { backend: 'legacy', counters: true });
}

class Lines {
  readonly #chunks: Uint8Array[] = [];
  readonly name = 'lines';
  async write(chunk: Uint8Array): Promise<void> {
    this.#chunks.push(chunk.slice());
  }
  get lines(): string[] {
    return Buffer.concat(this.#chunks).toString().trimEnd().split('\n');
  }
  /** Until so many lines are there: so many packets have been read. */
  async reach(count: number): Promise<void> {
    while (this.lines.length < count) await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** A capture that comes through a pipe, piece by piece. */
class Pipe {
  readonly path: string;
  #handle: FileHandle | undefined;
  static count = 0;

  constructor() {
    this.path = join(folder, `pipe${Pipe.count++}`);
    execFileSync('mkfifo', [this.path]);
  }

  async write(bytes: Uint8Array): Promise<void> {
    this.#handle ??= await open(this.path, 'w');
    await this.#handle.writeFile(bytes);
  }

  async end(): Promise<void> {
    await this.#handle?.close();
  }
}

const HEADER_BYTES = 24;

/** Lines of a scan of some of the frames, with their numbers as in the whole. */
async function partly(
  from: number,
  to: number,
  rules4: RuleSet,
): Promise<{ readonly lines: readonly string[]; readonly counters: string }> {
  const file = join(folder, 'part.pcap');
  writeFileSync(file, pcap(frames.slice(from - 1, to - 1)));
  const sink = new Lines();
  const result = await scan({ captures: [file], rules4, machine, workers: 1, verdicts: sink });
  const lines =
    from === to
      ? []
      : sink.lines.map((line) =>
          line.replace(/"number":(\d+)/, (_, number) => `"number":${+number + from - 1}`),
        );
  return { lines, counters: printed(result.rules4) };
}

/** What each set decided, one after another, is what a scan of its packets alone says. */
async function checkParts(
  sets: readonly RuleSet[],
  replaced: readonly ReplacedRules[],
  last: string,
  lines: readonly string[],
): Promise<void> {
  expect(lines).toHaveLength(frames.length);
  const bounds = [1, ...replaced.map(({ firstPacket }) => firstPacket), frames.length + 1];
  for (const [index, set] of sets.entries()) {
    const [from, to] = [bounds[index] as number, bounds[index + 1] as number];
    const part = await partly(from, to, set);
    expect(lines.slice(from - 1, to - 1)).toEqual(part.lines);
    expect(index === replaced.length ? last : printed(replaced[index]?.rules4)).toBe(part.counters);
  }
}

describe.each([1, 2, 3])('%i lanes', (workers) => {
  test('a stream: packets that come later are decided by the new rules', async () => {
    const pipe = new Pipe();
    const sink = new Lines();
    const bytes = pcap(frames);
    const record = (bytes.length - HEADER_BYTES) / frames.length;
    const end = (packets: number): number => HEADER_BYTES + packets * record;
    const writing = pipe.write(bytes.subarray(0, end(3000)));
    const running = startScan({ captures: [pipe.path], rules4: SETS[0], machine, workers, verdicts: sink });
    await writing;
    await sink.reach(3000);
    const first = running.replaceRules({ rules4: SETS[1] });
    await pipe.write(bytes.subarray(end(3000), end(7000)));
    const replaced = [await first];
    // Two at once: the first of them decides nothing, unless a batch is read between.
    const both = [running.replaceRules({ rules4: SETS[2] }), running.replaceRules({ rules4: SETS[0] })];
    await pipe.write(bytes.subarray(end(7000)));
    await pipe.end();
    replaced.push(...(await Promise.all(both)));
    const { rules4, packets } = await running.result;
    expect(packets).toBe(frames.length);
    const sets = [SETS[0], SETS[1], SETS[2], SETS[0]] as RuleSet[];
    await checkParts(sets, replaced, printed(rules4), sink.lines);
    expect(replaced[0]?.firstPacket).toBe(3001);
  });

  test('files: again and again, while they are read', async () => {
    // A batch holds records of one file.
    const captures = Array.from({ length: 240 }, (_, file) => {
      const path = join(folder, `cut${file}.pcap`);
      writeFileSync(path, pcap(frames.slice(file * 50, file * 50 + 50)));
      return path;
    });
    const sink = new Lines();
    const running = startScan({
      captures,
      rules4: SETS[0],
      machine,
      workers,
      verdicts: sink,
    });
    const sets: RuleSet[] = [SETS[0] as RuleSet];
    const replaced: ReplacedRules[] = [];
    for (let round = 1; round <= 12; round++) {
      const rules4 = SETS[round % SETS.length] as RuleSet;
      const done = await replaceUnlessOver(running, { rules4 });
      if (done === undefined) break;
      sets.push(rules4);
      replaced.push(done);
    }
    const { rules4 } = await running.result;
    expect(replaced.length).toBeGreaterThan(0);
    await checkParts(sets, replaced, printed(rules4), sink.lines);
  });

  test('connections are kept, and what was not tracked before is from there on', async () => {
    const pipe = new Pipe();
    const sink = new Lines();
    const bytes = pcap(frames);
    const record = (bytes.length - HEADER_BYTES) / frames.length;
    const end = (packets: number): number => HEADER_BYTES + packets * record;
    const stateful = [rules('a', { stateful: true }), rules('b', { dropped: 7, stateful: true })];
    const writing = pipe.write(bytes.subarray(0, end(2000)));
    const options: ScanOptions = { captures: [pipe.path], rules4: SETS[1], machine, workers, seed: 1n };
    const running = startScan({ ...options, verdicts: sink });
    await writing;
    const firsts: number[] = [];
    const parts = [
      [2000, 4003, stateful[0]],
      [4003, 8003, stateful[1]],
      [8003, 9003, SETS[2]],
      [9003, frames.length, stateful[0]],
    ] as const;
    for (const [from, to, rules4] of parts) {
      await sink.reach(from);
      const replacing = running.replaceRules({ rules4 });
      await pipe.write(bytes.subarray(end(from), end(to)));
      if (to === frames.length) await pipe.end();
      firsts.push((await replacing).firstPacket);
    }
    await running.result;
    expect(firsts).toEqual(parts.map(([from]) => from + 1));
    const found = sink.lines.map(
      (line) => JSON.parse(line) as { ctstate: string | null; chain: string; rule: number },
    );
    const state = (packet: number): string | null | undefined => found[packet]?.ctstate;
    expect(new Set(found.slice(0, 2000).map(({ ctstate }) => ctstate))).toEqual(new Set([null]));
    expect(new Set(found.slice(8003, 9003).map(({ ctstate }) => ctstate))).toEqual(new Set([null]));
    // Asked before a replacement, answered behind it: the new rules' first one takes it.
    expect([state(4002), state(4003)]).toEqual(['NEW', 'ESTABLISHED']);
    expect(found[4003]).toMatchObject({ chain: 'FORWARD', rule: 1 });
    // Asked while connections were tracked, answered while they were not.
    expect([state(8002), state(8003)]).toEqual(['NEW', null]);
    // A client that was there while nothing was tracked, and one of when it was.
    expect([state(9102), state(10_402)]).toEqual(['NEW', 'ESTABLISHED']);
  });
});

describe('ways that packets went by the old rules are none by the new ones', () => {
  const FLOWS = 12;
  const PACKETS = 4000;
  const parts = [1000, 2000, 2500, 3200] as const;

  /** A few clients' packets and their answers, of both families. */
  const few = Array.from({ length: PACKETS }, (_, number): Frame => {
    const flow = (number * 7) % FLOWS;
    const client = flow % 3 === 0 ? [0x20, 1, 13, 0xb8, ...Array(11).fill(0), 1] : [10, 0, 0, 1 + (flow % 5)];
    const server = client.with(-1, 100);
    const answers = number % 5 > 2;
    const ends = [Uint8Array.from(client), Uint8Array.from(server)] as const;
    const ports = [10_000 + flow, 1000 + flow] as const;
    const built = buildFrame({
      source: ends[answers ? 1 : 0],
      destination: ends[answers ? 0 : 1],
      protocol: 17,
      transport: answers ? udp(ports[1], ports[0], number % 50) : udp(...ports, number % 50),
    });
    const timeNs = BigInt(number) * 1_000_000n;
    return { ...built, number: number + 1, timeNs, interfaceIndex: undefined, direction: undefined };
  });

  /** Sets that lead packets by different rules, alone or by several, of different numbers. */
  function leading(set: number, family: Family): RuleSet {
    const ports = Array.from({ length: 5 + set }, (_, rule) => 1000 + ((rule * (set + 2)) % FLOWS));
    const text = [
      '*filter',
      ':FORWARD ACCEPT [0:0]',
      ':sub - [0:0]',
      '-A FORWARD -m conntrack --ctstate INVALID -j DROP',
      ...ports.map((port) => `-A FORWARD -p udp -m udp --dport ${port}`),
      `-A FORWARD -p udp -m udp --dport ${1000 + set} -m conntrack --ctstate ESTABLISHED -j DROP`,
      ...ports.map(
        (port) => `-A FORWARD -p udp -m udp --sport ${port} -j ${set % 2 === 0 ? 'sub' : 'ACCEPT'}`,
      ),
      '-A sub -m conntrack --ctdir REPLY -j RETURN',
      'COMMIT\n',
    ];
    return readRules(text.join('\n'), { file: `set${set}`, family });
  }

  async function replacing(workers: number, options: Partial<ScanOptions>): Promise<readonly string[]> {
    const pipe = new Pipe();
    const sink = new Lines();
    const bytes = pcap(few);
    // Records have different lengths.
    const ends = [HEADER_BYTES];
    for (const { bytes: frame } of few) ends.push((ends.at(-1) as number) + 16 + frame.length);
    const [rules4, rules6] = [leading(0, 'ipv4'), leading(0, 'ipv6')];
    const writing = pipe.write(bytes.subarray(0, ends[parts[0]]));
    const running = startScan({
      captures: [pipe.path],
      rules4,
      rules6,
      machine,
      workers,
      seed: 1n,
      verdicts: sink,
      ...options,
    });
    await writing;
    const said: string[] = [];
    for (const [index, from] of parts.entries()) {
      await sink.reach(from);
      const set = index + 1;
      // Of one family, of both, and the same rules again.
      const others = [{ rules4: leading(set, 'ipv4') }, { rules6: leading(set, 'ipv6') }, { rules4 }];
      const done = running.replaceRules(others[index] ?? { rules4, rules6 });
      await pipe.write(bytes.subarray(ends[from], ends[parts[set] ?? PACKETS]));
      if (set === parts.length) await pipe.end();
      const { firstPacket, ...gone } = await done;
      expect(firstPacket).toBe(from + 1);
      said.push(printed(gone.rules4), printed(gone.rules6));
    }
    const result = await running.result;
    return [...said, printed(result.rules4), printed(result.rules6), ...sink.lines];
  }

  test.each([1, 2])('%i lanes', async (workers) => {
    const expected = await replacing(1, { linear: true });
    expect(expected.some((line) => line.includes('"ctstate":"ESTABLISHED"'))).toBe(true);
    for (const options of [{}, { trailKeys: 2, trailLists: 1 }, { trailKeys: 6, trailLists: 4 }]) {
      expect(await replacing(workers, options), JSON.stringify(options)).toEqual(expected);
    }
  });
});

async function replaceUnlessOver(
  running: RunningScan,
  rules: FamilyRules,
): Promise<ReplacedRules | undefined> {
  try {
    return await running.replaceRules(rules);
  } catch (error) {
    expect(String(error)).toContain('the scan is over');
    return undefined;
  }
}

test('tables that the new rules do not have stay, and go on counting', async () => {
  const pipe = new Pipe();
  const bytes = pcap(frames);
  const half = HEADER_BYTES + (bytes.length - HEADER_BYTES) / 2;
  const mangle = readRules('*mangle\n:FORWARD ACCEPT [0:0]\n-A FORWARD -p udp\nCOMMIT\n', {
    file: 'mangle',
    family: 'ipv4',
  });
  const both = { ...mangle, tables: [...mangle.tables, ...(SETS[0] as RuleSet).tables] };
  const writing = pipe.write(bytes.subarray(0, half));
  const running = startScan({ captures: [pipe.path], rules4: both, machine, workers: 2 });
  await writing;
  const replacing = running.replaceRules({ rules4: SETS[1] });
  await pipe.write(bytes.subarray(half));
  await pipe.end();
  const replaced = await replacing;
  const { rules4 } = await running.result;
  expect(replaced.rules4?.tables.map(({ name }) => name)).toEqual(['filter']);
  const [stays, filter] = rules4?.tables ?? [];
  expect(stays?.chains.find(({ name }) => name === 'FORWARD')?.rules[0]?.counters.packets).toBe(12_000n);
  const jumps = (table: typeof filter): bigint =>
    table?.chains.find(({ name }) => name === 'FORWARD')?.rules[0]?.counters.packets ?? 0n;
  expect(jumps(filter)).toBe(BigInt(frames.length + 1 - replaced.firstPacket));
  expect(jumps(replaced.rules4?.tables[0])).toBe(BigInt(replaced.firstPacket - 1));
});

test('interfaces that were named before and behind are known to the new rules', async () => {
  const pipe = new Pipe();
  const sink = new Lines();
  const asked = frames.filter((_, index) => index % 2 === 0);
  const named = (name: string, list: readonly Frame[]): Buffer =>
    pcapng(
      list.map((one) => ({ ...one, interfaceIndex: 1 })),
      { ...machine, interfaces: machine.interfaces.map((one) => ({ ...one, name })) },
    );
  const set = (name: string): RuleSet => {
    const text = ['veth1', 'veth2', 'veth3']
      .map((device) => `-A ${name} -i ${device} -p udp -j ACCEPT\n-A ${name} -i ${device} -p tcp -j DROP\n`)
      .join('');
    return readRules(`*filter\n:INPUT DROP [0:0]\n:${name} - [0:0]\n-A INPUT -j ${name}\n${text}COMMIT\n`, {
      file: name,
      family: 'ipv4',
    });
  };
  const writing = pipe.write(named('veth1', asked.slice(0, 1000)));
  const running = startScan({ captures: [pipe.path], rules4: set('a'), workers: 2, verdicts: sink });
  await writing;
  await pipe.write(named('veth2', asked.slice(0, 400)));
  await sink.reach(1400);
  const replacing = running.replaceRules({ rules4: set('b') });
  await pipe.write(named('veth3', asked.slice(0, 400)));
  await pipe.write(named('veth1', asked.slice(0, 400)));
  await pipe.end();
  await replacing;
  await running.result;
  const found = sink.lines.map((line) => {
    const { verdict, chain, rule, in: device } = JSON.parse(line) as Record<string, unknown>;
    return `${verdict} ${device} ${rule} ${chain}`;
  });
  expect(found).toHaveLength(2200);
  const kinds = [...new Set(found)].map((line) => `${found.indexOf(line)} ${line}`);
  expect(kinds).toEqual([
    '0 ACCEPT veth1 1 a',
    '1000 ACCEPT veth2 3 a',
    '1400 ACCEPT veth3 5 b',
    '1800 ACCEPT veth1 1 b',
  ]);
});

test('what cannot be is refused, and the old rules stay', async () => {
  const file = join(folder, 'all.pcap');
  writeFileSync(file, pcap(frames));
  const running = startScan({ captures: [file], rules4: rules('a', { stateful: true }), workers: 1 });
  const wants = readRules('*filter\n-A FORWARD -m connlabel --label 1\nCOMMIT\n', {
    file: 'labels',
    family: 'ipv4',
  });
  await expect(running.replaceRules({ rules4: wants })).rejects.toThrow(/labels of connections/);
  await expect(running.replaceRules({ rules6: wants })).rejects.toThrow(/for ipv4/);
  await expect(running.replaceRules({})).rejects.toThrow(/no rules/);
  const { rules4 } = await running.result;
  expect(rules4?.tables[0]?.chains.some(({ name }) => name === 'a')).toBe(true);
  await expect(running.replaceRules({ rules4: SETS[0] })).rejects.toThrow(/over/);
});

test('the memory of rules that went is used again', () => {
  const rules4 = compile(SETS[0] as RuleSet, { backend: 'legacy', unknown: 'refuse' });
  const options = { captures: [], machine };
  const shared = placeShared(options, { rules4, rules6: undefined });
  const kernel = instantiateKernel(compileKernel(), shared.memory);
  const lanes = placeLanes(shared, kernel, options, 2);
  const control = new ControlWords(shared.memory, shared.control);
  const track = (): never => {
    throw new Error('nothing is tracked');
  };
  const ruleSets = new RuleSets(options, { shared, lanes, control, conntrack: undefined, track });
  const port = ruleSets.openPort();
  const images: number[] = [];
  const left: number[] = [];
  vi.useFakeTimers();
  for (let sequence = 1; sequence <= 30; sequence++) {
    void ruleSets.replace({ rules4: SETS[sequence % SETS.length] });
    const told = receiveMessageOnPort(port) as { message: GenerationMessage };
    images.push(told.message.image4);
    // The batch that it begins with is read, and those before it are evaluated.
    const view = new DataView(shared.memory.buffer);
    view.setUint32(told.message.record + Generation.SEQUENCE, sequence, true);
    view.setUint32(told.message.record + Generation.BEGUN, 1, true);
    view.setUint32(shared.control + Control.TURN, sequence, true);
    vi.runOnlyPendingTimers();
    left.push(shared.allocator.left);
  }
  ruleSets.finish(0);
  vi.useRealTimers();
  expect(new Set(images).size).toBeLessThan(6);
  expect(new Set(left.slice(6)).size).toBe(1);
});

test('a scan that does not begin has no rules to replace', async () => {
  const running = startScan({ captures: [join(folder, 'missing.pcap')], rules4: SETS[0] });
  await expect(running.replaceRules({ rules4: SETS[1] })).rejects.toThrow(/missing/);
  await expect(running.result).rejects.toThrow(/missing/);
});
