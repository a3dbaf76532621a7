// The main thread's part in reading pipes and compressed files: receives, decompresses, fills the ring.

import { createReadStream } from 'node:fs';
import type { Readable } from 'node:stream';
import type { CaptureFile, SharedDescription } from './description.ts';
import { RingWriter } from './ring.ts';

/** Feeds the captures of kind `stream` to the lanes, in order, one at a time, at the lanes' pace. */
export class StreamPump {
  readonly #ring: RingWriter;
  readonly #files: readonly CaptureFile[];
  #input: Readable | undefined;

  constructor(memory: WebAssembly.Memory, description: SharedDescription) {
    this.#ring = new RingWriter(memory, description);
    this.#files = description.files;
  }

  /** Runs until all streams are read, or `stop`. Defects of a stream go to the reader, which tells them in order. */
  async run(): Promise<void> {
    for (const [place, file] of this.#files.entries()) {
      if (file.kind !== 'stream') continue;
      if (this.#ring.stopped) return;
      this.#ring.begin(place);
      let failure: string | undefined;
      try {
        // Loaded for streams only: start-up is a large part of a short scan.
        const { decompress } = await import('./decompress.ts');
        if (this.#ring.stopped) return;
        this.#input = open(file);
        for await (const chunk of decompress(this.#input)) {
          if (!(await this.#ring.write(chunk))) break;
        }
      } catch (error) {
        failure = error instanceof Error ? error.message : String(error);
      }
      if (this.#ring.stopped) return;
      this.#ring.end(failure);
      await this.#ring.finished();
      this.#close();
    }
  }

  /** True when the reader has to move before anything more can come. */
  get settled(): boolean {
    return this.#ring.settled;
  }

  /** Lanes that wait for a stream see its end. */
  stop(): void {
    this.#ring.stop();
    this.#close();
  }

  #close(): void {
    this.#input?.destroy();
    this.#input = undefined;
  }
}

function open(file: CaptureFile): Readable {
  if (file.descriptor === 0) return process.stdin;
  return createReadStream(file.name, { highWaterMark: 256 * 1024 });
}
