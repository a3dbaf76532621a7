/** Hands out `bytes` of the shared memory, aligned to 64; the bytes are zero. */
export type Allocate = (bytes: number) => number;

/** One capture of the stream that a scan reads. */
export interface CaptureFile {
  /** As the user named it; `-` is stdin. */
  readonly name: string;
  /** `file`: read in place by whichever lane holds the baton. `stream`: arrives through the ring. */
  readonly kind: 'file' | 'stream';
  /** File descriptor to read, for stdin; other files are opened by the lane that reads them. */
  readonly descriptor: number | undefined;
  /** Where the capture starts in the file: a redirected stdin need not stand at its beginning. */
  readonly base: number;
  /** What the file header says, where it could be read beforehand. */
  readonly header: CaptureHeader | undefined;
}

/** Format of a capture, and for pcap what holds for all of it. */
export interface CaptureHeader {
  readonly format: 'pcap' | 'pcapng';
  readonly linktype: number;
  readonly nanoseconds: boolean;
  readonly fcsBytes: number;
}

/**
 * What a lane needs to take part in the reading: plain data for structured clone, addresses are absolute ones of the
 * shared memory. Made by the main thread (openCaptures).
 */
export interface SharedDescription {
  readonly files: readonly CaptureFile[];
  /** Reader record (layout/capture.ts). */
  readonly reader: number;
  /** Source table, capture interface table, and the running section's capture interface indexes. */
  readonly sources: number;
  readonly interfaces: number;
  readonly section: number;
  /** Ring for streams (ring.ts); 0 when there are none. */
  readonly ring: number;
  /** Bytes asked for at once; 0: as many as a batch holds. */
  readonly stretch: number;
}

/** What is wrong with a capture, where. The records before it have been handed out. */
export interface CaptureProblem {
  readonly file: string;
  /** Bytes from the start of the file; decompressed ones when it is compressed. */
  readonly offset: number;
  readonly message: string;
}

/** `FILE: byte OFFSET: MESSAGE`. */
export function formatProblem(problem: CaptureProblem): string {
  return `${problem.file}: byte ${problem.offset}: ${problem.message}`;
}
