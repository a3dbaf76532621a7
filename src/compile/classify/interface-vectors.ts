// Interfaces as a search field. Which interfaces there are is known only when the machine is, and a pcapng file can
// name more while it is read: so the image has a table by interface index, all "every rule", and room for vectors.

import * as BitVector from '../../layout/bitvector.ts';
import * as Image from '../../layout/image.ts';
import type { Negatable } from '../../model/ruleset.ts';
import type { Emitter } from '../emitter.ts';
import { interfaceMatches } from '../interface-rows.ts';
import type { VectorPool } from './vector-pool.ts';

/** Different vectors that a table has room for; interfaces beyond keep "every rule", and every rule is verified. */
const ROOM = 32;

/** Structured-clonable: setInterfaceVector runs in whichever thread learns of an interface. */
export interface ClassifiedInterfaces {
  /** Image offset of the table. */
  readonly table: number;
  /** Image offset of the room for leaves with their vectors, and the size of a vector. */
  readonly leaves: number;
  readonly vectorBytes: number;
  readonly ruleCount: number;
  /** Rules with an interface condition. */
  readonly rules: readonly { readonly rule: number; readonly pattern: string; readonly invert: boolean }[];
}

export class InterfaceVectors {
  readonly description: ClassifiedInterfaces;

  constructor(emitter: Emitter, pool: VectorPool, conditions: readonly (Negatable<string> | undefined)[]) {
    const all = pool.blank();
    conditions.forEach((_, rule) => {
      all.add(rule);
    });
    const everyRule = pool.offset(all);
    emitter.align(64);
    const table = emitter.append(new Array<number>(Image.INTERFACES).fill(everyRule));
    this.description = {
      table,
      leaves: pool.reserve(ROOM),
      vectorBytes: pool.bytes,
      ruleCount: pool.ruleCount,
      rules: conditions.flatMap((condition, rule) =>
        condition === undefined ? [] : [{ rule, pattern: condition.value, invert: condition.invert }],
      ),
    };
  }
}

/** Gives interface `index` its vector in an image that stands at `base` in `bytes`. */
export function setInterfaceVector(
  bytes: Uint8Array,
  base: number,
  classified: ClassifiedInterfaces,
  index: number,
  name: string,
): void {
  const { vectorBytes, ruleCount } = classified;
  const vector = new Uint8Array(vectorBytes);
  for (let rule = 0; rule <= ruleCount; rule++) setBit(vector, rule);
  for (const { rule, pattern, invert } of classified.rules) {
    if (interfaceMatches(pattern, name) === invert) clearBit(vector, rule);
  }
  for (let slot = 0; slot < ROOM; slot++) {
    const leaf = classified.leaves + slot * (BitVector.LEAF_BYTES + vectorBytes);
    const at = base + leaf + BitVector.LEAF_BYTES;
    const place = bytes.subarray(at, at + vectorBytes);
    // A slot in use is never zero: the chain's end is in every vector.
    const free = place.every((byte) => byte === 0);
    if (free) place.set(vector);
    if (!free && !place.every((byte, position) => byte === vector[position])) continue;
    const entry = base + classified.table + 4 * index;
    new DataView(bytes.buffer, bytes.byteOffset).setUint32(entry, leaf, true);
    return;
  }
}

function setBit(vector: Uint8Array, bit: number): void {
  vector[bit >> 3] = (vector[bit >> 3] as number) | (1 << (bit & 7));
}

function clearBit(vector: Uint8Array, bit: number): void {
  vector[bit >> 3] = (vector[bit >> 3] as number) & ~(1 << (bit & 7));
}

/** Bytes of a table: checked against the layout when this module is loaded. */
if (Image.INTERFACES * 4 !== BitVector.INTERFACE_TABLE_BYTES) throw new Error('interface table size drifted');
