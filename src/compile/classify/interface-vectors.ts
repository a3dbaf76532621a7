// Interfaces as a search field. Which interfaces there are is known only when the machine is, and a pcapng file can
// name more while it is read: so the image has a table by interface index, all "every rule", and room for vectors.

import * as BitVector from '../../layout/bitvector.ts';
import * as Image from '../../layout/image.ts';
import type { Negatable } from '../../model/ruleset.ts';
import type { Emitter } from '../emitter.ts';
import { interfaceMatches } from '../interface-rows.ts';
import type { VectorPool } from './vector-pool.ts';

/** Bytes that the vectors of one table may take, a rule and in any case. */
const BYTES_A_RULE = 256;
const LEAST_BYTES = 64 * 1024;

/** Structured-clonable: setInterfaceVector runs in whichever thread learns of an interface. */
export interface ClassifiedInterfaces {
  /** Image offset of the table. */
  readonly table: number;
  /** Image offset of the room for leaves with their vectors, how many there may be, and the size of a vector. */
  readonly leaves: number;
  readonly room: number;
  readonly vectorBytes: number;
  /** Different vectors that interfaces can have; those without room keep "every rule", and every rule is verified. */
  readonly kinds: number;
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
    // Of the patterns that an interface fits the longest says which the others are.
    const patterns = new Set(conditions.flatMap((condition) => condition?.value ?? []));
    const kinds = Math.min(patterns.size + 1, Image.INTERFACES);
    const most = Math.max(LEAST_BYTES, conditions.length * BYTES_A_RULE);
    const room = Math.min(kinds, Math.floor(most / (BitVector.LEAF_BYTES + pool.bytes)));
    this.description = {
      table,
      leaves: pool.reserve(room),
      room,
      vectorBytes: pool.bytes,
      kinds,
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
  for (let slot = 0; slot < classified.room; slot++) {
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
