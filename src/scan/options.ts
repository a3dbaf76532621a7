// What a scan is asked to do.

import type { UnknownPolicy } from '../compile/compile.ts';
import type { ConntrackEntry } from '../conntrack/entry.ts';
import type { Machine } from '../host/machine.ts';
import type { Backend, RuleSet } from '../model/ruleset.ts';
import type { VerdictName } from '../report/verdict.ts';
import type { Sink } from './sink.ts';

export interface ScanOptions {
  /** Capture files in order, one stream; `-` is stdin. */
  readonly captures: readonly string[];
  readonly rules4?: RuleSet | undefined;
  readonly rules6?: RuleSet | undefined;
  /** The modelled machine; without one it is guessed from the first packets. */
  readonly machine?: Machine | undefined;
  /** For the guess: names of the interfaces that packets come in by and leave by. */
  readonly in?: string | undefined;
  readonly out?: string | undefined;
  /** Worker threads; default: the cores, fewer for small captures. Results do not depend on it. */
  readonly workers?: number | undefined;
  /** Default: nft where a rule set says that it was saved by it, else legacy. */
  readonly backend?: Backend | undefined;
  /** Matches and targets that are not modelled; default: refuse. */
  readonly unknown?: UnknownPolicy | undefined;
  /** nf_conntrack_checksum: TCP, UDP and ICMP checksums matter to connection tracking alone. */
  readonly verifyChecksums?: boolean | undefined;
  /** auto: as the machine says, unless none of the first frames carries one of its MACs. */
  readonly mac?: 'auto' | 'use' | 'ignore' | undefined;
  /** Add to the counters that the rule sets had. */
  readonly keepCounters?: boolean | undefined;
  /** --verdicts: NDJSON, one object a packet. */
  readonly verdicts?: Sink | undefined;
  /** --write: packets of a verdict, as captured; pcap where it can hold them, unless the name ends in .pcapng. */
  readonly writes?: readonly { readonly verdict: VerdictName; readonly sink: Sink }[] | undefined;
  /** --conntrack: the table at the end, as `conntrack -L -o extended` prints it. */
  readonly conntrack?: Sink | undefined;
  /** --events: NEW, UPDATE and DESTROY, as `conntrack -E -o timestamp,extended` prints them. */
  readonly events?: Sink | undefined;
  /** --conntrack-from: entries that there are before the first packet (readConntrack), times counted from it. */
  readonly conntrackFrom?: readonly ConntrackEntry[] | undefined;
  /** Of the hash of connections, 64 bits; default: drawn, so that nobody can choose colliding ones. */
  readonly seed?: bigint | undefined;
  /** Stops the scan: what was counted so far is the result. */
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((progress: ScanProgress) => void) | undefined;
  /** Walk every chain rule by rule, without classifiers: slower, the same results. */
  readonly linear?: boolean | undefined;
  /** Bytes of a batch; default 1 MiB. */
  readonly batchBytes?: number | undefined;
  /** Keys and lists of trails that a shard of connections remembers (src/layout/trail.ts). */
  readonly trailKeys?: number | undefined;
  readonly trailLists?: number | undefined;
}

export interface ScanProgress {
  readonly packets: number;
  /** Bytes of the captures read so far (of the current file) and in all, where that is known. */
  readonly bytes: number;
  readonly totalBytes: number | undefined;
  readonly seconds: number;
}
