export function findExpectation(
  lane: usize,
  shard: usize,
  p: usize,
  proto: u32,
  ports: u32,
  zone: u32,
): usize {
  return 0;
}
export function meetExpectation(lane: usize, shard: usize, p: usize, entry: usize, expected: usize): void {}
export function forgetMaster(shard: usize, entry: usize): void {}
