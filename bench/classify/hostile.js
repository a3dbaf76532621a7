// Rule sets that break naive structures, for bench and tests: every one has to compile in time and within its budget.

import { randomNumbers } from './filter-set.js';

const ANY = [0, 65535];

function filter(parts) {
  return { src: 0, srcLength: 0, dst: 0, dstLength: 0, sport: ANY, dport: ANY, proto: 6, ...parts };
}

const cut = (address, length) => (length === 0 ? 0 : (address & (0xffffffff << (32 - length))) >>> 0);

/** By name, a function from a number of rules to filters. */
export const HOSTILE = {
  /** Wildcards everywhere: one address of few, or a port, or nothing. */
  wildcards(count) {
    const random = randomNumbers(1);
    return Array.from({ length: count }, () => {
      const dport = random(65536);
      const kinds = [
        { dst: random(2 ** 32), dstLength: 32 },
        { src: random(2 ** 32), srcLength: 32 },
        { dport: [dport, dport] },
        { sport: [dport, dport] },
        { dport: [dport, 65535], proto: 0 },
        {},
      ];
      return filter(kinds[random(kinds.length)]);
    });
  },
  /** Every range holds the middle. */
  ranges(count) {
    const random = randomNumbers(2);
    return Array.from({ length: count }, () =>
      filter({
        sport: [random(32768), 32768 + random(32768)],
        dport: [random(32768), 32768 + random(32768)],
      }),
    );
  },
  /** A block list. */
  addresses(count) {
    const random = randomNumbers(3);
    return Array.from({ length: count }, () => filter({ src: random(2 ** 32), srcLength: 32, proto: 0 }));
  },
  /** Prefixes of all lengths, nested. */
  prefixes(count) {
    const random = randomNumbers(4);
    return Array.from({ length: count }, () => {
      const [srcLength, dstLength] = [random(33), random(33)];
      const address = () => 0x0a000000 + random(2 ** 16) * random(2 ** 10);
      return filter({ src: cut(address(), srcLength), srcLength, dst: cut(address(), dstLength), dstLength });
    });
  },
  /** A thousand port ranges for many destinations. */
  ports(count) {
    const random = randomNumbers(5);
    const ranges = Array.from({ length: 1000 }, () => {
      const lo = random(60000);
      return [lo, lo + random(5000)];
    });
    return Array.from({ length: count }, () =>
      filter({ dst: cut(random(2 ** 32), 8), dstLength: 8, dport: ranges[random(1000)] }),
    );
  },
  /** The same rule again and again. */
  repeated(count) {
    return Array.from({ length: count }, () => filter({ dport: [80, 80] }));
  },
};
