import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // Several files compile WebAssembly and start pools; the machines have few cores.
    testTimeout: 60_000,
  },
});
