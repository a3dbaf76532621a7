// Where the builder's lists and its output stand. Lists are taken from a stack and given back all at once, when the
// entry that they were made for is done.

import * as Build from '../../src/layout/cut-build.ts';
import * as Tree from '../../src/layout/tree.ts';

/** Pages are asked for in steps of these. */
const GROWTH: usize = 64;

/** Address of so many bytes at the end of the stack, aligned to 8; they hold anything. */
export function take(job: usize, bytes: usize): usize {
  const at = <usize>load<u32>(job, Build.STACK);
  const end = (at + bytes + 7) & ~7;
  const pages = (end + 0xffff) >>> 16;
  const has = <usize>memory.size();
  if (pages > has && memory.grow(i32(max(pages - has, GROWTH))) < 0 && memory.grow(i32(pages - has)) < 0) {
    unreachable();
  }
  store<u32>(job, u32(end), Build.STACK);
  return at;
}

/** The same, zeroed. */
export function takeZeroed(job: usize, bytes: usize): usize {
  const at = take(job, bytes);
  memory.fill(at, 0, bytes);
  return at;
}

/** Address of so many zeroed bytes of the output, aligned to a group. */
export function append(job: usize, bytes: usize): usize {
  const used = (<usize>load<u32>(job, Build.USED) + (Tree.GROUP_BYTES - 1)) & ~(Tree.GROUP_BYTES - 1);
  const at = <usize>load<u32>(job, Build.OUTPUT) + used;
  // Every byte is paid for; the output has room for all that can be.
  if (at + bytes > <usize>load<u32>(job, Build.OUTPUT_END)) unreachable();
  memory.fill(at, 0, bytes);
  store<u32>(job, u32(used + bytes), Build.USED);
  return at;
}

/** The image's reference of a place in the output. */
export function reference(job: usize, at: usize): u32 {
  return load<u32>(job, Build.BASE) + u32(at - <usize>load<u32>(job, Build.OUTPUT));
}

export function commit(job: usize, bytes: i64): void {
  store<i64>(job, load<i64>(job, Build.COMMITTED) + bytes, Build.COMMITTED);
}
