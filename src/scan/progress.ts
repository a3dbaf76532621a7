// How far a scan has come, read from the shared memory now and then; the lanes do nothing for it.

import * as Capture from '../layout/capture.ts';
import { captureBytes, totalBytes } from './capture-size.ts';
import type { ScanOptions } from './options.ts';
import type { ScanMemory } from './place.ts';

const INTERVAL_MS = 200;

export class ProgressReporter {
  readonly #timer: NodeJS.Timeout | undefined;

  constructor(options: ScanOptions, shared: ScanMemory) {
    const { onProgress } = options;
    if (onProgress === undefined) return;
    const started = performance.now();
    const sizes = shared.captures.files.map(captureBytes);
    this.#timer = setInterval(() => {
      const view = new DataView(shared.memory.buffer, shared.captures.reader, Capture.READER_BYTES);
      const file = view.getUint32(Capture.READER_FILE, true);
      const before = sizes.slice(0, file).reduce<number>((sum, size) => sum + (size ?? 0), 0);
      onProgress({
        packets: Number(view.getBigUint64(Capture.READER_NUMBER, true)),
        bytes: before + Number(view.getBigUint64(Capture.READER_POSITION, true)),
        totalBytes: totalBytes(sizes),
        seconds: (performance.now() - started) / 1000,
      });
    }, INTERVAL_MS);
    this.#timer.unref();
  }

  stop(): void {
    clearInterval(this.#timer);
  }
}
