// Options that several commands share, and the checks of their values.

import { type Command, InvalidArgumentError, Option } from 'commander';
import type { Backend, RuleSet } from '../model/ruleset.ts';

export type BackendChoice = 'auto' | Backend;
export type UnknownChoice = 'match' | 'no-match' | 'verdict';

/** What scan and trace have in common: the rules, the machine, and how captures are taken. */
export interface MachineOptions {
  readonly rules?: string;
  readonly rules6?: string;
  readonly host?: string;
  readonly local?: string;
  readonly in?: string;
  readonly out?: string;
  readonly hook?: string;
  readonly backend: BackendChoice;
  readonly checksums?: 'verify' | 'trust';
  readonly vlan: 'auto' | 'ignore';
  readonly mac: 'auto' | 'use' | 'ignore';
  readonly unknown?: UnknownChoice;
  readonly conntrackFrom?: string;
}

const HOOKS = ['PREROUTING', 'INPUT', 'FORWARD', 'OUTPUT', 'POSTROUTING'];

export function addMachineOptions(command: Command): Command {
  return command
    .optionsGroup('Rules and machine:')
    .option('--rules <file>', 'IPv4 rule set (iptables-save text); default: rules.v4 of the host folder')
    .option('--rules6 <file>', 'IPv6 rule set (ip6tables-save text); default: rules.v6 of the host folder')
    .option('--host <dir>', 'host folder, as `wasmtables snapshot` collects it')
    .option('--local <addresses>', "without a host folder: the host's addresses, with commas between")
    .option('--in <interface>', 'interface of packets that come in, when nothing else says')
    .option('--out <interface>', 'interface of packets that go out, when nothing else says')
    .addOption(
      new Option(
        '--hook <hook>',
        "without a host folder: every packet passes just this hook's tables",
      ).choices(HOOKS),
    )
    .addOption(backendOption())
    .addOption(
      new Option(
        '--checksums <how>',
        "of TCP, UDP and ICMP (default: trust, or what the host's sysctls say)",
      ).choices(['verify', 'trust']),
    )
    .option(
      '--conntrack-from <file>',
      'connections that there are at the start (`conntrack -L -o extended`); default: conntrack.txt of the host folder',
    )
    .addOption(
      new Option('--vlan <how>', "auto: tagged frames belong to the host's VLAN devices")
        .choices(['auto', 'ignore'])
        .default('auto'),
    )
    .addOption(
      new Option('--mac <how>', 'whether frames for another station are dropped')
        .choices(['auto', 'use', 'ignore'])
        .default('auto'),
    )
    .addOption(
      new Option('--unknown <answer>', 'go on at matches and targets that are not modelled').choices([
        'match',
        'no-match',
        'verdict',
      ]),
    );
}

export function backendOption(): Option {
  return new Option(
    '--backend <backend>',
    "iptables' back end; auto: what the rule file's header says, else legacy",
  )
    .choices(['auto', 'legacy', 'nft'])
    .default('auto');
}

/** The back end to model and to print for. */
export function chosenBackend(choice: BackendChoice, ruleSet: RuleSet | undefined): Backend {
  return choice === 'auto' ? (ruleSet?.backend ?? 'legacy') : choice;
}

export function parseWorkers(text: string): number {
  return parseCount(text, 256);
}

/** 64 bits, decimal or with 0x before it. */
export function parseSeed(text: string): bigint {
  const value = /^(\d{1,20}|0x[0-9a-f]{1,16})$/i.test(text) ? BigInt(text) : -1n;
  if (value < 0n || value > 0xffff_ffff_ffff_ffffn) {
    throw new InvalidArgumentError('It is a whole number from 0 to 18446744073709551615.');
  }
  return value;
}

/** A whole number from 1 to `most`. */
export function parseCount(text: string, most: number): number {
  const value = /^\d+$/.test(text) ? Number(text) : 0;
  if (value < 1 || value > most) throw new InvalidArgumentError(`It is a whole number from 1 to ${most}.`);
  return value;
}
