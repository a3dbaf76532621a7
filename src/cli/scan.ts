// wasmtables scan CAPTURE...: what the firewall does to the captures.

import { Command, InvalidArgumentError, Option } from 'commander';
import { WasmtablesError } from '../error.ts';
import * as extensions from '../extension/index.ts';
import type { Family, RuleSet } from '../model/ruleset.ts';
import { summaryJson } from '../report/json.ts';
import type { ScanResult } from '../report/result.ts';
import { summaryText } from '../report/summary.ts';
import { VERDICT_NAMES, type VerdictName } from '../report/verdict.ts';
import { printRule } from '../save/print.ts';
import type { ScanOptions } from '../scan/options.ts';
import { scan } from '../scan/scan.ts';
import { EXIT_DONE, EXIT_PART } from './exit.ts';
import { Inputs } from './input.ts';
import { readSetup, type Setup, verifiesChecksums } from './machine.ts';
import { addMachineOptions, chosenBackend, type MachineOptions, parseSeed, parseWorkers } from './option.ts';
import { type Output, Outputs } from './output.ts';
import { ProgressLine } from './progress.ts';
import { ruleSetText } from './rules.ts';
import { conntrackOffWarning, styleFor, usageError, warn, write } from './terminal.ts';

interface ScanCommandOptions extends MachineOptions {
  readonly workers?: number;
  readonly counters?: string;
  readonly counters6?: string;
  readonly keepCounters?: true;
  readonly verdicts?: string;
  readonly conntrack?: string;
  readonly events?: string;
  readonly seed?: bigint;
  readonly write?: readonly Write[];
  readonly json?: true;
  readonly all?: true;
  readonly linear?: true;
}

interface Write {
  readonly verdict: VerdictName;
  readonly file: string;
}

export function scanCommand(finish: (code: number) => void): Command {
  const command = new Command('scan')
    .description(
      'What the firewall does to every packet of the captures: verdicts, and counters rule by rule.',
    )
    .argument(
      '<capture...>',
      'pcap or pcapng files, also compressed (gzip, zstd), one stream in this order; - is stdin',
    );
  addMachineOptions(command)
    .option(
      '--workers <n>',
      'threads (default: the cores, fewer for small captures); the output does not depend on it',
      parseWorkers,
    )
    .option(
      '--seed <n>',
      'of the hash of connections (default: drawn), for runs that are the same',
      parseSeed,
    )
    .optionsGroup('Output:')
    .option('--counters <file>', "the IPv4 rules with this scan's counters, as `iptables-save -c`")
    .option('--counters6 <file>', 'the same of the IPv6 rules')
    .option('--keep-counters', 'add to the counters that the rules have, instead of starting at zero')
    .option('--verdicts <file>', 'one JSON object a packet, a line each')
    .option('--write <verdict:file>', 'packets with that verdict, as captured; repeatable', collectWrite)
    .option('--conntrack <file>', 'the connections at the end, as `conntrack -L -o extended` prints them')
    .option(
      '--events <file>',
      'what became of connections, as `conntrack -E -o timestamp,extended` prints it',
    )
    .option('--json', 'the summary as a JSON document')
    .option('--all', 'list every rule, not only those that were hit')
    .addOption(new Option('--linear', 'walk chains rule by rule, without classifiers').hideHelp())
    .addHelpText(
      'after',
      `
FILE - is stdout. Exit codes: 0 done; 2 an error, nothing was scanned; 3 done in part (a broken capture,
packets that could not be decided, an interrupt, an output that failed).

Examples:
  wasmtables scan --host gateway/ monday.pcap tuesday.pcap.gz
  wasmtables scan --rules rules.v4 --local 192.0.2.1 --counters after.v4 capture.pcapng
  tcpdump -w - -c 100000 | wasmtables scan --rules rules.v4 --verdicts verdicts.ndjson -
  wasmtables scan --host gateway/ --write DROP:dropped.pcap --json capture.pcap
  wasmtables scan --host gateway/ --conntrack monday.txt monday.pcap
  wasmtables scan --host gateway/ --conntrack-from monday.txt --events tuesday.txt tuesday.pcap`,
    );
  return command.action(async (captures: string[], options: ScanCommandOptions) => {
    finish(await runScan(captures, options));
  });
}

