// A table that is none: errors with line and column, never anything else.

import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readConntrack } from '../../src/conntrack/read.ts';
import { WasmtablesErrors } from '../../src/error.ts';

const TUPLE = 'src=1.1.1.1 dst=2.2.2.2 sport=1 dport=2';
const REPLY = 'src=2.2.2.2 dst=1.1.1.1 sport=2 dport=1';
const GOOD = `ipv4     2 tcp      6 99 ESTABLISHED ${TUPLE} ${REPLY} [ASSURED] mark=0 use=1`;

/** `LINE:COLUMN: MESSAGE` of every error. */
function errorsOf(text: string): string[] {
  try {
    readConntrack(text, { file: 'conntrack.txt' });
    return [];
  } catch (error) {
    if (!(error instanceof WasmtablesErrors)) throw error;
    return error.errors.map((one) => `${one.place?.line}:${one.place?.column}: ${one.message}`);
  }
}

const CASES: readonly (readonly [line: string, error: string])[] = [
  [`ipv4 10 tcp 6 99 ESTABLISHED ${TUPLE} ${REPLY}`, '1:6: ipv4 is 2, not `10`'],
  ['ipv4', '1:5: the protocol number is missing'],
  ['ipv4 2', '1:7: a transport protocol is missing'],
  ['tcp', '1:4: the protocol number is missing'],
  [`tcp 17 99 ESTABLISHED ${TUPLE} ${REPLY}`, '1:5: tcp is 6, not 17'],
  [`unknown 256 99 ${TUPLE} ${REPLY}`, '1:9: `256` is not a number from 0 to 255'],
  ['-A -t 99 -u UNSET', '1:1: `-A` is no protocol of a conntrack entry'],
  ['tcp 6 99999999999 ESTABLISHED', '1:7: `99999999999` is not a number from 0 to 4294967295'],
  [`tcp 6 99 ESTABLISH ${TUPLE} ${REPLY}`, '1:10: `ESTABLISH` is no state of tcp'],
  [`udp 17 99 NEW ${TUPLE} ${REPLY}`, '1:11: `NEW`: entries of udp have no state'],
  [
    `tcp 6 99 ${TUPLE} ${REPLY}`,
    `1:${9 + 2 * TUPLE.length + 2}: the state is missing, which an entry of tcp has`,
  ],
  [`tcp 6 ESTABLISHED ${TUPLE} ${REPLY}`, `1:${18 + 2 * TUPLE.length + 2}: the timeout is missing`],
  ['udp 17 99', '1:10: the original tuple is missing (src=, dst=)'],
  [`udp 17 99 ${TUPLE}`, `1:${11 + TUPLE.length}: the reply tuple is missing (a second src= and dst=)`],
  [`udp 17 99 ${TUPLE} src=1.1.1.1`, `1:${23 + TUPLE.length}: the reply tuple has no \`dst=\``],
  ['udp 17 99 src=1.1.1.1 dst=2.2.2.2 sport=1 src=2.2.2.2', '1:54: the original tuple has no `dport=`'],
  ['icmp 1 99 src=1.1.1.1 dst=2.2.2.2 src=2.2.2.2 dst=1.1.1.1', '1:58: the original tuple has no `type=`'],
  ['udp 17 99 sport=1', '1:11: `sport=` stands before the first `src=`'],
  ['udp 17 99 src=1.1.1', '1:11: `1.1.1` is not an address'],
  ['ipv4 2 udp 17 99 src=::1', '1:18: `::1` is no ipv4 address'],
  ['udp 17 99 src=1.1.1.1 dst=::1', '1:23: `::1` is no ipv4 address'],
  ['udp 17 99 src=1.1.1.1 dst=1.1.1.1 sport=65536', '1:35: `65536` is not a number from 0 to 65535'],
  ['udp 17 99 src=1.1.1.1 dst=1.1.1.1 sport=1 sport=1', '1:43: `sport=` is there already'],
  [`udp 17 99 ${TUPLE} ${REPLY} src=1.1.1.1`, '1:91: this is a third `src=`: an entry has two tuples'],
  [`udp 17 99 ${TUPLE} ${REPLY} [ASURED]`, '1:91: unknown flag `[ASURED]`'],
  [`udp 17 99 ${TUPLE} ${REPLY} [start=Tue`, '1:101: the closing `]` is missing'],
  [`udp 17 99 ${TUPLE} ${REPLY} makr=1`, '1:91: unknown field `makr`'],
  [`udp 17 99 ${TUPLE} ${REPLY} constructor=1`, '1:91: unknown field `constructor`'],
  [`udp 17 99 ${TUPLE} ${REPLY} mark=-1`, '1:91: `-1` is not a number from 0 to 4294967295'],
  [`udp 17 99 ${TUPLE} ${REPLY} zone=65536`, '1:91: `65536` is not a number from 0 to 65535'],
  [`udp 17 99 ${TUPLE} ${REPLY} helper=fpt`, '1:91: there is no helper `fpt`'],
  [`udp 17 99 ${TUPLE} ${REPLY} labels=128`, '1:91: `128` is no label'],
  [`udp 17 99 ${TUPLE} ${REPLY} x`, '1:91: `x` is neither NAME=VALUE nor a flag'],
  [`udp 17 99 ${TUPLE} packets=1 ${REPLY}`, '1:100: `packets=` and `bytes=` go together'],
  [
    `udp 17 99 ${TUPLE} packets=18446744073709551616`,
    '1:51: `18446744073709551616` is not a number from 0 to 18446744073709551615',
  ],
];

