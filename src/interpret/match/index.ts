// Evaluators of matches, by the name of their extension.

import type { MatchEvaluator } from '../match.ts';

export const MATCHES: Readonly<Record<string, MatchEvaluator>> = {};
