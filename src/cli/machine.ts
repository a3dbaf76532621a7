// From the options of scan and trace: the rule sets and the machine.

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { ConntrackEntry } from '../conntrack/entry.ts';
import { readConntrack } from '../conntrack/read.ts';
import { parseConnlabels } from '../host/connlabel.ts';
import { readHostFolder, withOptions } from '../host/folder.ts';
import type { Machine } from '../host/machine.ts';
import { machineFromOptions } from '../host/options.ts';
import type { Family, HookName, RuleSet } from '../model/ruleset.ts';
import type { Inputs } from './input.ts';
import type { MachineOptions } from './option.ts';
import { ErrorCollector, readRuleFile } from './rules.ts';
import { usageError } from './terminal.ts';

export interface Setup {
  readonly rules4: RuleSet | undefined;
  readonly rules6: RuleSet | undefined;
  /** Absent: to be guessed from the captures. */
  readonly machine: Machine | undefined;
  /** Connections that there are at the start. */
  readonly conntrackFrom: readonly ConntrackEntry[] | undefined;
}

/** Reads rules and machine; the errors of all of them are thrown together. */
export function readSetup(options: MachineOptions, inputs: Inputs): Setup {
  checkCombinations(options);
  const files = {
    ipv4: options.rules ?? hostFile(options, 'rules.v4'),
    ipv6: options.rules6 ?? hostFile(options, 'rules.v6'),
  };
  if (files.ipv4 !== undefined) inputs.claim('--rules', files.ipv4);
  if (files.ipv6 !== undefined) inputs.claim('--rules6', files.ipv6);
  const errors = new ErrorCollector();
  const labelFile = hostFile(options, 'connlabel.conf');
  const connlabels = labelFile === undefined ? undefined : parseConnlabels(inputs.read(labelFile).text);
  const read = (family: Family): RuleSet | undefined => {
    const file = files[family];
    if (file === undefined) return undefined;
    return errors.try(() =>
      readRuleFile(inputs.read(file), {
        family,
        backend: options.backend,
        keepUnknown: options.unknown !== undefined,
        connlabels,
      }),
    );
  };
  const rules4 = read('ipv4');
  const rules6 = read('ipv6');
  const machine = errors.try(() => machineOf(options));
  const entries = options.conntrackFrom ?? hostFile(options, 'conntrack.txt');
  if (options.conntrackFrom !== undefined) inputs.claim('--conntrack-from', options.conntrackFrom);
  const conntrackFrom = errors.try(() => (entries === undefined ? undefined : readEntries(inputs, entries)));
  errors.throwIfAny();
  return { rules4, rules6, machine, conntrackFrom };
}

function readEntries(inputs: Inputs, file: string): readonly ConntrackEntry[] {
  const { name, text } = inputs.read(file);
  return readConntrack(text, { file: name });
}

function machineOf(options: MachineOptions): Machine | undefined {
  const { host, local, in: incoming, out, hook } = options;
  const useVlan = options.vlan === 'ignore' ? false : undefined;
  if (host !== undefined) return withOptions(readHostFolder(host), { in: incoming, out, useVlan });
  if (local === undefined && hook === undefined) return undefined;
  return machineFromOptions({ local, in: incoming, out, hook: hook as HookName | undefined });
}

function checkCombinations(options: MachineOptions): void {
  if (options.host === undefined) return;
  for (const name of ['local', 'hook'] as const) {
    if (options[name] === undefined) continue;
    throw usageError(`--${name} cannot be used with --host`, 'the host folder says what the host is');
  }
}

function hostFile(options: MachineOptions, name: string): string | undefined {
  if (options.host === undefined) return undefined;
  const file = join(options.host, name);
  return existsSync(file) ? file : undefined;
}

/** `--checksums`; by default what the host's nf_conntrack_checksum says, else no. */
export function verifiesChecksums(options: MachineOptions, machine: Machine | undefined): boolean {
  if (options.checksums !== undefined) return options.checksums === 'verify';
  return machine?.sysctls.get('net.netfilter.nf_conntrack_checksum') === '1';
}