describe('errors', () => {
  it.each(CASES)('%s', (line, error) => {
    expect(errorsOf(line)).toEqual([error]);
  });

  it('come all at once, with a caret under the word', () => {
    expect(errorsOf(`# a table\n${GOOD}\n\nnonsense\n${GOOD}\nudp x\n`)).toEqual([
      '4:1: `nonsense` is no protocol of a conntrack entry',
      '5:1: line 2 has an entry with the original tuple of this one',
      '6:5: `x` is not a number from 0 to 255',
    ]);
    let said = '';
    try {
      readConntrack(`\t ${GOOD.replace('dport=2', 'dport=2x')}`, { file: 'host/conntrack.txt' });
    } catch (error) {
      said = (error as WasmtablesErrors).format();
    }
    const [first = '', line = '', caret = ''] = said.split('\n');
    expect(first).toBe('host/conntrack.txt:1:72: error: `2x` is not a number from 0 to 65535');
    expect(line.slice(caret.indexOf('^'), caret.lastIndexOf('^') + 1)).toBe('dport=2x');
  });

  it('are not without end', () => {
    expect(errorsOf('x\n'.repeat(100_000))).toHaveLength(1001);
    expect(errorsOf(`udp 17 ${'9'.repeat(1_000_000)}`)).toEqual([
      '1:1: this line is longer than 10000 characters',
    ]);
  });

  it('know the same tuple in other zones and directions', () => {
    const mirrored = `udp 17 9 ${REPLY} ${TUPLE}`;
    expect(errorsOf(`udp 17 9 ${TUPLE} ${REPLY}\n${mirrored} zone=1\n`)).toEqual([]);
    expect(errorsOf(`udp 17 9 ${TUPLE} ${REPLY}\n${mirrored}\n`)).toHaveLength(1);
    expect(errorsOf('unknown 99 9 src=1.1.1.1 dst=1.1.1.1 src=1.1.1.1 dst=1.1.1.1\n')).toEqual([]);
  });
});

describe('hostile text', () => {
  const lines = readFileSync(new URL('linux-list.txt', import.meta.url), 'utf8')
    .trimEnd()
    .split('\n');
  const word = fc.oneof(
    fc.constantFrom(...new Set(lines.flatMap((line) => line.split(/ +/)))),
    fc.string({ maxLength: 12 }),
    fc.constantFrom(
      'src=',
      '=',
      '[',
      'id=1',
      '[start=',
      'helper=',
      '__proto__=1',
      'toString=1',
      'mark=0x',
      '\0',
    ),
  );

  it('is an entry or an error with a place', () => {
    fc.assert(
      fc.property(fc.array(fc.array(word, { maxLength: 24 }), { maxLength: 4 }), (text) => {
        for (const error of errorsOf(text.map((words) => words.join(' ')).join('\n'))) {
          expect(error).toMatch(/^\d+:\d+: ./);
        }
      }),
      { numRuns: 500 },
    );
  });

  it('is so too when a line of a table is damaged', () => {
    fc.assert(
      fc.property(fc.constantFrom(...lines), fc.nat(200), fc.string({ maxLength: 3 }), (line, at, piece) => {
        for (const error of errorsOf(line.slice(0, at) + piece + line.slice(at + 1))) {
          expect(error).toMatch(/^\d+:\d+: ./);
        }
      }),
      { numRuns: 500 },
    );
  });
});
