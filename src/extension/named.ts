// Matches and targets of the builder by their names, as rule files have them.

import { WasmtablesError } from '../error.ts';
import * as builder from '../model/builder.ts';
import type { MatchExtension, TargetExtension } from './extension.ts';
import { findMatch, findTarget, matchNames, targetNames } from './index.ts';

/**
 * `-m NAME` with options: `match('tcp', { dport: 80 })`. Throws UNKNOWN_MATCH when it is added to a rule set whose
 * family has no such match.
 */
export function match(
  extension: string | MatchExtension,
  values: builder.OptionValues = {},
): builder.ExtensionUse<MatchExtension> {
  if (typeof extension !== 'string') return builder.match(extension, values);
  return builder.match((family) => {
    const found = findMatch(extension, family);
    if (found !== undefined) return found;
    throw new WasmtablesError('UNKNOWN_MATCH', `match \`${extension}\` is not known in ${family}`, {
      hint: `known are ${matchNames().join(', ')}`,
    });
  }, values);
}

/** `-j NAME` with options: `target('LOG', { 'log-prefix': 'in ' })`. Throws UNKNOWN_TARGET likewise. */
export function target(
  extension: string | TargetExtension,
  values: builder.OptionValues = {},
): builder.ExtensionUse<TargetExtension> {
  if (typeof extension !== 'string') return builder.target(extension, values);
  return builder.target((family) => {
    const found = findTarget(extension, family);
    if (found !== undefined) return found;
    throw new WasmtablesError('UNKNOWN_TARGET', `target \`${extension}\` is not known in ${family}`, {
      hint: `known are ${targetNames().join(', ')}`,
    });
  }, values);
}
