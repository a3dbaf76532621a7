// Rule files: read, with their family and back end found, and all errors of all files in one go.

import { WasmtablesError, WasmtablesErrors } from '../error.ts';
import type { Backend, Family, RuleSet } from '../model/ruleset.ts';
import { printRules } from '../save/print.ts';
import { readRules } from '../save/read.ts';
import type { TextFile } from './input.ts';
import type { BackendChoice } from './option.ts';

export interface RuleFileOptions {
  /** Default: what the file's name and rules say. */
  readonly family?: Family | undefined;
  readonly backend: BackendChoice;
  /** Keep matches and targets that are not modelled. */
  readonly keepUnknown: boolean;
  /** Labels of connections by name. */
  readonly connlabels?: ReadonlyMap<string, number> | undefined;
}

/** Reads one rule file. Throws WasmtablesErrors with every error in it. */
export function readRuleFile(file: TextFile, options: RuleFileOptions): RuleSet {
  return readRules(file.text, {
    file: file.name,
    family: options.family,
    backend: options.backend === 'auto' ? undefined : options.backend,
    unknown: options.keepUnknown ? 'keep' : 'refuse',
    connlabels: options.connlabels,
  });
}

/** The text of `iptables-save`, or of `iptables-save -c`. */
export function ruleSetText(ruleSet: RuleSet, backend: Backend, counters: boolean): string {
  return printRules(ruleSet, { backend, counters });
}

/** Runs each step, and throws the errors of all of them together. */
export class ErrorCollector {
  readonly #errors: WasmtablesError[] = [];

  /** The step's value; undefined when it threw a user's error, which is kept. */
  try<T>(step: () => T): T | undefined {
    try {
      return step();
    } catch (error) {
      if (!(error instanceof WasmtablesError)) throw error;
      this.#errors.push(...(error instanceof WasmtablesErrors ? error.errors : [error]));
      return undefined;
    }
  }

  throwIfAny(): void {
    const [only] = this.#errors;
    if (only === undefined) return;
    throw this.#errors.length === 1 ? only : new WasmtablesErrors(this.#errors);
  }
}
