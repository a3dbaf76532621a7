// FTP (nf_conntrack_ftp.c): PORT and EPRT of the client, 227 and 229 of the server, at the start of a line.

import type { Address } from '../../../model/address.ts';
import { equal } from '../expectation.ts';
import { readIpv6 } from './address.ts';
import {
  type Context,
  type Direction,
  type HelperVerdict,
  otherDirection,
  type Segment,
  tcpPayload,
  tupleOf,
  word32,
} from './segment.ts';

/** Sequence numbers behind line ends of a direction, two at most, in the order in which they came to stand there. */
interface State {
  readonly lines: Record<Direction, number[]>;
}

/** What a line says: `from` and `to` are offsets in the payload; an address when it names one. */
interface Said {
  readonly port: number;
  readonly address?: Address | undefined;
  readonly from: number;
  readonly to: number;
}

export function ftp({ master, expectations }: Context, segment: Segment): HelperVerdict {
  const payload = segment.established ? tcpPayload(segment) : undefined;
  if (payload === undefined) return 'accept';
  master.helperState ??= { lines: { original: [], reply: [] } };
  const lines = (master.helperState as State).lines[segment.direction];
  const sequence = word32(segment.transport, 4);
  let verdict: HelperVerdict = 'accept';
  if (lines.includes(sequence) && payload.text !== '') {
    const said = readLine(payload.text, segment.direction, master.family);
    if (said === 'partial') {
      if (!payload.cut) return 'drop';
    } else if (said !== undefined) {
      const own = tupleOf(master, segment.direction);
      const other = tupleOf(master, otherDirection(segment.direction));
      if (said.address === undefined || equal(said.address, own.source)) {
        const request = {
          family: master.family,
          protocol: 6,
          source: other.source,
          destination: other.destination,
          destinationPort: said.port,
          class: 0,
          match: { offset: said.from, length: said.to - said.from },
        };
        if (expectations.expect(master, request, segment.nowNs) !== 'expected') verdict = 'drop';
      }
    }
  }
  // The end of what was cut off is taken for a newline.
  if (payload.cut || payload.text.endsWith('\n')) remember(lines, (sequence + payload.length) >>> 0);
  return verdict;
}

function remember(lines: number[], sequence: number): void {
  if (lines.includes(sequence)) return;
  if (lines.length < 2) {
    lines.push(sequence);
    return;
  }
  const [first, second] = lines as [number, number];
  const oldest = ((first - second) | 0) < 0 ? 0 : 1;
  if (((sequence - (lines[oldest] as number)) | 0) > 0) lines[oldest] = sequence;
}

type Reader = (text: string, from: number, family: string) => Said | undefined;

const WORDS: Record<Direction, readonly { word: string; skip: string; read: Reader }[]> = {
  original: [
    { word: 'PORT', skip: ' ', read: readPort },
    { word: 'EPRT', skip: ' ', read: readExtendedPort },
  ],
  reply: [
    { word: '227 ', skip: '', read: readPassive },
    { word: '229 ', skip: '(', read: readExtendedPassive },
  ],
};

/** 'partial': it starts like a word that is looked for, and does not go on as it should. */
function readLine(text: string, direction: Direction, family: string): Said | 'partial' | undefined {
  for (const { word, skip, read } of WORDS[direction]) {
    const start = text.slice(0, word.length).toUpperCase();
    if (text.length <= word.length ? !word.startsWith(start) : start !== word) continue;
    const at = text.length <= word.length ? -1 : text.indexOf(skip, word.length);
    return (at < 0 ? undefined : read(text, at + skip.length, family)) ?? 'partial';
  }
  return undefined;
}

/** Numbers wrap as 32-bit integers do; an empty one is 0. */
function wrap(digits: string, bits: number): number {
  return Number(BigInt.asUintN(bits, BigInt(`0${digits}`)));
}

function sixNumbers(text: string, from: number, end: RegExp, family: string): Said | undefined {
  const match = /^(\d*),(\d*),(\d*),(\d*),(\d*),(\d*)/.exec(text.slice(from));
  if (match === null || !end.test(text.charAt(from + match[0].length))) return undefined;
  const [a, b, c, d, high, low] = match.slice(1).map((digits) => wrap(digits, 32)) as [
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  return {
    port: ((high << 8) | low) & 0xffff,
    address: ipv4(a, b, c, d, family),
    from,
    to: from + match[0].length,
  };
}

/** Over IPv6 an IPv4 address is never the speaker's. */
function ipv4(a: number, b: number, c: number, d: number, family: string): Address {
  const word = ((a << 24) | (b << 16) | (c << 8) | d) >>> 0;
  const bytes = new Uint8Array(family === 'ipv4' ? 4 : 0);
  bytes.forEach((_, i) => {
    bytes[i] = word >>> (24 - 8 * i);
  });
  return bytes;
}

function readPort(text: string, from: number, family: string): Said | undefined {
  return sixNumbers(text, from, /^\r$/, family);
}

function readPassive(text: string, from: number, family: string): Said | undefined {
  const digit = text.slice(from).search(/\d/);
  return digit < 0 ? undefined : sixNumbers(text, from + digit, /^[^,]$/, family);
}

function delimiterOf(text: string): string | undefined {
  return /^[!-/:-~]/.exec(text)?.[0];
}

function readExtendedPort(text: string, from: number, family: string): Said | undefined {
  const rest = text.slice(from);
  const delimiter = delimiterOf(rest);
  if (delimiter === undefined || rest.length <= 3 || rest[2] !== delimiter) return undefined;
  if (rest[1] !== (family === 'ipv4' ? '1' : '2')) return undefined;
  const found = family === 'ipv4' ? dotted(rest.slice(3), delimiter) : readIpv6(rest.slice(3), delimiter);
  if (found === undefined || found.length === 0) return undefined;
  const port = readDelimitedPort(rest, 3 + found.length + 1, delimiter);
  if (port === undefined) return undefined;
  return { port: port.port, address: found.address, from, to: from + port.end };
}

/** Four numbers, any of them empty. */
function dotted(text: string, delimiter: string): { address: Address; length: number } | undefined {
  const match = /^(\d*)\.(\d*)\.(\d*)\.(\d*)/.exec(text);
  if (match === null || text[match[0].length] !== delimiter || delimiter === '.') return undefined;
  const [a, b, c, d] = match.slice(1).map((digits) => wrap(digits, 32)) as [number, number, number, number];
  return { address: ipv4(a, b, c, d, 'ipv4'), length: match[0].length };
}

function readExtendedPassive(text: string, from: number): Said | undefined {
  const rest = text.slice(from);
  const delimiter = delimiterOf(rest);
  if (delimiter === undefined || rest.length <= 3 || !rest.startsWith(delimiter.repeat(3))) return undefined;
  const port = readDelimitedPort(rest, 3, delimiter);
  return port === undefined ? undefined : { port: port.port, from, to: from + port.end };
}

function readDelimitedPort(
  text: string,
  at: number,
  delimiter: string,
): { port: number; end: number } | undefined {
  const digits = (/^\d*/.exec(text.slice(at)) as RegExpExecArray)[0];
  const port = wrap(digits, 16);
  if (port === 0 || text[at + digits.length] !== delimiter) return undefined;
  return { port, end: at + digits.length + 1 };
}
