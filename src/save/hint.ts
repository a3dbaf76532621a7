// Did you mean ...? The nearest of some names, when one is near enough to be a slip of the fingers.

/** Edit distance with swaps of neighbours, cut off above `limit`. */
function distance(a: string, b: string, limit: number): number {
  if (Math.abs(a.length - b.length) > limit) return limit + 1;
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1];
      let best = Math.min(
        (last[j] as number) + 1,
        (row[j - 1] as number) + 1,
        (last[j - 1] as number) + (same ? 0 : 1),
      );
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
        best = Math.min(best, (beforeLast[j - 2] as number) + 1);
      }
      row.push(best);
    }
    beforeLast = last;
    last = row;
  }
  return last[b.length] as number;
}

/** More names are not looked through. */
const MAX_NAMES = 1000;

/** The name nearest to `word`, if it is near. */
function nearest(word: string, names: Iterable<string>): string | undefined {
  // Names are short; a long word is no misspelling of one.
  if (word.length > 40) return undefined;
  const limit = word.length <= 3 ? 1 : 2;
  const lower = word.toLowerCase();
  let best: string | undefined;
  let bestDistance = limit + 1;
  let count = 0;
  for (const name of names) {
    if (++count > MAX_NAMES) break;
    const found = distance(lower, name.toLowerCase(), limit);
    if (found < bestDistance && (found < name.length || name.length > 1)) {
      best = name;
      bestDistance = found;
    }
  }
  return best;
}

/** `did you mean NAME?`, or undefined. */
export function didYouMean(
  word: string,
  names: Iterable<string>,
  show: (name: string) => string = String,
): string | undefined {
  const name = nearest(word, names);
  return name === undefined ? undefined : `did you mean ${show(name)}?`;
}
