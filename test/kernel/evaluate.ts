// wasmtables' answers to a scenario: the reference interpreter's, and the WebAssembly kernel's.

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { entryText } from '../../src/conntrack/text.ts';
import { readHost } from '../../src/host/folder.ts';
import { Interpreter } from '../../src/interpret/interpreter.ts';
import type { RuleSet } from '../../src/model/ruleset.ts';
import { printRules } from '../../src/save/print.ts';
import { readRules } from '../../src/save/read.ts';
import { scan } from '../../src/scan/scan.ts';
import { type CapturedPacket, LINKTYPE_ETHERNET, readCapture, restamped, writePcapng } from './capture.ts';
import { CORPUS } from './corpus.ts';
import { differences, parseCounters } from './counters.ts';
import { digest } from './golden.ts';
import { type Backend, type HostFiles, tableLines } from './namespace.ts';
import type { FamilyCounters, Rules, Scenario, Table } from './scenario.ts';

/** Between two packets, of every capture: Linux was sent them as fast as it took them. */
const STEP_NS = 100_000n;

export interface Answer {
  readonly counters: FamilyCounters;
  readonly text: { readonly ipv4?: string | undefined; readonly ipv6?: string | undefined };
  /** The connections at the end, as tableLines() has them. */
  readonly table: readonly string[];
}

export function packetsOf(capture: Scenario['capture']): readonly CapturedPacket[] {
  return capture.kind === 'frames' ? readCapture(writePcapng(capture.frames)) : capture.packets;
}

export function readBoth(rules: Rules, backend: Backend): { ipv4?: RuleSet; ipv6?: RuleSet } {
  const { ipv4, ipv6 } = rules;
  return {
    ...(ipv4 === undefined ? {} : { ipv4: readRules(ipv4, { file: 'rules.v4', family: 'ipv4', backend }) }),
    ...(ipv6 === undefined ? {} : { ipv6: readRules(ipv6, { file: 'rules.v6', family: 'ipv6', backend }) }),
  };
}

/** The reference interpreter over the whole capture. */
export function interpret(
  host: HostFiles,
  rules: Rules,
  capture: Scenario['capture'],
  backend: Backend,
): Answer {
  const packets = packetsOf(capture);
  const read = readBoth(rules, backend);
  const machine = readHost((name) => ({ path: name, text: host[name] }));
  const macs = machine.interfaces
    .filter((one) => !one.loopback)
    .map((one) => Buffer.from(one.mac ?? []).toString('hex'));
  const useMac = packets.slice(0, 1000).some(({ data, linkType }) => {
    const hex = Buffer.from(data.subarray(0, 12)).toString('hex');
    return linkType === LINKTYPE_ETHERNET && macs.some((mac) => hex.startsWith(mac) || hex.endsWith(mac));
  });
  const interpreter = new Interpreter({
    machine: { ...machine, useMac },
    backend,
    rules4: read.ipv4,
    rules6: read.ipv6,
  });
  packets.forEach((packet, index) => {
    interpreter.evaluate({
      bytes: packet.data,
      originalLength: packet.originalLength,
      linkType: packet.linkType,
      timeNs: BigInt(index) * STEP_NS,
      interfaceIndex: machine.interfaces.find((one) => one.name === packet.interface)?.index,
      direction: packet.direction,
      number: index + 1,
    });
  });
  const counted = interpreter.countersOf();
  const nowNs = BigInt(packets.length) * STEP_NS;
  const table = interpreter.conntrackEntries(nowNs).map((entry) => entryText(entry, nowNs));
  return answerOf(counted.ipv4, counted.ipv6, backend, table.join('\n'));
}

/** The WebAssembly kernel, by the library's scan of a capture file. */
export async function scanCapture(
  host: HostFiles,
  rules: Rules,
  capture: Scenario['capture'],
  backend: Backend,
  linear = false,
): Promise<Answer> {
  const read = readBoth(rules, backend);
  const folder = mkdtempSync(join(tmpdir(), 'wasmtables-'));
  try {
    const path = join(folder, 'capture.pcapng');
    const bytes =
      capture.kind === 'file'
        ? restamped(readFileSync(`${CORPUS}pcap/${capture.path}`))
        : writePcapng(capture.frames);
    writeFileSync(path, bytes);
    let table = '';
    const result = await scan({
      captures: [path],
      rules4: read.ipv4,
      rules6: read.ipv6,
      machine: readHost((name) => ({ path: name, text: host[name] })),
      backend,
      mac: 'auto',
      workers: 1,
      linear,
      conntrack: {
        name: 'table',
        async write(chunk) {
          table += Buffer.from(chunk).toString();
        },
      },
    });
    return answerOf(result.rules4, result.rules6, backend, table);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Differences between what the kernel counted and an answer, both families. */
export function compare(expected: FamilyCounters | undefined, answer: Answer): string[] {
  return (['ipv4', 'ipv6'] as const).flatMap((family) => {
    const counters = expected?.[family];
    if (counters === undefined) return [];
    const found = differences(counters, answer.counters[family] ?? {}, answer.text[family]);
    return found.map((line) => `${family} ${line}`);
  });
}

/** Connections that one side alone has at the end, as text. */
export function compareTables(expected: Table | undefined, { table }: Answer): string[] {
  if (expected === undefined) return [];
  if (typeof expected === 'string') {
    return digest(...table) === expected
      ? []
      : ['other connections at the end (npm run test:kernel shows which)'];
  }
  return [
    ...expected.filter((line) => !table.includes(line)).map((line) => `kernel alone: ${line}`),
    ...table.filter((line) => !expected.includes(line)).map((line) => `here alone: ${line}`),
  ].concat(expected.length === table.length ? [] : [`${expected.length} connections, here ${table.length}`]);
}

function answerOf(
  rules4: RuleSet | undefined,
  rules6: RuleSet | undefined,
  backend: Backend,
  table: string,
): Answer {
  const print = (ruleSet: RuleSet | undefined) =>
    ruleSet === undefined ? undefined : printRules(ruleSet, { backend, counters: true });
  const ipv4 = print(rules4);
  const ipv6 = print(rules6);
  return {
    counters: {
      ...(ipv4 === undefined ? {} : { ipv4: parseCounters(ipv4) }),
      ...(ipv6 === undefined ? {} : { ipv6: parseCounters(ipv6) }),
    },
    text: { ...(ipv4 === undefined ? {} : { ipv4 }), ...(ipv6 === undefined ? {} : { ipv6 }) },
    table: tableLines(table),
  };
}
