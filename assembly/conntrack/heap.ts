// The heap of connection tracking: memory behind everything else in the shared memory, handed out once. What is freed
// goes to free lists of its own kind, so that memory follows the most that was alive at a time.

import * as Conntrack from '../../src/layout/conntrack.ts';

const ALIGN: u32 = 64;

/** Address of `bytes` zeroed bytes, a multiple of 64; 0 when the heap is exhausted. Any lane may call this at any time. */
export function allocate(config: usize, bytes: u32): usize {
  const size = (bytes + ALIGN - 1) & ~(ALIGN - 1);
  const end = load<u32>(config, Conntrack.HEAP_END);
  while (true) {
    const at = atomic.load<u32>(config, Conntrack.HEAP_NEXT);
    if (end - at < size) return 0;
    if (atomic.cmpxchg<u32>(config, at, at + size, Conntrack.HEAP_NEXT) == at) return at;
  }
}
