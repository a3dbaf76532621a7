import type { Filter } from './filter-set.js';

/** By name, a function from a number of rules to filters. */
export const HOSTILE: Readonly<Record<string, (count: number) => Filter[]>>;
