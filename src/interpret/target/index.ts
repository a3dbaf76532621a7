// Evaluators of targets, by the name of their extension.

import type { TargetEvaluator } from '../match.ts';
import { LOG, NFLOG } from './log.ts';
import { MARK } from './mark.ts';
import { REJECT } from './reject.ts';

export const TARGETS: Readonly<Record<string, TargetEvaluator>> = { LOG, MARK, NFLOG, REJECT };
