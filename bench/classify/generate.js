// Filter sets shaped like ClassBench's published seeds: access lists, firewalls and IP chains. What decides the work
// of a classifier is in the statistics below: how long the prefixes are and in which pairs, how few addresses share
// the rules, which ports are asked about, and how the rules nest.

import { randomNumbers } from './filter-set.js';

/**
 * By shape: pairs of prefix lengths with weights; port classes (wildcard, above 1023, arbitrary range, exact) of
 * sources and destinations; protocols; how many rules share an address on the average.
 */
const SHAPES = {
  acl: {
    lengths: [
      [32, 32, 55],
      [28, 32, 10],
      [24, 32, 10],
      [32, 24, 8],
      [24, 24, 9],
      [16, 32, 3],
      [0, 32, 3],
      [32, 0, 1],
      [0, 0, 1],
    ],
    sport: [99, 0, 0, 1],
    dport: [26, 4, 8, 62],
    protocols: [
      [6, 80],
      [17, 14],
      [1, 3],
      [0, 3],
    ],
    sharing: 6,
  },
  fw: {
    lengths: [
      [0, 32, 40],
      [0, 28, 15],
      [32, 0, 16],
      [24, 0, 8],
      [32, 32, 12],
      [28, 29, 5],
      [16, 24, 2],
      [0, 0, 2],
    ],
    sport: [42, 10, 2, 46],
    dport: [32, 10, 6, 52],
    protocols: [
      [6, 66],
      [17, 25],
      [1, 4],
      [47, 2],
      [0, 3],
    ],
    sharing: 4,
  },
  ipc: {
    lengths: [
      [32, 32, 58],
      [24, 32, 10],
      [32, 24, 8],
      [0, 32, 7],
      [32, 0, 6],
      [24, 24, 6],
      [16, 16, 3],
      [8, 32, 1],
      [0, 0, 1],
    ],
    sport: [55, 3, 2, 40],
    dport: [38, 5, 5, 52],
    protocols: [
      [6, 46],
      [17, 40],
      [1, 4],
      [0, 10],
    ],
    sharing: 3,
  },
};

const WELL_KNOWN = [
  20, 21, 22, 23, 25, 53, 67, 69, 80, 88, 110, 119, 123, 135, 139, 143, 161, 162, 389, 443, 445, 514, 993,
  1433, 1521, 3306, 3389, 5060, 5432, 8080,
];

/** @param {'acl' | 'fw' | 'ipc'} shape */
export function generateFilters(shape, count, seed) {
  const { lengths, sport, dport, protocols, sharing } = SHAPES[shape];
  const random = randomNumbers(seed);
  const sites = Math.max(4, Math.ceil(count / 400));
  const addresses = Math.max(8, Math.ceil(count / sharing));
  const site = Array.from({ length: sites }, () => random(2 ** 16) * 65536);
  // Hosts crowd in a few sites, as a network's do.
  const pool = () =>
    Array.from(
      { length: addresses },
      () => site[Math.floor((random(1000) / 1000) ** 2 * sites)] + random(65536),
    );
  const [sources, destinations] = [pool(), pool()];
  const cut = (address, length) => (length === 0 ? 0 : (address & (0xffffffff << (32 - length))) >>> 0);
  const seen = new Set();
  const filters = [];
  for (let tries = 0; filters.length < count && tries < count * 20; tries++) {
    const [srcLength, dstLength] = weighted(lengths, random);
    const [proto] = weighted(protocols, random);
    const ported = proto === 6 || proto === 17;
    const filter = {
      src: cut(sources[random(addresses)], srcLength),
      srcLength,
      dst: cut(destinations[random(addresses)], dstLength),
      dstLength,
      sport: ported ? portClass(sport, random) : [0, 65535],
      dport: ported ? portClass(dport, random) : [0, 65535],
      proto,
    };
    const key = JSON.stringify(filter);
    if (seen.has(key)) continue;
    seen.add(key);
    filters.push(filter);
  }
  // The most specific come first, as administrators and the published sets order them.
  const width = (filter) => filter.srcLength + filter.dstLength;
  return filters
    .map((filter) => [width(filter) + random(12), filter])
    .sort(([a], [b]) => b - a)
    .map(([, filter]) => filter);
}

function weighted(choices, random) {
  let at = random(choices.reduce((sum, choice) => sum + choice.at(-1), 0));
  return choices.find((choice) => {
    at -= choice.at(-1);
    return at < 0;
  });
}

function portClass([any, high, range], random) {
  const at = random(100);
  if (at < any) return [0, 65535];
  if (at < any + high) return [1024, 65535];
  if (at < any + high + range) {
    const lo = random(60000);
    return [lo, lo + 1 + random(5000)];
  }
  const port = random(4) > 0 ? WELL_KNOWN[random(WELL_KNOWN.length)] : 1024 + random(40000);
  return [port, port];
}
