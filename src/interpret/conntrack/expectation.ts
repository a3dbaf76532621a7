// Expectations: connections that a helper read about in another one, its master (nf_conntrack_expect.c).

import type { Tuple } from '../../conntrack/entry.ts';
import type { Address } from '../../model/address.ts';
import type { Family } from '../../model/ruleset.ts';
import { Keymap } from './helper/keymap.ts';
import { type HelperName, policyOf } from './helper/policy.ts';

/** A connection with a helper, as far as helpers and expectations ask about it. */
export interface Master {
  readonly family: Family;
  readonly protocol: number;
  readonly original: Tuple;
  readonly reply: Tuple;
  readonly zone: number;
  readonly helper: HelperName;
  /** It is in the table, and not yet expired at `nowNs`. */
  isAlive(nowNs: bigint): boolean;
  /** IPS_EXPECTED: it was itself expected. */
  readonly expected: boolean;
  /** What its helper keeps between packets; the helper's file says what. */
  helperState: unknown;
  /** nf_ct_refresh: it shall not expire before then, nor later. */
  refresh(nowNs: bigint, timeoutNs: bigint): void;
}

/** What a helper asks for. */
export interface Request {
  readonly family: Family;
  readonly protocol: number;
  /** Undefined: any. */
  readonly source?: Address | undefined;
  /** All ones where it is undefined. */
  readonly sourceMask?: Address | undefined;
  readonly sourcePort?: number | undefined;
  readonly destination: Address;
  readonly destinationPort: number;
  /** Index into the helper's policy. */
  readonly class: number;
  /** Helper of the expected connection. */
  readonly helper?: HelperName | undefined;
  readonly permanent?: boolean;
  readonly inactive?: boolean;
  /** Where in the payload address and port stood. */
  readonly match?: { readonly offset: number; readonly length: number } | undefined;
  /** A new connection has met it (nf_conntrack_expect.expectfn); the argument ends that connection. */
  readonly met?: ((tunnel: Tunnel) => void) | undefined;
}

/** The connection that met an expectation. */
export interface Tunnel {
  readonly original: Tuple;
  /** It is in the table, and not yet expired. */
  isAlive(): boolean;
  kill(): void;
}

export interface Expectation extends Request {
  readonly master: Master;
  readonly zone: number;
  deadlineNs: bigint;
  inactive: boolean;
  readonly permanent: boolean;
}

/** What became of a request: Linux's error names. */
export type Outcome = 'expected' | 'EBUSY' | 'EALREADY' | 'EMFILE';

export class ExpectationTable {
  /** PPTP's call ids. */
  readonly keys = new Keymap();
  /** The newest first. */
  #list: Expectation[] = [];
  readonly #most: number;

  /** @param most nf_conntrack_expect_max */
  constructor(most: number) {
    this.#most = most;
  }

  /** All that are there at `nowNs`, the newest first. */
  list(nowNs: bigint): readonly Expectation[] {
    this.#list = this.#list.filter((one) => one.deadlineNs > nowNs);
    return this.#list;
  }

  /** Those of one master. */
  of(master: Master, nowNs: bigint): readonly Expectation[] {
    return this.list(nowNs).filter((one) => one.master === master);
  }

  /** nf_ct_expect_related. `skipMaster`: another master's same expectation is EALREADY, not EBUSY. */
  expect(master: Master, request: Request, nowNs: bigint, skipMaster = false): Outcome {
    const policy = policyOf(master.helper, request.class);
    const fresh: Expectation = {
      ...request,
      master,
      zone: master.zone,
      permanent: request.permanent ?? false,
      inactive: request.inactive ?? false,
      deadlineNs: nowNs + policy.timeoutNs,
    };
    for (const other of this.list(nowNs)) {
      if ((skipMaster || other.master === master) && isSame(other, fresh)) {
        if (other.master !== master || other.class !== fresh.class) return 'EALREADY';
        this.remove(other);
        break;
      }
      if (clash(other, fresh)) return 'EBUSY';
    }
    const own = this.of(master, nowNs).filter((one) => one.class === fresh.class);
    if (own.length >= policy.most) this.remove(own.at(-1) as Expectation);
    if (this.#list.length >= this.#most) return 'EMFILE';
    this.#list.unshift(fresh);
    return 'expected';
  }

  remove(expectation: Expectation): void {
    this.#list = this.#list.filter((one) => one !== expectation);
  }

  /** Its connection is gone. */
  forget(master: Master): void {
    this.#list = this.#list.filter((one) => one.master !== master);
  }

  /** __nf_ct_expect_find: the newest that a connection with this tuple would meet. */
  find(
    family: Family,
    protocol: number,
    tuple: Tuple,
    zone: number,
    nowNs: bigint,
    inactive = true,
  ): Expectation | undefined {
    return this.list(nowNs).find(
      (one) =>
        (inactive || !one.inactive) &&
        one.family === family &&
        one.protocol === protocol &&
        one.zone === zone &&
        equal(one.destination, tuple.destination) &&
        one.destinationPort === destinationOf(tuple) &&
        (one.source === undefined || equalUnder(one.source, tuple.source, one.sourceMask)) &&
        (one.sourcePort === undefined || one.sourcePort === sourceOf(tuple)),
    );
  }

  /** nf_ct_find_expectation: what a new connection meets, taken away unless it is permanent. */
  meet(family: Family, protocol: number, tuple: Tuple, zone: number, nowNs: bigint): Expectation | undefined {
    const found = this.find(family, protocol, tuple, zone, nowNs, false);
    if (found === undefined || !found.master.isAlive(nowNs)) return undefined;
    if (!found.permanent) this.remove(found);
    return found;
  }
}

function sourceOf(tuple: Tuple): number {
  return tuple.sourcePort ?? tuple.sourceKey ?? 0;
}

function destinationOf(tuple: Tuple): number {
  return tuple.destinationPort ?? tuple.destinationKey ?? 0;
}

export function equal(a: Address, b: Address): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}

function equalUnder(a: Address, b: Address, mask: Address | undefined): boolean {
  return a.every((byte, i) => (((byte as number) ^ (b[i] as number)) & (mask?.[i] ?? 255)) === 0);
}

/** What is compared without a mask: the destination. */
function sameDestination(a: Expectation, b: Expectation): boolean {
  return (
    a.family === b.family &&
    a.protocol === b.protocol &&
    a.zone === b.zone &&
    a.destinationPort === b.destinationPort &&
    equal(a.destination, b.destination)
  );
}

/** expect_matches */
function isSame(a: Expectation, b: Expectation): boolean {
  const same = (x: Address | undefined, y: Address | undefined): boolean =>
    x === undefined || y === undefined ? x === y : equal(x, y);
  return (
    sameDestination(a, b) &&
    a.sourcePort === b.sourcePort &&
    same(a.source, b.source) &&
    same(a.sourceMask, b.sourceMask)
  );
}

/** expect_clash: some connection would meet both. */
function clash(a: Expectation, b: Expectation): boolean {
  if (!sameDestination(a, b)) return false;
  const ports = a.sourcePort === undefined || b.sourcePort === undefined || a.sourcePort === b.sourcePort;
  if (!ports || a.source === undefined || b.source === undefined) return ports;
  return a.source.every((byte, i) => {
    const mask = (a.sourceMask?.[i] ?? 255) & (b.sourceMask?.[i] ?? 255);
    return (((byte as number) ^ (b.source?.[i] as number)) & mask) === 0;
  });
}
