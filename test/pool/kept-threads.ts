// Threads of a scan are kept for the next one: starting them is most of what a small scan with several lanes costs, and
// tests run thousands. The command line's tests run as users do, without this file.

import { vi } from 'vitest';
import type { LaneTask } from '../../src/pool/lane.ts';

/** Scans that threads are kept for: they hold the memory of each until V8 collects, which it sees no reason to. */
const SCANS = 8;
/** ... and that of a large one not at all. */
const MOST_BYTES = 1 << 30;

vi.mock('piscina', async (importOriginal) => {
  const { Piscina } = await importOriginal<typeof import('piscina')>();
  type Options = ConstructorParameters<typeof Piscina>[0];
  const idle = new Map<string, { readonly pool: InstanceType<typeof Piscina>; readonly scans: number }[]>();
  class KeptPiscina {
    readonly #key: string;
    readonly #pool: InstanceType<typeof Piscina>;
    readonly #scans: number;
    #used = false;

    constructor(options: Options) {
      this.#key = JSON.stringify(options);
      const { pool, scans } = idle.get(this.#key)?.pop() ?? { pool: new Piscina(options), scans: 0 };
      this.#pool = pool;
      this.#scans = scans + 1;
    }

    async run(...task: Parameters<InstanceType<typeof Piscina>['run']>): Promise<unknown> {
      const [{ memory }] = task as unknown as [LaneTask];
      if (memory.buffer.byteLength > MOST_BYTES) this.#used = true;
      try {
        return await this.#pool.run(...task);
      } catch (error) {
        // Other lanes may still be at work.
        this.#used = true;
        throw error;
      }
    }

    async destroy(): Promise<void> {
      if (this.#used || this.#scans >= SCANS) return this.#pool.destroy();
      const others = idle.get(this.#key) ?? [];
      idle.set(this.#key, [...others, { pool: this.#pool, scans: this.#scans }]);
    }
  }
  return { Piscina: KeptPiscina };
});
