import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';

const { VITEST_JSON } = process.env;

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    setupFiles: ['test/pool/kept-threads.ts'],
    // Vitest leaves a core to itself: on two cores one file would run after the other.
    maxWorkers: availableParallelism(),
    // Several files compile WebAssembly and start pools; the machines have few cores.
    testTimeout: 120_000,
    // VITEST_JSON names a file for the results, which CI reads.
    ...(VITEST_JSON !== undefined && { reporters: ['default', 'json'], outputFile: { json: VITEST_JSON } }),
  },
});
