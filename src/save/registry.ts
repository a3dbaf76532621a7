// What the reader and the printer ask of the extensions.

import type { MatchExtension, TargetExtension } from '../extension/extension.ts';
import type { Family } from '../model/ruleset.ts';

/** The known extensions: the exports of src/extension/index.ts, or others for a test. */
export interface ExtensionTable {
  findMatch(name: string, family: Family): MatchExtension | undefined;
  findTarget(name: string, family: Family): TargetExtension | undefined;
  matchNames(): string[];
  targetNames(): string[];
}
