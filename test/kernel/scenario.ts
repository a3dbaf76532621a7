// A comparison: a host, rules for one or both families, and a capture. What the kernel counted is kept beside it as a
// golden file, so that the comparison also holds where there is no root.

import type { CapturedPacket, Frame } from './capture.ts';
import type { RuleSetCounters } from './counters.ts';
import type { Backend, HostFiles, HostSpec } from './namespace.ts';

export interface Rules {
  readonly ipv4?: string | undefined;
  readonly ipv6?: string | undefined;
}

export interface Scenario {
  readonly name: string;
  readonly host: HostSpec;
  readonly rules: Rules;
  /** Where the rules come from, when they are not the project's own. */
  readonly ruleSources?: readonly RuleSource[] | undefined;
  readonly capture:
    | { readonly kind: 'frames'; readonly frames: readonly Frame[] }
    | { readonly kind: 'file'; readonly path: string; readonly packets: readonly CapturedPacket[] };
}

/** What a replay needs. */
export type Recorded = Pick<Scenario, 'name' | 'rules' | 'capture'>;

export interface RuleSource {
  readonly path: string;
  /** Rules left out because they use what is not modelled. */
  readonly leftOut: number;
}

export interface FamilyCounters {
  readonly ipv4?: RuleSetCounters;
  readonly ipv6?: RuleSetCounters;
}

export type Table = readonly string[] | string;

/** A golden file: test/kernel/golden/NAME.json. */
export interface Golden {
  readonly kernel: string;
  readonly host: HostFiles;
  /** The project's own rules stand here; of others, only a digest of the text that was loaded. */
  readonly rules?: Rules | undefined;
  readonly ruleSources?: readonly RuleSource[] | undefined;
  readonly rulesSha256: string;
  /** Interface, direction and bytes of each frame, `eth0 in 0102...`. */
  readonly capture?: string | undefined;
  readonly frames?: readonly string[] | undefined;
  readonly captureSha256?: string | undefined;
  readonly counters: Partial<Record<Backend, FamilyCounters>>;
  /** The connections at the end (tableLines() in namespace.ts); of the corpus' captures their digest. */
  readonly table?: Partial<Record<Backend, Table>> | undefined;
}
