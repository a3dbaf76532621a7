// Evaluators of targets, by the name of their extension.

import type { TargetEvaluator } from '../match.ts';

export const TARGETS: Readonly<Record<string, TargetEvaluator>> = {};
