// Which filter sets a bench runs over: a file name of ../shared/corpus/classbench without .gz, or SHAPE-COUNT (acl, fw,
// ipc) for the generator's.

import { existsSync } from 'node:fs';
import { readFilterSet } from './filter-set.js';
import { generateFilters } from './generate.js';

const FOLDER = new URL('../../../shared/corpus/classbench/', import.meta.url).pathname;
const SHAPES = ['acl', 'fw', 'ipc'];

/** The sets that are named, else the published ones where they are at hand, else the generator's. */
export function setNames(named) {
  if (named.length > 0) return named;
  if (!existsSync(FOLDER)) {
    return [1000, 10_000, 100_000].flatMap((count) => SHAPES.map((shape) => `${shape}-${count}`));
  }
  return ['1k', '10k', '100k'].flatMap((size) => SHAPES.map((shape) => `${shape}1_${size}`));
}

export function filtersOf(name) {
  const shaped = /^(acl|fw|ipc)-(\d+)$/.exec(name);
  if (shaped !== null) return generateFilters(shaped[1], Number(shaped[2]), 1);
  return readFilterSet(`${FOLDER}${name}.gz`);
}
