// File headers of pcap, section headers and interface descriptions of pcapng, as bytes -> fields.
// Sources: draft-ietf-opsawg-pcap, draft-ietf-opsawg-pcapng; limits and tolerances as libpcap has them.

import * as Capture from '../layout/capture.ts';
import type { CaptureHeader } from './description.ts';
import type { CaptureInterface, Framing } from './state.ts';

/** Bytes that tell what a file is. */
export const FILE_HEADER_BYTES = 24;

/** Longest packet that libpcap takes for true (MAXIMUM_SNAPLEN); D-Bus and USB captures may have longer ones. */
const MAXIMUM_SNAPLEN = 262144;
const MAXIMUM_SNAPLEN_LONG = 128 * 1024 * 1024;
const LONG_LINKTYPES: ReadonlySet<number> = new Set([231, 249, 279]);

const PCAP_MICROSECONDS = 0xa1b2c3d4;
const PCAP_NANOSECONDS = 0xa1b23c4d;
const PCAP_MODIFIED = 0xa1b2cd34;
const SECTION_HEADER = 0x0a0d0d0a;
const BYTE_ORDER_MAGIC = 0x1a2b3c4d;

export type FileHeader =
  | { readonly kind: 'pcap'; readonly framing: Framing; readonly captureInterface: CaptureInterface }
  | { readonly kind: 'pcapng' }
  | { readonly kind: 'gzip' | 'zstd' }
  | { readonly kind: 'bad'; readonly offset: number; readonly message: string };

function bad(offset: number, message: string): FileHeader {
  return { kind: 'bad', offset, message };
}

/** What the first bytes of a file say: FILE_HEADER_BYTES of them, or all there are. */
export function readFileHeader(bytes: Uint8Array): FileHeader {
  if (bytes.length === 0) return bad(0, 'the file is empty');
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  if (bytes[0] === 0x1f && bytes[1] === 0x8b) return { kind: 'gzip' };
  if (bytes.length < 4) return bad(0, unknown(bytes));
  const magic = view.getUint32(0, true);
  if (magic === 0xfd2fb528 || (magic & 0xfffffff0) === 0x184d2a50) return { kind: 'zstd' };
  if (magic === SECTION_HEADER) return { kind: 'pcapng' };
  for (const swapped of [false, true]) {
    const value = view.getUint32(0, !swapped);
    if (value !== PCAP_MICROSECONDS && value !== PCAP_NANOSECONDS && value !== PCAP_MODIFIED) continue;
    if (bytes.length < FILE_HEADER_BYTES) return bad(bytes.length, 'the pcap file header is cut short');
    return readPcapHeader(view, value, swapped);
  }
  return bad(0, unknown(bytes));
}

function readPcapHeader(view: DataView, magic: number, swapped: boolean): FileHeader {
  const major = view.getUint16(4, !swapped);
  const minor = view.getUint16(6, !swapped);
  if (major < 2) return bad(4, `pcap version ${major}.${minor} is too old to read`);
  // 543.0 is what an early ERF converter wrote; libpcap takes it.
  const known = (major === 2 && minor <= 4) || (major === 543 && minor === 0);
  if (!known) return bad(4, `pcap version ${major}.${minor} is not known`);
  let lengths = Capture.LENGTHS_NORMAL;
  if (major === 2 && minor < 3) lengths = Capture.LENGTHS_EXCHANGED;
  if (major === 2 && minor === 3) lengths = Capture.LENGTHS_EITHER;
  const snaplen = view.getUint32(16, !swapped);
  // Bits 0-15 are the link type; bit 26 says that bits 28-31 hold the FCS length in 16-bit words.
  const network = view.getUint32(20, !swapped);
  const linktype = linktypeOf(network & 0xffff);
  return {
    kind: 'pcap',
    framing: {
      format: Capture.PCAP,
      swapped,
      recordHeaderBytes: magic === PCAP_MODIFIED ? 24 : 16,
      nanoseconds: magic === PCAP_NANOSECONDS,
      maxCaptured: LONG_LINKTYPES.has(linktype) ? MAXIMUM_SNAPLEN_LONG : MAXIMUM_SNAPLEN,
      lengths,
    },
    captureInterface: {
      linktype,
      machineInterface: 0,
      timeKind: Capture.TIME_MULTIPLY,
      units: magic === PCAP_NANOSECONDS ? 1n : 1000n,
      timeOffset: 0n,
      snaplen,
      fcsBytes: (network & 0x04000000) === 0 ? 0 : (network >>> 28) * 2,
    },
  };
}

/**
 * Some systems wrote their own DLT_* number of raw IP into files, where LINKTYPE_RAW (101) belongs; readers take
 * both (tcpdump.org/linktypes.html).
 */
function linktypeOf(network: number): number {
  return network === 12 || network === 14 ? 101 : network;
}

function unknown(bytes: Uint8Array): string {
  const head = bytes.subarray(0, FILE_HEADER_BYTES);
  const isText = head.every(
    (byte) => byte === 9 || byte === 10 || byte === 13 || (byte >= 32 && byte !== 127),
  );
  if (isText) return 'this is text, not a capture (pcap or pcapng)';
  const magic = Array.from(bytes.subarray(0, 4), (byte) => byte.toString(16).padStart(2, '0')).join(' ');
  return `not a capture: it starts with ${magic}, and neither pcap nor pcapng does`;
}

