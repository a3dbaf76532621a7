// What the reader and the printer ask of the extensions.

import type { MatchExtension, TargetExtension } from '../extension/extension.ts';
import type { Family } from '../model/ruleset.ts';

/** The known extensions. src/extension/index.ts is the real one; tests may bring their own. */
export interface ExtensionTable {
  findMatch(name: string, family: Family): MatchExtension | undefined;
  findTarget(name: string, family: Family): TargetExtension | undefined;
  readonly matches: readonly MatchExtension[];
  readonly targets: readonly TargetExtension[];
}
