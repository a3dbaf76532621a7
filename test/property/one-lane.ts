// A scan by one lane on this thread: what a worker does, without starting one, so that tests can afford thousands.

import type { MessagePort } from 'node:worker_threads';
import { type CompiledRules, compile } from '../../src/compile/compile.ts';
import { lowerMachine } from '../../src/host/lower.ts';
import { compileKernel, instantiateKernel } from '../../src/kernel/kernel.ts';
import type { RuleSet } from '../../src/model/ruleset.ts';
import { InterfaceNames } from '../../src/pool/interface-names.ts';
import runLane from '../../src/pool/lane.ts';
import type { BatchMessage } from '../../src/pool/output.ts';
import { ControlWords } from '../../src/pool/turn.ts';
import type { ScanResult } from '../../src/report/result.ts';
import { collectResult, timeSpan } from '../../src/scan/collect.ts';
import { endConntrack, writeTable } from '../../src/scan/conntrack.ts';
import { lookAhead } from '../../src/scan/look-ahead.ts';
import type { ScanOptions } from '../../src/scan/options.ts';
import { OrderedOutput } from '../../src/scan/ordered-output.ts';
import { placeLanes, placeShared, setHost } from '../../src/scan/place.ts';
import type { PlacedConntrack } from '../../src/scan/place-conntrack.ts';
import { RuleSets } from '../../src/scan/rule-sets.ts';

import { startConntrack, trackConnections } from '../../src/scan/scan.ts';
import { collectMemories } from '../pool/memory.ts';

/** As scan() of src/scan/scan.ts; files alone, and of what is written --verdicts and --conntrack alone. */
export async function scanOnOneLane(options: ScanOptions): Promise<ScanResult> {
  collectMemories();
  const { backend = 'legacy', unknown = 'refuse' } = options;
  const compiled = (rules: RuleSet | undefined): CompiledRules | undefined =>
    rules === undefined ? undefined : compile(rules, { backend, unknown });
  const shared = placeShared(options, { rules4: compiled(options.rules4), rules6: compiled(options.rules6) });
  const module = compileKernel();
  const kernel = instantiateKernel(module, shared.memory);
  const lanes = placeLanes(shared, kernel, options, 1);
  const {
    machine,
    warnings,
    firstTimeNs = 0n,
  } = await lookAhead(options, { shared, kernel, lanes, pump: undefined });
  const names = new InterfaceNames(shared.memory, shared.interfaces);
  names.add(0, '');
  for (const { index, name } of machine.interfaces) names.add(index, name);
  setHost(shared, lanes, lowerMachine(machine));
  const first = Object.values(shared.images).flatMap((image) => image?.rules ?? []);
  const parts = { shared, kernel, lanes };
  const track = (): PlacedConntrack => trackConnections(options, parts, machine, first);
  const conntrack = first.some((rules) => rules.conntrack) ? track() : undefined;
  if (conntrack !== undefined) startConntrack(options, parts, conntrack, firstTimeNs);
  const control = new ControlWords(shared.memory, shared.control);
  const ruleSets = new RuleSets(options, { shared, lanes, control, conntrack, track });
  const messages: BatchMessage[] = [];
  const port = {
    postMessage(message: BatchMessage) {
      messages.push(message);
      control.addOutstanding(-message.kib);
    },
    close() {},
  };
  const [{ lane, batch, fragments } = { lane: 0, batch: 0, fragments: 0 }] = lanes;
  const report = runLane({
    module,
    memory: shared.memory,
    control: shared.control,
    lane,
    batch,
    fragments,
    captures: shared.captures,
    interfaces: shared.interfaces,
    alone: true,
    tracking: ruleSets.tracking,
    ...(options.verdicts !== undefined && {
      output: {
        port: port as unknown as MessagePort,
        description: { ...ruleSets.names, writes: [], captures: shared.captures },
      },
    }),
  });
  const output = new OrderedOutput(options.verdicts, []);
  for (const message of messages) await output.add(message);
  await output.finish();
  const lastTimeNs = timeSpan(shared.memory, lanes).lastTimeNs ?? 0n;
  const ended = conntrack && endConntrack(shared.memory, conntrack.address, conntrack.config, lastTimeNs);
  if (ended !== undefined && options.conntrack !== undefined) await writeTable(options.conntrack, ended);
  return collectResult(shared, lanes, {
    conntrack: ended?.result,
    ...ruleSets.result(),
    elapsedSeconds: 0,
    warnings,
    broken: report.problems.map(({ message }) => message),
    interrupted: false,
  });
}
