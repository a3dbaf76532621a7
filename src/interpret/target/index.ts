// Evaluators of targets, by the name of their extension.

import type { TargetEvaluator } from '../match.ts';
import { CONNMARK } from './connmark.ts';
import { CT, NOTRACK } from './ct.ts';
import { goOn } from './log.ts';
import { MARK } from './mark.ts';
import { REJECT } from './reject.ts';

export const TARGETS: Readonly<Record<string, TargetEvaluator>> = {
  AUDIT: goOn,
  CHECKSUM: goOn,
  CLASSIFY: goOn,
  CONNMARK,
  CT,
  LOG: goOn,
  MARK,
  NFLOG: goOn,
  NOTRACK,
  REJECT,
  TRACE: goOn,
};
