/** Where output goes. Writes are awaited, so that a slow reader slows the scan down; a failed one ends it. */
export interface Sink {
  readonly name: string;
  write(chunk: Uint8Array): Promise<void>;
}
