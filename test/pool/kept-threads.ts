// Threads of a scan are kept for the next one: starting them is most of what a small scan with several lanes costs, and
// tests run thousands. The command line's tests run as users do, without this file.

import { vi } from 'vitest';

/** Scans that threads are kept for: they hold the memory of each until V8 collects, which it sees no reason to. */
const SCANS = 10;

vi.mock('piscina', async (importOriginal) => {
  const { Piscina } = await importOriginal<typeof import('piscina')>();
  type Options = ConstructorParameters<typeof Piscina>[0];
  const idle = new Map<string, { readonly pool: InstanceType<typeof Piscina>; readonly scans: number }[]>();
  class KeptPiscina {
    readonly #key: string;
    readonly #pool: InstanceType<typeof Piscina>;
    readonly #scans: number;
    #failed = false;

    constructor(options: Options) {
      this.#key = JSON.stringify(options);
      const { pool, scans } = idle.get(this.#key)?.pop() ?? { pool: new Piscina(options), scans: 0 };
      this.#pool = pool;
      this.#scans = scans + 1;
    }

    async run(...task: Parameters<InstanceType<typeof Piscina>['run']>): Promise<unknown> {
      try {
        return await this.#pool.run(...task);
      } catch (error) {
        this.#failed = true;
        throw error;
      }
    }

    async destroy(): Promise<void> {
      // A scan that fails leaves lanes that are still at work.
      if (this.#failed || this.#scans >= SCANS || this.#pool.queueSize > 0) return this.#pool.destroy();
      const others = idle.get(this.#key) ?? [];
      idle.set(this.#key, [...others, { pool: this.#pool, scans: this.#scans }]);
    }
  }
  return { Piscina: KeptPiscina };
});
