// wasmtables check FILE...: are these rule files right?

import { Command, Option } from 'commander';
import { compile } from '../compile/compile.ts';
import type { Family, RuleSet } from '../model/ruleset.ts';
import { planText } from '../report/plan.ts';
import { familyText } from '../report/summary.ts';
import { counted } from '../report/text.ts';
import { EXIT_DONE } from './exit.ts';
import { Inputs, type TextFile } from './input.ts';
import { type BackendChoice, backendOption, chosenBackend } from './option.ts';
import { ErrorCollector, readRuleFile, ruleSetText } from './rules.ts';

interface CheckOptions {
  readonly print?: true;
  readonly plan?: true;
  readonly ipv4?: true;
  readonly ipv6?: true;
  readonly backend: BackendChoice;
}

export function checkCommand(finish: (code: number) => void): Command {
  return new Command('check')
    .description(
      'Parse and validate rule files. All errors of all files are reported; exit code 2 if there are any.',
    )
    .argument('<file...>', 'iptables-save text, or rules written for iptables-restore; - is stdin')
    .option('--print', 'print the rules as iptables-save would')
    .option('--plan', 'say what each chain is searched by, in how many bytes')
    .addOption(new Option('--ipv4', 'the files are for iptables').conflicts('ipv6'))
    .addOption(new Option('--ipv6', 'the files are for ip6tables'))
    .addOption(backendOption())
    .addHelpText(
      'after',
      `
Examples:
  wasmtables check /etc/iptables/rules.v4 /etc/iptables/rules.v6
  wasmtables check --print handwritten.rules > canonical.rules
  ssh firewall iptables-save | wasmtables check -`,
    )
    .action((files: string[], options: CheckOptions) => finish(check(files, options)));
}

function check(files: readonly string[], options: CheckOptions): number {
  const inputs = new Inputs();
  for (const file of files) inputs.claim('check', file);
  const family: Family | undefined = options.ipv4 ? 'ipv4' : options.ipv6 ? 'ipv6' : undefined;
  const errors = new ErrorCollector();
  for (const name of files) {
    errors.try(() => {
      const file = inputs.read(name);
      const { backend } = options;
      const ruleSet = readRuleFile(file, { family, backend, keepUnknown: false });
      // What the reader accepts the compiler may still refuse.
      const compiled = compile(ruleSet, {
        backend: chosenBackend(backend, ruleSet),
        unknown: 'refuse',
        explain: options.plan,
      });
      report(file, ruleSet, options, files.length > 1);
      if (options.plan) process.stdout.write(planText(compiled));
    });
  }
  errors.throwIfAny();
  return EXIT_DONE;
}

function report(file: TextFile, ruleSet: RuleSet, options: CheckOptions, several: boolean): void {
  if (options.print !== true) {
    const chains = ruleSet.tables.flatMap((table) => table.chains);
    const rules = chains.reduce((sum, chain) => sum + chain.rules.length, 0);
    const parts = [
      counted(ruleSet.tables.length, 'table'),
      counted(chains.length, 'chain'),
      counted(rules, 'rule'),
    ];
    process.stdout.write(`${file.name}: ${familyText(ruleSet.family)}, ${parts.join(', ')}: ok\n`);
    return;
  }
  // Rules carry counters when the file's do; chains always do.
  const counters = /^\[\d+:\d+\]/m.test(file.text);
  const text = ruleSetText(ruleSet, chosenBackend(options.backend, ruleSet), counters);
  if (several) process.stdout.write(`# file: ${file.name}\n`, file.encoding);
  process.stdout.write(text, file.encoding);
}