function collectWrite(text: string, before: readonly Write[] = []): readonly Write[] {
  const colon = text.indexOf(':');
  const verdict = text.slice(0, Math.max(0, colon)).toUpperCase();
  const file = text.slice(colon + 1);
  if (!isVerdict(verdict) || file === '') {
    throw new InvalidArgumentError(`It is VERDICT:FILE, and the verdicts are ${VERDICT_NAMES.join(', ')}.`);
  }
  return [...before, { verdict, file }];
}

function isVerdict(name: string): name is VerdictName {
  return (VERDICT_NAMES as readonly string[]).includes(name);
}

async function runScan(captures: readonly string[], options: ScanCommandOptions): Promise<number> {
  const inputs = new Inputs();
  for (const capture of captures) inputs.claim('the captures', capture);
  const outputs = new Outputs(captures);
  claimOutputs(options, outputs);
  const setup = readSetup(options, inputs);
  requireRules('--counters', options.counters, setup.rules4, '--rules');
  requireRules('--counters6', options.counters6, setup.rules6, '--rules6');
  const opened = await openOutputs(options, outputs);
  try {
    const result = await runInterruptible(scanOptions(captures, options, setup, opened));
    for (const warning of result.warnings) warn(`warning: ${warning}`);
    warnConntrackOff(result, options);
    for (const message of result.broken) process.stderr.write(`wasmtables: error: ${message}\n`);
    await opened.counters?.write(countersText(result.rules4, options));
    await opened.counters6?.write(countersText(result.rules6, options));
    await outputs.close();
    await printSummary(result, options, outputs.stdoutTakenBy !== undefined && options.json !== true);
    const { UNKNOWN } = result.verdicts;
    return result.interrupted || result.broken.length > 0 || UNKNOWN.packets > 0 ? EXIT_PART : EXIT_DONE;
  } catch (error) {
    // A full disk is no error of what was asked: part of it is done.
    if (!(error instanceof WasmtablesError) || error !== outputs.failure) throw error;
    process.stderr.write(`${error.format()}\n`);
    return EXIT_PART;
  }
}

/** Options about connections, where no rule asks for connections to be tracked. */
function warnConntrackOff(result: ScanResult, options: ScanCommandOptions): void {
  if (result.conntrack !== undefined) return;
  const asked = ['--conntrack', '--events', '--conntrack-from'].filter(
    (_, index) => [options.conntrack, options.events, options.conntrackFrom][index] !== undefined,
  );
  if (asked.length === 0) return;
  warn(conntrackOffWarning(asked));
}

/** A scan with a progress line, that SIGINT stops. */
async function runInterruptible(options: ScanOptions): Promise<ScanResult> {
  const progress = new ProgressLine(process.stderr);
  const interrupt = new Interrupt();
  try {
    return await scan({
      ...options,
      signal: interrupt.signal,
      onProgress: (state) => progress.update(state),
    });
  } finally {
    interrupt.release();
    progress.clear();
  }
}

function claimOutputs(options: ScanCommandOptions, outputs: Outputs): void {
  if (options.json === true) outputs.claim('--json', '-');
  if (options.counters !== undefined) outputs.claim('--counters', options.counters);
  if (options.counters6 !== undefined) outputs.claim('--counters6', options.counters6);
  if (options.verdicts !== undefined) outputs.claim('--verdicts', options.verdicts);
  if (options.conntrack !== undefined) outputs.claim('--conntrack', options.conntrack);
  if (options.events !== undefined) outputs.claim('--events', options.events);
  for (const { verdict, file } of options.write ?? []) outputs.claim(`--write ${verdict}`, file);
}

function requireRules(
  option: string,
  file: string | undefined,
  ruleSet: RuleSet | undefined,
  rulesOption: string,
): void {
  if (file === undefined || ruleSet !== undefined) return;
  const family = rulesOption === '--rules' ? 'IPv4' : 'IPv6';
  throw usageError(`${option} needs ${family} rules, and there are none`, `give them with ${rulesOption}`);
}

