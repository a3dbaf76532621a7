// Evaluators of targets, by the name of their extension.

import type { TargetEvaluator } from '../match.ts';
import { goOn } from './log.ts';
import { MARK } from './mark.ts';
import { REJECT } from './reject.ts';

export const TARGETS: Readonly<Record<string, TargetEvaluator>> = {
  AUDIT: goOn,
  CHECKSUM: goOn,
  CLASSIFY: goOn,
  LOG: goOn,
  MARK,
  NFLOG: goOn,
  REJECT,
  TRACE: goOn,
};
