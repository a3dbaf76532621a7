// Expectations: connections that a helper has seen announced (nf_conntrack_expect.c).

import type { Address } from '../../model/address.ts';
import type { Family } from '../../model/ruleset.ts';
import { equalAddress } from '../address.ts';
import type { Connection } from './connection.ts';
import type { Helper } from './helper.ts';
import type { Tuple } from './tuple.ts';
import type { Zone } from './zone.ts';

/** struct nf_conntrack_expect_policy */
export interface ExpectPolicy {
  readonly max: number;
  readonly timeoutSeconds: number;
}

/** What is expected (nf_ct_expect_init). What is undefined may be anything. */
export interface ExpectationSpec {
  readonly family: Family;
  readonly protocol: number;
  readonly source?: Address | undefined;
  readonly destination: Address;
  readonly sourcePart?: number | undefined;
  readonly destinationPart: number;
  /** Place among the helper's policies; default 0. */
  readonly class?: number | undefined;
  /** Helper of the connection that is expected. */
  readonly helper?: Helper | undefined;
  /** It is not gone when it has been met (NF_CT_EXPECT_PERMANENT). */
  readonly permanent?: boolean | undefined;
  /** It is not met for now (NF_CT_EXPECT_INACTIVE). */
  readonly inactive?: boolean | undefined;
  /** Called with the connection that it expected (expectfn). */
  readonly met?: ((connection: Connection) => void) | undefined;
}

interface Expectation {
  readonly master: Connection;
  readonly spec: ExpectationSpec;
  readonly deadlineNs: bigint;
}

export class Expectations {
  /** The newest first. */
  #list: Expectation[] = [];
  readonly #max: number;

  constructor(max: number) {
    this.#max = max;
  }

  /** nf_ct_expect_related: false when it is refused. */
  add(master: Connection, spec: ExpectationSpec, nowNs: bigint): boolean {
    this.#collect(nowNs);
    const policy = master.helper?.policies[spec.class ?? 0];
    const same = this.#list.find((one) => one.master === master && matches(one.spec, spec));
    if (same !== undefined) {
      if ((same.spec.class ?? 0) !== (spec.class ?? 0)) return false;
      this.#remove(same);
    } else if (this.#list.some((one) => one.master.zone.id === master.zone.id && clash(one.spec, spec))) {
      return false;
    }
    if (policy !== undefined && policy.max > 0) this.#makeRoom(master, spec, policy.max);
    if (this.#list.length >= this.#max) return false;
    const lasts = BigInt(policy?.timeoutSeconds ?? 0) * 1_000_000_000n;
    this.#list.unshift({ master, spec, deadlineNs: nowNs + lasts });
    return true;
  }

  /** evict_oldest_expect */
  #makeRoom(master: Connection, spec: ExpectationSpec, max: number): void {
    const siblings = this.#list.filter(
      (one) => one.master === master && (one.spec.class ?? 0) === (spec.class ?? 0),
    );
    const oldest = siblings.at(-1);
    if (siblings.length >= max && oldest !== undefined) this.#remove(oldest);
  }

  /** nf_ct_find_expectation: whom a packet with this tuple was announced by; the expectation is gone then. */
  take(
    tuple: Tuple,
    zone: Zone,
    nowNs: bigint,
  ): { readonly master: Connection; readonly spec: ExpectationSpec } | undefined {
    this.#collect(nowNs);
    const found = this.#list.find(
      ({ spec, master }) => spec.inactive !== true && master.zone.id === zone.id && isExpected(spec, tuple),
    );
    if (found === undefined || !found.master.confirmed) return undefined;
    if (found.spec.permanent !== true) this.#remove(found);
    return found;
  }

  /** nf_ct_remove_expectations */
  removeAll(master: Connection): void {
    this.#list = this.#list.filter((one) => one.master !== master);
  }

  #remove(expectation: Expectation): void {
    this.#list = this.#list.filter((one) => one !== expectation);
  }

  #collect(nowNs: bigint): void {
    this.#list = this.#list.filter(({ deadlineNs, master }) => deadlineNs > nowNs && !isGone(master, nowNs));
  }
}

/** A connection takes its expectations along. */
function isGone(master: Connection, nowNs: bigint): boolean {
  return master.confirmed && master.isExpired(nowNs);
}

/** nf_ct_tuple_mask_cmp */
function isExpected(spec: ExpectationSpec, tuple: Tuple): boolean {
  return (
    tuple.family === spec.family &&
    tuple.protocol === spec.protocol &&
    tuple.destinationPart === spec.destinationPart &&
    equalAddress(tuple.destination, spec.destination) &&
    (spec.sourcePart === undefined || tuple.sourcePart === spec.sourcePart) &&
    (spec.source === undefined || equalAddress(tuple.source, spec.source))
  );
}

function isSameTarget(a: ExpectationSpec, b: ExpectationSpec): boolean {
  return (
    a.family === b.family &&
    a.protocol === b.protocol &&
    a.destinationPart === b.destinationPart &&
    equalAddress(a.destination, b.destination)
  );
}

function isSameAddress(a: Address | undefined, b: Address | undefined): boolean {
  return a === undefined || b === undefined ? a === b : equalAddress(a, b);
}

/** expect_matches */
function matches(a: ExpectationSpec, b: ExpectationSpec): boolean {
  return isSameTarget(a, b) && isSameAddress(a.source, b.source) && a.sourcePart === b.sourcePart;
}

/** expect_clash: both could expect the same connection. */
function clash(a: ExpectationSpec, b: ExpectationSpec): boolean {
  const sources = a.source === undefined || b.source === undefined || equalAddress(a.source, b.source);
  const parts = a.sourcePart === undefined || b.sourcePart === undefined || a.sourcePart === b.sourcePart;
  return isSameTarget(a, b) && sources && parts;
}
