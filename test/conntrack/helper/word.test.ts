// The words of assembly/conntrack/helper/word.ts are numbers: each is the letters of its comment.

import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

const file = new URL('../../../assembly/conntrack/helper/word.ts', import.meta.url);
const WORD = /^export const (\w+): u64 = (0x[0-9a-f]+); \/\/ '(.*)'$/gm;

test('words are the letters that their comments say', () => {
  const words = [...readFileSync(file, 'utf8').matchAll(WORD)];
  expect(words.length).toBeGreaterThan(30);
  for (const [, name, number, comment] of words) {
    const text = (comment as string).replace(/\\x([0-9a-f]{2})/g, (_, hex: string) =>
      String.fromCharCode(Number.parseInt(hex, 16)),
    );
    const bytes = Buffer.from(text, 'latin1').reverse();
    expect([name, BigInt(number as string)]).toEqual([name, BigInt(`0x${bytes.toString('hex')}`)]);
  }
});
