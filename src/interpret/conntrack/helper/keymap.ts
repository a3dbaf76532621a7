// The call ids that PPTP sessions have told of (nf_conntrack_proto_gre.c): a GRE packet names its receiver's only.

import type { Tuple } from '../../../conntrack/entry.ts';
import type { Address } from '../../../model/address.ts';
import type { Family } from '../../../model/ruleset.ts';

/** The tuple of one direction of a session's tunnel. */
export interface Key {
  /** The session's connection. */
  readonly master: object;
  readonly family: Family;
  readonly direction: number;
  readonly tuple: Tuple;
}

export class Keymap {
  #keys: Key[] = [];

  /** nf_ct_gre_keymap_add: false when the session has another for that direction. */
  add(key: Key): boolean {
    const own = this.#keys.find((one) => one.master === key.master && one.direction === key.direction);
    if (own === undefined) this.#keys.push(key);
    return own === undefined || isFor(own, key.family, key.tuple.source, key.tuple.destination, keyOf(key));
  }

  /** gre_keymap_lookup: the sender's call id of a packet with the receiver's call id `key`, 0 when none is known. */
  sourceKey(family: Family, source: Address, destination: Address, key: number): number {
    const found = this.#keys.find((one) => isFor(one, family, source, destination, key));
    return found?.tuple.sourceKey ?? 0;
  }

  forget(master: object): void {
    this.#keys = this.#keys.filter((one) => one.master !== master);
  }
}

function keyOf(key: Key): number {
  return key.tuple.destinationKey ?? 0;
}

function isFor(one: Key, family: Family, source: Address, destination: Address, key: number): boolean {
  return (
    one.family === family &&
    keyOf(one) === key &&
    Buffer.compare(one.tuple.source, source) === 0 &&
    Buffer.compare(one.tuple.destination, destination) === 0
  );
}
