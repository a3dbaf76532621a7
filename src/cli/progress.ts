// The progress line: bytes, rate and time left, on stderr when it is a terminal.

import { bytesText, durationText, rateText } from '../report/text.ts';

export interface Progress {
  /** Bytes of the captures read so far (compressed ones: as stored). */
  readonly bytes: number;
  /** Size of all captures; absent when one of them has no size (stdin). */
  readonly totalBytes?: number | undefined;
  readonly packets: number;
}

const INTERVAL_MS = 200;

export class ProgressLine {
  readonly #stream: NodeJS.WriteStream;
  readonly #startMs: number;
  #lastMs = 0;
  #shown = false;

  constructor(stream: NodeJS.WriteStream, nowMs = performance.now()) {
    this.#stream = stream;
    this.#startMs = nowMs;
  }

  /** Rewrites the line, five times a second at most. Nothing when the stream is not a terminal. */
  update(progress: Progress, nowMs = performance.now()): void {
    if (this.#stream.isTTY !== true || nowMs - this.#lastMs < INTERVAL_MS) return;
    this.#lastMs = nowMs;
    this.#shown = true;
    const text = progressText(progress, (nowMs - this.#startMs) / 1000);
    this.#stream.write(`\r${text.slice(0, Math.max(20, (this.#stream.columns ?? 80) - 1))}\x1b[K`);
  }

  /** Takes the line away, so that what follows starts on a clean one. */
  clear(): void {
    if (this.#shown) this.#stream.write('\r\x1b[K');
    this.#shown = false;
  }
}

/** `1.20 GB of 3.40 GB (35 %), 1.10 GB/s, 12.5 million packets/s, 2.0 s left`. */
export function progressText(progress: Progress, seconds: number): string {
  const { bytes, totalBytes, packets } = progress;
  const parts: string[] = [];
  if (totalBytes === undefined || totalBytes === 0) parts.push(bytesText(bytes));
  else {
    const percent = Math.min(100, Math.floor((bytes / totalBytes) * 100));
    parts.push(`${bytesText(bytes)} of ${bytesText(totalBytes)} (${percent} %)`);
  }
  if (seconds > 0) {
    parts.push(`${bytesText(Math.round(bytes / seconds))}/s`, `${rateText(packets / seconds)} packets/s`);
    if (totalBytes !== undefined && bytes > 0) {
      parts.push(`${durationText(Math.max(0, (totalBytes - bytes) / (bytes / seconds)))} left`);
    }
  }
  return parts.join(', ');
}
