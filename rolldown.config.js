// The JavaScript of the package: a few files instead of hundreds, because loading modules is most of the time that a
// short scan takes. tsc writes the declarations.

import { defineConfig } from 'rolldown';

export default defineConfig({
  input: { index: 'src/index.ts', 'cli/main': 'src/cli/main.ts', 'pool/lane': 'src/pool/lane.ts' },
  platform: 'node',
  logLevel: 'warn',
  // Dependencies stay packages of their own.
  external: /^(?:node:|piscina$|commander$|fzstd$)/,
  output: {
    dir: 'dist',
    format: 'esm',
    // Two folders deep, as all modules in src/ are: they find the kernel beside them by ../../dist.
    chunkFileNames: 'chunk/[name].js',
    sourcemap: false,
  },
});
