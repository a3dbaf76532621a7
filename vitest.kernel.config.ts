import { defineConfig } from 'vitest/config';

// The comparison with the real kernel: needs root, network namespaces and iptables; see test/kernel.
export default defineConfig({
  test: {
    include: ['test/kernel/*.kernel.ts'],
    fileParallelism: false,
    testTimeout: 120_000,
  },
});
