import { push } from './reassemble';
export function defragment(lane: usize, p: usize, number: u64, user: u32): u32 {
  return push(lane, p, number);
}