interface OpenedOutputs {
  readonly counters: Output | undefined;
  readonly counters6: Output | undefined;
  readonly verdicts: Output | undefined;
  readonly conntrack: Output | undefined;
  readonly events: Output | undefined;
  readonly writes: readonly { readonly verdict: VerdictName; readonly output: Output }[];
}

async function openOutputs(options: ScanCommandOptions, outputs: Outputs): Promise<OpenedOutputs> {
  const open = async (option: string, file: string | undefined): Promise<Output | undefined> =>
    file === undefined ? undefined : outputs.open(option, file);
  const writes: { verdict: VerdictName; output: Output }[] = [];
  const counters = await open('--counters', options.counters);
  const counters6 = await open('--counters6', options.counters6);
  const verdicts = await open('--verdicts', options.verdicts);
  const conntrack = await open('--conntrack', options.conntrack);
  const events = await open('--events', options.events);
  for (const { verdict, file } of options.write ?? []) {
    writes.push({ verdict, output: await outputs.open(`--write ${verdict}`, file) });
  }
  return { counters, counters6, verdicts, conntrack, events, writes };
}

function scanOptions(
  captures: readonly string[],
  options: ScanCommandOptions,
  setup: Setup,
  opened: OpenedOutputs,
): ScanOptions {
  return {
    captures,
    rules4: setup.rules4,
    rules6: setup.rules6,
    machine: setup.machine,
    in: options.in,
    out: options.out,
    linear: options.linear,
    workers: options.workers,
    backend: options.backend === 'auto' ? undefined : options.backend,
    unknown: options.unknown,
    verifyChecksums: verifiesChecksums(options, setup.machine),
    mac: options.mac,
    keepCounters: options.keepCounters,
    verdicts: opened.verdicts,
    conntrack: opened.conntrack,
    events: opened.events,
    conntrackFrom: setup.conntrackFrom,
    seed: options.seed,
    writes: opened.writes.map(({ verdict, output }) => ({ verdict, sink: output })),
  };
}

function countersText(ruleSet: RuleSet | undefined, options: ScanCommandOptions): string {
  return ruleSet === undefined ? '' : ruleSetText(ruleSet, chosenBackend(options.backend, ruleSet), true);
}

/** On stdout, or on stderr when another output has it. */
async function printSummary(
  result: ScanResult,
  options: ScanCommandOptions,
  toStderr: boolean,
): Promise<void> {
  const backend4 = chosenBackend(options.backend, result.rules4);
  const backend6 = chosenBackend(options.backend, result.rules6);
  const stream = toStderr ? process.stderr : process.stdout;
  const text =
    options.json === true
      ? summaryJson(result, {
          backend4,
          backend6,
          ruleText: (rule, chain, backend, { family }: { readonly family: Family }) =>
            `-A ${chain} ${printRule(rule, { family, backend })}`.trimEnd(),
        })
      : summaryText(result, {
          backend4,
          backend6,
          extensions,
          all: options.all === true,
          style: styleFor(stream),
        });
  await write(stream, text);
}

/** npx and npm pass on the SIGINT that a terminal has also sent to their child: one key, two signals. */
const SAME_KEY_MS = 500;
/** How long a scan that was interrupted waits for the second of them when it is done. */
const LINGER_MS = 100;

/** The first SIGINT stops the scan, so that what was counted is printed; the second one ends the process. */
class Interrupt {
  readonly #controller = new AbortController();
  #firstMs = 0;
  readonly #listener = (): void => {
    const nowMs = performance.now();
    if (!this.#controller.signal.aborted) {
      this.#firstMs = nowMs;
      this.#controller.abort();
    } else if (nowMs - this.#firstMs > SAME_KEY_MS) process.exit(130);
  };

  constructor() {
    process.on('SIGINT', this.#listener);
    process.on('SIGTERM', this.#listener);
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  release(): void {
    // The second signal of the same key may come while the summary is printed, or when nothing is left to do: a process
    // that is about to exit would die of it, with another exit code.
    if (this.#controller.signal.aborted) {
      setTimeout(() => {}, LINGER_MS);
      return;
    }
    process.off('SIGINT', this.#listener);
    process.off('SIGTERM', this.#listener);
  }
}
