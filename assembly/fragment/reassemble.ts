import * as Fragment from '../../src/layout/fragment.ts';
export function push(lane: usize, p: usize, number: u64): u32 { return Fragment.HELD; }
