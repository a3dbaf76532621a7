// The case that a hook has one table only: its chain alone decides, and what it is searched by can be asked beforehand.

import * as Classifier from '../../src/layout/classifier.ts';
import * as Image from '../../src/layout/image.ts';
import * as Lane from '../../src/layout/lane.ts';
import * as Rule from '../../src/layout/rule.ts';

/**
 * Absolute address of the first rule record of the only chain at a hook, of the flattened one if there is one; 0 when
 * there are none or more.
 */
export function onlyChain(image: usize, hook: u32): usize {
  const entry = image + Image.HOOKS + hook * (Image.HOOK_SLOTS * Image.HOOK_ENTRY_BYTES);
  const first = load<u32>(entry, 4);
  if (first == 0 || load<u32>(entry, Image.HOOK_ENTRY_BYTES + 4) != 0) return 0;
  const flat = <usize>load<u32>(image + first, Rule.FLAT);
  return image + (flat != 0 ? flat : first);
}

/** Absolute address of the chain's classifier, if it is of this kind and chains are not to be walked rule by rule; or 0. */
export function classifierOf(lane: usize, image: usize, first: usize, kind: u32): usize {
  if (first == 0 || (load<u32>(lane, Lane.OPTIONS) & Lane.OPTION_LINEAR) != 0) return 0;
  const data = load<u32>(first, Rule.CLASSIFIER);
  return data == 0 || load<u32>(image + data, Classifier.KIND) != kind ? 0 : image + data;
}
