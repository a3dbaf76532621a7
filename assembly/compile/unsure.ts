// What trees would be worth to a chain, before they are built.

import * as Build from '../../src/layout/cut-build.ts';
import * as Tree from '../../src/layout/tree.ts';
import { ruleOf } from './leaf';

/**
 * Candidates that `packets` packets have to be verified against before one is sure to decide. They are drawn from the
 * boxes: for each the lowest value that the box takes of every field.
 */
export function unsureCandidates(job: usize, packets: u32): u32 {
  const count = load<u32>(job, Build.BOXES);
  const answers = <usize>load<u32>(job, Build.ANSWERS);
  const doubts = <usize>load<u32>(job, Build.UNSURE);
  let unsure: u32 = 0;
  for (let packet: u32 = 0; packet < packets; packet++) {
    const drawn = u32((u64(packet) * count) / packets);
    for (let box: u32 = 0; box < count; box++) {
      if (!holdsLowest(job, box, drawn)) continue;
      const rule = <usize>ruleOf(job, box);
      const final = load<u32>(answers + (rule << 2)) & Tree.ANSWER_FINAL;
      if (final != 0 && final != Tree.ANSWER_GOES_ON) break;
      unsure += load<u8>(doubts + rule);
    }
  }
  return unsure;
}

/** Does a box hold the lowest value of every field of another one? */
function holdsLowest(job: usize, box: u32, other: u32): bool {
  const fields = <usize>load<u32>(job, Build.FIELDS);
  const end = fields + <usize>load<u32>(job, Build.FIELD_COUNT) * Build.FIELD_BYTES;
  for (let field = fields; field < end; field += Build.FIELD_BYTES) {
    const lo = <usize>load<u32>(field, Build.FIELD_LO);
    const value = load<u32>(lo + ((<usize>other) << 2));
    if (value < load<u32>(lo + ((<usize>box) << 2))) return false;
    if (value > load<u32>(<usize>load<u32>(field, Build.FIELD_HI) + ((<usize>box) << 2))) return false;
  }
  return true;
}
