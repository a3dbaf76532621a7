// The JavaScript of the package: a few files instead of hundreds, because loading modules is most of the time that a
// short scan takes: a millisecond or two each, whatever is in it. tsc writes the declarations.

import { defineConfig } from 'rolldown';

const common = {
  platform: 'node',
  logLevel: 'warn',
  // Dependencies stay packages of their own.
  external: /^(?:node:|piscina$|commander$|fzstd$)/,
};
const output = { dir: 'dist', format: 'esm', sourcemap: false };

export default defineConfig([
  {
    ...common,
    input: { index: 'src/index.ts', 'cli/main': 'src/cli/main.ts' },
    output: {
      ...output,
      // Two folders deep, as all modules in src/ are: they find the kernel beside them by ../../dist.
      chunkFileNames: 'chunk/[name].js',
      codeSplitting: {
        // A group takes along what its modules need, but for what is in a group of higher priority.
        groups: [
          // What the command line needs before it knows its command.
          { name: 'terminal', test: /src\/(?:error|cli\/(?:exit|terminal))\.ts$/, priority: 3 },
          // What a scan needs. The interpreter is trace's, and decompression is loaded for streams.
          {
            name: 'core',
            test: /src\/(?!index|cli|interpret|capture\/(?:decompress|zstd-frames))/,
            priority: 2,
          },
          // The command scan, and what the others share with it.
          { name: 'command', test: /src\/cli\/(?!main|trace|check|snapshot|frames|selection)/, priority: 1 },
        ],
      },
    },
  },
  // What a worker loads: one file, without what only the main thread needs.
  { ...common, input: { 'pool/lane': 'src/pool/lane.ts' }, output },
]);
