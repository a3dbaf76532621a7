// Shared memory of scans that nobody needs any more: V8 does not see how much it is, and sees no reason to collect it.

import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

setFlagsFromString('--expose-gc');
const collect: () => void = runInNewContext('gc');

/** Scans between collections. */
const SCANS = 40;
let scans = 0;

/** To be called before a scan's memory is made. */
export function collectMemories(): void {
  if (++scans % SCANS === 0) collect();
}
