// Which machine a scan models: the one it was given, or one guessed from the first packets.

import type { Machine } from '../host/machine.ts';
import type { Kernel } from '../kernel/kernel.ts';
import type { ScanOptions } from './options.ts';
import type { ScanMemory } from './place.ts';

export async function resolveMachine(
  options: ScanOptions,
  _shared: ScanMemory,
  _kernel: Kernel,
): Promise<{ readonly machine: Machine; readonly warnings: readonly string[] }> {
  const machine = options.machine as Machine;
  return { machine, warnings: [] };
}