export type SectionHeader =
  | { readonly kind: 'section'; readonly framing: Framing; readonly totalLength: number }
  | { readonly kind: 'incomplete' }
  | { readonly kind: 'bad'; readonly message: string };

/** A Section Header Block, from its first 16 bytes on. */
export function readSectionHeader(view: DataView, at: number, end: number): SectionHeader {
  if (end - at < 16) return { kind: 'incomplete' };
  const little = view.getUint32(at + 8, true) === BYTE_ORDER_MAGIC;
  if (!little && view.getUint32(at + 8, false) !== BYTE_ORDER_MAGIC) {
    return { kind: 'bad', message: 'pcapng section without a byte-order magic' };
  }
  const totalLength = view.getUint32(at + 4, little);
  if (totalLength < 28 || totalLength % 4 !== 0) {
    return { kind: 'bad', message: `pcapng section header of ${totalLength} bytes` };
  }
  const major = view.getUint16(at + 12, little);
  const minor = view.getUint16(at + 14, little);
  if (major !== 1 || (minor !== 0 && minor !== 2)) {
    return { kind: 'bad', message: `pcapng version ${major}.${minor} is not known` };
  }
  return {
    kind: 'section',
    totalLength,
    framing: {
      format: Capture.PCAPNG,
      swapped: !little,
      recordHeaderBytes: 0,
      nanoseconds: false,
      maxCaptured: MAXIMUM_SNAPLEN,
      lengths: Capture.LENGTHS_NORMAL,
    },
  };
}

const OPTION_END = 0;
const OPTION_NAME = 2;
const OPTION_TIME_RESOLUTION = 9;
const OPTION_FCS_LENGTH = 13;
const OPTION_TIME_OFFSET = 14;

/** An Interface Description Block that lies complete in [at, at + totalLength). */
export function readInterface(
  view: DataView,
  at: number,
  totalLength: number,
  swapped: boolean,
  machineInterface: (name: string) => number,
): CaptureInterface {
  const little = !swapped;
  let resolution = 6;
  let timeOffset = 0n;
  let fcsBytes = 0;
  let name: string | undefined;
  const end = at + totalLength - 4;
  for (let option = at + 16; end - option >= 4; ) {
    const code = view.getUint16(option, little);
    const length = view.getUint16(option + 2, little);
    const value = option + 4;
    if (code === OPTION_END || length > end - value) break;
    if (code === OPTION_NAME) name = readText(view, value, length);
    if (code === OPTION_TIME_RESOLUTION && length >= 1) resolution = view.getUint8(value);
    if (code === OPTION_TIME_OFFSET && length >= 8) timeOffset = view.getBigInt64(value, little);
    if (code === OPTION_FCS_LENGTH && length >= 1) fcsBytes = fcsLength(view.getUint8(value));
    option = value + Math.ceil(length / 4) * 4;
  }
  return {
    linktype: linktypeOf(view.getUint16(at + 8, little)),
    machineInterface: name === undefined ? 0 : machineInterface(name),
    ...timeUnits(resolution),
    timeOffset: BigInt.asUintN(64, timeOffset * 1_000_000_000n),
    snaplen: view.getUint32(at + 12, little),
    fcsBytes,
  };
}

/** The text of an option; some writers count a closing zero. */
function readText(view: DataView, at: number, length: number): string {
  // A copy: TextDecoder takes no shared memory.
  const bytes = Uint8Array.from(new Uint8Array(view.buffer, view.byteOffset + at, length));
  const zero = bytes.indexOf(0);
  return new TextDecoder().decode(zero === -1 ? bytes : bytes.subarray(0, zero));
}

/** if_fcslen is bytes; what can only be meant as bits (the draft once said so) is divided. */
function fcsLength(value: number): number {
  return value >= 16 ? value >> 3 : value;
}

/** if_tsresol: bit 7 set 2^-n, else 10^-n seconds. */
function timeUnits(resolution: number): { timeKind: number; units: bigint } {
  const n = resolution & 0x7f;
  if ((resolution & 0x80) !== 0) return { timeKind: Capture.TIME_BINARY, units: BigInt(n) };
  if (n <= 9) return { timeKind: Capture.TIME_MULTIPLY, units: 10n ** BigInt(9 - n) };
  // 10^19 is the last power that fits; from there on no u64 reaches a nanosecond, and 0 says so.
  return { timeKind: Capture.TIME_DIVIDE, units: n <= 28 ? 10n ** BigInt(n - 9) : 0n };
}

/** The part of a file header that can be said before the records are read. */
export function summarizeHeader(header: FileHeader): CaptureHeader | undefined {
  if (header.kind === 'pcapng') return { format: 'pcapng', linktype: 0, nanoseconds: true, fcsBytes: 0 };
  if (header.kind !== 'pcap') return undefined;
  const { framing, captureInterface } = header;
  return {
    format: 'pcap',
    linktype: captureInterface.linktype,
    nanoseconds: framing.nanoseconds,
    fcsBytes: captureInterface.fcsBytes,
  };
}
