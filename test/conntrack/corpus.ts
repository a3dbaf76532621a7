// What Linux's connection tracking made of captures of the corpus: linux/corpus.jsonl.gz, one JSON object a line, made
// by make/corpus.py. The corpus is not part of the project: a record names the capture and holds a digest of the frames
// that were sent, which are made anew from the capture here.
//
//     capture, framesSha256   path under ../shared/corpus/pcap, digest of all frames one after another
//     spanSeconds             from the capture's first to its last packet, by its own clock
//     rules                   "rules": linux/rules.json counts states; "helpers": linux/rules-helpers.json, with helpers
//     checksum                nf_conntrack_checksum
//     codes, seen             SEEN FORWARDED EVENTS ENTRY REASON (records.ts; ENTRY without the time): `seen` has
//                             one digit a packet that leads to one of `codes`, two where these are more than 62
//     reasons, tableUs, table, expect?, counts4, counts6   as in records.ts
//
// Every IP packet of the capture went into eth0, one after another: at 60 µs to 1 ms a packet, whatever the capture's
// clock says. Only the time of the whole was recorded; packets here are spread evenly over it.

import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { type CapturedPacket, LINKTYPE_ETHERNET, readCapture } from '../kernel/capture.ts';
import {
  type ConntrackRecord,
  counted,
  FOLDER,
  type RecordedPacket,
  readEntry,
  readObserved,
} from './records.ts';

export interface CaptureRecord extends ConntrackRecord {
  /** Path under the corpus' pcap folder. */
  readonly capture: string;
  /** By the capture's own clock; what is longer than the shortest timeouts was seen by the kernel in no time. */
  readonly spanSeconds: number;
  readonly checksum: boolean;
}

interface CaptureLine {
  capture: string;
  framesSha256: string;
  spanSeconds: number;
  rules: 'rules' | 'helpers';
  checksum: 0 | 1;
  codes: string[];
  seen: string;
  reasons: string[];
  tableUs: number;
  table: string[];
  expect?: string[];
  counts4: string;
  counts6: string;
}

const CORPUS = new URL('../../../shared/corpus/pcap/', import.meta.url);
const ROUTER = Buffer.from('020000000001020000000099', 'hex');
const TAGS = [0x8100, 0x88a8, 0x9100];
const IPV4 = 0x0800;
const IPV6 = 0x86dd;
const DIGITS = '0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ';
/** Bytes before the packet: link types that say which IP it is only by its first nibble. */
const BARE: Readonly<Record<number, number>> = { 0: 4, 12: 0, 101: 0, 108: 4, 228: 0, 229: 0 };
/** Where the EtherType stands, and where the packet. */
const COOKED: Readonly<Record<number, readonly [number, number]>> = { 113: [14, 16], 276: [0, 20] };

export const corpusIsThere = (): boolean => existsSync(new URL('MANIFEST.tsv', CORPUS));

/** All records; their captures have to be there. Throws when a capture is not the one that was recorded. */
export function* loadCaptureRecords(): Iterable<CaptureRecord> {
  const rules = {
    rules: readRules('rules.json'),
    helpers: readRules('rules-helpers.json'),
  };
  const text = gunzipSync(readFileSync(new URL('corpus.jsonl.gz', FOLDER))).toString();
  for (const json of text.split('\n')) {
    if (json === '') continue;
    const line = JSON.parse(json) as CaptureLine;
    yield readRecord(line, rules[line.rules]);
  }
}

interface Rules {
  readonly rules4: string;
  readonly rules6: string;
}

const readRules = (name: string) => JSON.parse(readFileSync(new URL(name, FOLDER), 'utf8')) as Rules;

function readRecord(line: CaptureLine, { rules4, rules6 }: Rules): CaptureRecord {
  const frames = captureFrames(line.capture);
  const digest = createHash('sha256');
  for (const frame of frames) digest.update(frame);
  if (digest.digest('hex') !== line.framesSha256) throw new Error(`${line.capture}: not what was recorded`);
  const codes = line.codes.map((code) => readCode(code, line.reasons));
  const wide = codes.length > DIGITS.length;
  const packets = frames.map((frame, index): RecordedPacket => {
    const at = wide ? index * 2 : index;
    const high = wide ? DIGITS.indexOf(line.seen.charAt(at)) * DIGITS.length : 0;
    const code = codes[high + DIGITS.indexOf(line.seen.charAt(wide ? at + 1 : at))];
    if (code === undefined) throw new Error(`${line.capture}: no code for packet ${index}`);
    const timeNs = Math.floor((line.tableUs * index) / frames.length) * 1000;
    return { timeNs, interface: 'eth0', frame, ...code };
  });
  return {
    name: `${line.capture}, ${line.rules}, checksum ${line.checksum}`,
    group: 'corpus',
    capture: line.capture,
    spanSeconds: line.spanSeconds,
    checksum: line.checksum === 1,
    sysctls: { 'net.netfilter.nf_conntrack_checksum': `${line.checksum}` },
    rules4,
    rules6,
    counters4: counted(rules4, line.counts4),
    counters6: counted(rules6, line.counts6),
    packets,
    tableTimeNs: line.tableUs * 1000,
    table: line.table,
    expect: line.expect,
  };
}

function readCode(
  code: string,
  reasons: readonly string[],
): Omit<RecordedPacket, 'timeNs' | 'interface' | 'frame'> {
  const [seen, forwarded, events, entry, reason] = code.split(' ') as [
    string,
    string,
    string,
    string,
    string,
  ];
  return {
    observed: readObserved(seen),
    forwarded: Number(forwarded),
    events: events === '-' ? '' : events,
    entry: entry === '-' ? undefined : readEntry(entry),
    reason: reason === '-' ? undefined : reasons[Number(reason)],
  };
}

/** The frames that are sent for a capture: its IP packets behind an Ethernet header to the router's eth0. */
export function captureFrames(path: string): Uint8Array[] {
  const packets = readCapture(readFileSync(new URL(path, CORPUS)));
  return packets.map(frameOf).filter((frame) => frame !== undefined);
}

function frameOf({ linkType, data, originalLength }: CapturedPacket): Uint8Array | undefined {
  const place = packetPlace(linkType, data);
  if (place === undefined || data.length <= place.at || originalLength - place.at > 65535) return undefined;
  // Bytes beyond the snap length as zeros.
  const frame = new Uint8Array(14 + Math.max(data.length, originalLength) - place.at);
  frame.set(ROUTER);
  frame.set([place.kind >> 8, place.kind & 255], 12);
  frame.set(data.subarray(place.at), 14);
  return frame;
}

function packetPlace(linkType: number, data: Uint8Array): { kind: number; at: number } | undefined {
  const kindAt = (offset: number) => ((data[offset] ?? 0) << 8) | (data[offset + 1] ?? 0);
  const isIp = (kind: number) => kind === IPV4 || kind === IPV6;
  if (linkType === LINKTYPE_ETHERNET) {
    let at = 12;
    while (TAGS.includes(kindAt(at))) at += 4;
    return isIp(kindAt(at)) ? { kind: kindAt(at), at: at + 2 } : undefined;
  }
  const cooked = COOKED[linkType];
  if (cooked !== undefined)
    return isIp(kindAt(cooked[0])) ? { kind: kindAt(cooked[0]), at: cooked[1] } : undefined;
  const at = BARE[linkType];
  const version = at === undefined ? 0 : (data[at] ?? 0) >> 4;
  if (at === undefined || (version !== 4 && version !== 6)) return undefined;
  return { kind: version === 4 ? IPV4 : IPV6, at };
}
