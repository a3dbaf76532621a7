// The machine's interfaces by name, in shared memory, because whichever lane reads a pcapng interface description
// may meet a name that nobody has told of where there is no host folder.

import { type ClassifiedInterfaces, setInterfaceVector } from '../compile/classify/interface-vectors.ts';
import { type InterfaceRow, setInterface } from '../compile/interface-rows.ts';
import * as Control from '../layout/control.ts';
import * as Image from '../layout/image.ts';

/** Where an image stands and what in it depends on interfaces' names. */
export interface PlacedRows {
  readonly base: number;
  readonly rows: readonly InterfaceRow[];
  readonly interfaceTables: readonly ClassifiedInterfaces[];
}

export interface InterfaceNamesDescription {
  /** Address of the name table: Control.NAME_BYTES a slot, Image.INTERFACES slots; slot 0 is "no interface". */
  readonly table: number;
  readonly control: number;
  readonly images: readonly PlacedRows[];
  /** The machine's interfaces are all known: a name that it lacks is no interface of it. */
  readonly complete: boolean;
}

export class InterfaceNames {
  readonly #memory: WebAssembly.Memory;
  readonly #description: InterfaceNamesDescription;
  #images: readonly PlacedRows[];

  constructor(memory: WebAssembly.Memory, description: InterfaceNamesDescription) {
    this.#memory = memory;
    this.#description = description;
    this.#images = description.images;
  }

  /** Names that are new from here on are entered into these images. */
  replaceImages(images: readonly PlacedRows[]): void {
    this.#images = images;
  }

  /** Enters all names that are known into images in which there are none yet. */
  enterAll(images: readonly PlacedRows[]): void {
    const bytes = new Uint8Array(this.#memory.buffer);
    const count = this.#count();
    for (let index = 0; index < count; index++) enter(bytes, images, index, this.name(index));
  }

  /**
   * Index of `name`, which is added with its bits in every rule set's rows when it is new. Only one thread at a time
   * may call this (the holder of the reading baton, or the main thread before the scan). 0 when the table is full,
   * and for a new name where the machine's interfaces are all known.
   */
  indexOf(name: string): number {
    const bytes = new TextEncoder().encode(name).subarray(0, Control.NAME_BYTES - 1);
    const kept = new TextDecoder().decode(bytes);
    const count = this.#count();
    for (let index = 1; index < count; index++) if (this.name(index) === kept) return index;
    if (this.#description.complete || count >= Image.INTERFACES) return 0;
    this.add(count, kept);
    return count;
  }

  /** Puts a name at an index, as the machine's interface table has it. */
  add(index: number, name: string): void {
    const bytes = new Uint8Array(this.#memory.buffer);
    const slot = this.#description.table + index * Control.NAME_BYTES;
    bytes.set(new TextEncoder().encode(name).subarray(0, Control.NAME_BYTES - 1), slot);
    enter(bytes, this.#images, index, name);
    const words = new Int32Array(this.#memory.buffer, this.#description.control, Control.BYTES / 4);
    Atomics.store(words, Control.INTERFACES / 4, Math.max(this.#count(), index + 1));
  }

  #count(): number {
    const words = new Int32Array(this.#memory.buffer, this.#description.control, Control.BYTES / 4);
    return Atomics.load(words, Control.INTERFACES / 4);
  }

  /** Name of an index in the table; index 0 is the empty name. */
  name(index: number): string {
    const slot = this.#description.table + index * Control.NAME_BYTES;
    // A copy: TextDecoder refuses views of shared memory.
    const bytes = new Uint8Array(this.#memory.buffer).slice(slot, slot + Control.NAME_BYTES);
    const end = bytes.indexOf(0);
    return new TextDecoder().decode(bytes.subarray(0, end < 0 ? bytes.length : end));
  }
}

function enter(bytes: Uint8Array, images: readonly PlacedRows[], index: number, name: string): void {
  for (const { base, rows, interfaceTables } of images) {
    setInterface(bytes, base, rows, index, name);
    for (const table of interfaceTables) setInterfaceVector(bytes, base, table, index, name);
  }
}
