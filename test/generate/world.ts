// A whole random scan: machine, rules of both families, back end, frames. Failures print it as text that can be pasted
// into a verdict case.

import fc from 'fast-check';
import type { Machine } from '../../src/host/machine.ts';
import type { Frame } from '../../src/interpret/interpreter.ts';
import type { Backend, Family, RuleSet } from '../../src/model/ruleset.ts';
import { readRules } from '../../src/save/read.ts';
import { conversations } from './flow.ts';
import { torn } from './fragment.ts';
import { machineFromText } from './host.ts';
import { machineText, trackingText } from './machine.ts';
import { framesOf, type PacketSpec, packet } from './packet.ts';
import { rulesText } from './rule.ts';
import { conversation } from './tracked.ts';

export interface WorldSpec {
  readonly machineText: string;
  readonly rules4Text: string;
  readonly rules6Text: string;
  readonly backend: Backend;
  readonly packets: readonly PacketSpec[];
}

export interface World extends WorldSpec {
  readonly machine: Machine;
  readonly rules4: RuleSet;
  readonly rules6: RuleSet;
  readonly frames: readonly Frame[];
  toString(): string;
}

export interface WorldOptions {
  /** Default: any of machine.ts. */
  readonly machine?: fc.Arbitrary<string> | undefined;
  /** Rules a chain, at most. Default 6. */
  readonly rules?: number | undefined;
  /** Frames, at most. Default 20. */
  readonly packets?: number | undefined;
  /** Rules ask about connections, and frames belong together. */
  readonly tracked?: boolean | undefined;
}

/** Reads rules that are known to be right. */
export function read(text: string, family: Family, backend: Backend): RuleSet {
  return readRules(text, { file: `random.${family}`, family, backend });
}

export function world(options: WorldOptions = {}): fc.Arbitrary<World> {
  const { tracked = false, packets: most = 20 } = options;
  const machine = options.machine ?? machineText();
  const whole = tracked
    ? fc.oneof(conversation(packet(), most), conversations(Math.ceil(most / 4)))
    : fc.array(packet(), { minLength: 1, maxLength: most, size: 'max' });
  const packets = fc.oneof({ weight: 2, arbitrary: whole }, { weight: 1, arbitrary: torn(whole) });
  const spec: fc.Arbitrary<WorldSpec> = fc.record({
    machineText: tracked ? trackingText(machine) : machine,
    rules4Text: rulesText('ipv4', options.rules, tracked),
    rules6Text: rulesText('ipv6', options.rules, tracked),
    backend: fc.constantFrom<Backend[]>('legacy', 'nft'),
    packets,
  });
  return spec.map(worldOf);
}

/** What a specification describes. */
export function worldOf(one: WorldSpec): World {
  const world = {
    ...one,
    machine: machineFromText(one.machineText),
    rules4: read(one.rules4Text, 'ipv4', one.backend),
    rules6: read(one.rules6Text, 'ipv6', one.backend),
    frames: framesOf(one.packets),
    toString: () => describeWorld(one),
    [fc.toStringMethod]: () => describeWorld(one),
  };
  return world;
}

/** Machine, rules and frames as text. */
export function describeWorld(one: WorldSpec): string {
  const frames = framesOf(one.packets).map((frame) => {
    const hex = Buffer.from(frame.bytes).toString('hex');
    const place = `interface ${frame.interfaceIndex ?? '-'} ${frame.direction ?? '-'}`;
    return `${frame.number} at ${frame.timeNs / 1_000_000n} ms: link ${frame.linkType} ${place} ${frame.originalLength} bytes ${hex}`;
  });
  return [
    '',
    '[machine]',
    one.machineText,
    `[backend] ${one.backend}`,
    '[rules]',
    one.rules4Text,
    '[rules6]',
    one.rules6Text,
    '[frames]',
    ...frames,
  ].join('\n');
}
