// Follows the frames of a zstd stream (RFC 8878, section 3) without decompressing: where each begins, whether the
// last is complete, and how much memory each asks for, which the decompressor would hand out unseen.

/** As zstd(1) without --long: a frame may ask for a window of 128 MiB. */
const MAXIMUM_WINDOW_BYTES = 128 * 1024 * 1024;

const MAGIC = 0xfd2fb528;
/** Longest frame header: magic, descriptor, window, dictionary id, content size. */
const MAXIMUM_HEADER_BYTES = 18;

type Expected = 'magic' | 'skippable-size' | 'header' | 'block' | 'skip';

export class ZstdFrames {
  readonly #header = new Uint8Array(MAXIMUM_HEADER_BYTES);
  #expected: Expected = 'magic';
  #have = 0;
  #need = 4;
  /** Bytes to pass over, then what comes after them. */
  #skip = 0;
  #after: Expected = 'magic';
  #checksumBytes = 0;

  /** True between frames: the stream may end here. */
  get complete(): boolean {
    return this.#expected === 'magic' && this.#have === 0;
  }

  /** Follows the next bytes of the stream. Throws when a frame asks for too much, or is none. */
  check(chunk: Uint8Array): void {
    let at = 0;
    while (at < chunk.length) {
      if (this.#expected === 'skip') {
        const passed = Math.min(this.#skip, chunk.length - at);
        this.#skip -= passed;
        at += passed;
        if (this.#skip === 0) this.#expect(this.#after);
        continue;
      }
      this.#header[this.#have++] = chunk[at++] ?? 0;
      if (this.#have === this.#need) this.#understand();
    }
  }

  #expect(what: Expected): void {
    this.#expected = what;
    this.#have = 0;
    this.#need = what === 'block' ? 3 : 4;
  }

  #pass(bytes: number, after: Expected): void {
    if (bytes === 0) {
      this.#expect(after);
      return;
    }
    this.#expected = 'skip';
    this.#skip = bytes;
    this.#after = after;
  }

  #understand(): void {
    const view = new DataView(this.#header.buffer);
    const word = view.getUint32(0, true);
    if (this.#expected === 'magic') {
      if (word === MAGIC) {
        this.#expected = 'header';
        this.#need = 5;
      } else if ((word & 0xfffffff0) === 0x184d2a50) {
        this.#expect('skippable-size');
      } else {
        throw new Error('what follows is not a zstd frame');
      }
    } else if (this.#expected === 'skippable-size') {
      this.#pass(word, 'magic');
    } else if (this.#expected === 'block') {
      const block = word & 0xffffff;
      const type = (block >> 1) & 3;
      const bytes = type === 1 ? 1 : block >> 3;
      if ((block & 1) === 0) this.#pass(bytes, 'block');
      else this.#pass(bytes + this.#checksumBytes, 'magic');
    } else {
      this.#understandHeader(view);
    }
  }

  #understandHeader(view: DataView): void {
    const descriptor = view.getUint8(4);
    const singleSegment = (descriptor & 0x20) !== 0;
    const sizeFlag = descriptor >> 6;
    const sizeBytes = sizeFlag === 0 ? (singleSegment ? 1 : 0) : 1 << sizeFlag;
    const dictionaryBytes = [0, 1, 2, 4][descriptor & 3] ?? 0;
    const need = 5 + (singleSegment ? 0 : 1) + dictionaryBytes + sizeBytes;
    if (this.#have < need) {
      this.#need = need;
      return;
    }
    let windowBytes: number;
    if (singleSegment) {
      const at = 5 + dictionaryBytes;
      if (sizeBytes === 8) windowBytes = Number(view.getBigUint64(at, true));
      else if (sizeBytes === 4) windowBytes = view.getUint32(at, true);
      else windowBytes = sizeBytes === 2 ? view.getUint16(at, true) + 256 : view.getUint8(at);
    } else {
      const base = 2 ** (10 + (view.getUint8(5) >> 3));
      windowBytes = base + (base / 8) * (view.getUint8(5) & 7);
    }
    if (windowBytes > MAXIMUM_WINDOW_BYTES) {
      throw new Error(`a frame asks for a window of ${windowBytes} bytes, more than 128 MiB`);
    }
    this.#checksumBytes = (descriptor & 4) === 0 ? 0 : 4;
    this.#expect('block');
  }
}
