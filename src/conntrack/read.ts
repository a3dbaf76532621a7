// A table of entries from text: what `conntrack -L -o extended` prints, also without the network layer's name and
// number (`conntrack -L`), and what stands in /proc/net/nf_conntrack.

import { WasmtablesError, WasmtablesErrors } from '../error.ts';
import { lines } from '../save/family.ts';
import { type Line, placeOf } from '../save/word.ts';
import type { ConntrackEntry, Tuple } from './entry.ts';
import { parseEntry } from './parse.ts';

export interface ReadConntrackOptions {
  /** Named in errors. */
  readonly file: string;
}

/** A file with more errors than this is no table: reading stops. */
const MAX_ERRORS = 1000;
/** The longest line that the tools print has less than a thousand bytes. */
const MAX_LINE = 10_000;

/** What the tool says on stderr, which a careless redirection puts into the file. */
const TOOL_SAYS = /^conntrack v[\d.]+ \(conntrack-tools\): \d+ flow entries have been shown\.$/;

/**
 * Reads a table. Entries come in the order of the lines, with negative numbers: they are older than every packet.
 * `timeoutNs` counts from the time of the listing, and so does `startNs`, which is negative or 0.
 *
 * @throws {WasmtablesErrors} with all errors of the file, each with line and column
 */
export function readConntrack(text: string, options: ReadConntrackOptions): ConntrackEntry[] {
  const { file } = options;
  const errors: WasmtablesError[] = [];
  const entries: ConntrackEntry[] = [];
  const known = new Map<string, number>();
  for (const { number, text: content } of lines(text)) {
    const trimmed = content.trim();
    if (trimmed === '' || trimmed.startsWith('#') || TOOL_SAYS.test(trimmed)) continue;
    const line: Line = { file, number, text: content };
    try {
      checkLength(line);
      const entry = parseEntry(line);
      addTuples(known, entry, line);
      entries.push(entry);
    } catch (error) {
      if (!(error instanceof WasmtablesError)) throw error;
      errors.push(error);
    }
    if (errors.length >= MAX_ERRORS) {
      const message = `more than ${MAX_ERRORS} errors: the rest of the file was not read`;
      errors.push(new WasmtablesError('LIMIT', message, { place: placeOf(line, 0, 1) }));
      break;
    }
  }
  if (errors.length > 0) throw new WasmtablesErrors(errors);
  const count = BigInt(entries.length);
  return entries.map((entry, index) => ({ ...entry, number: BigInt(index) - count }));
}

function checkLength(line: Line): void {
  if (line.text.length <= MAX_LINE) return;
  throw new WasmtablesError('LIMIT', `this line is longer than ${MAX_LINE} characters`, {
    place: { ...placeOf(line, 0, 1), text: `${line.text.slice(0, 100)}...` },
    hint: 'a line holds one entry, as `conntrack -L -o extended` prints it',
  });
}

/** A tuple belongs to one entry, in whichever direction it is (nf_conntrack_hash_check_insert). */
function addTuples(known: Map<string, number>, entry: ConntrackEntry, line: Line): void {
  const keys = [tupleKey(entry, entry.original, 1), tupleKey(entry, entry.reply, 2)];
  for (const key of keys) {
    const earlier = known.get(key);
    if (earlier === undefined) continue;
    const which = key === keys[0] ? 'original' : 'reply';
    throw new WasmtablesError(
      'BAD_VALUE',
      `line ${earlier} has an entry with the ${which} tuple of this one`,
      {
        place: placeOf(line),
      },
    );
  }
  for (const key of keys) known.set(key, line.number);
}

function tupleKey(entry: ConntrackEntry, tuple: Tuple, direction: number): string {
  const zone = (entry.zoneDirections & direction) === 0 ? 0 : entry.zone;
  const { source, destination, icmp } = tuple;
  const first = tuple.sourcePort ?? tuple.sourceKey ?? icmp?.id ?? 0;
  const second = tuple.destinationPort ?? tuple.destinationKey ?? (icmp ? icmp.type * 256 + icmp.code : 0);
  return `${entry.protocol} ${zone} ${source} ${destination} ${first} ${second}`;
}
