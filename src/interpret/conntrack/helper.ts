// Helpers: what looks into the payload of a connection for others that it will bring about (struct
// nf_conntrack_helper). One file a helper, in helper/; helper/index.ts names them.

import type { Connection, Direction } from './connection.ts';
import type { ExpectationSpec, ExpectPolicy } from './expectation.ts';
import type { GreKeys } from './gre.ts';
import type { TcpHeader } from './tcp-segment.ts';

/** What a helper keeps in a connection that it looks after (nfct_help_data); each has its own keys. */
export type HelperData = Record<string, unknown>;

/** A packet of a connection with a helper, when it has passed all tables (nf_confirm). */
export interface Help {
  readonly connection: Connection;
  readonly direction: Direction;
  /** enum ip_conntrack_info (layout/conntrack.ts, INFO_*). */
  readonly ctinfo: number;
  /**
   * What is behind the transport header; `undefined` when not all of it was captured, and the helper is not asked.
   * Empty for a TCP segment without data, of which the helper is told too.
   */
  readonly payload: Uint8Array;
  /** TCP: the segment's header. */
  readonly tcp: TcpHeader | undefined;
  readonly nowNs: bigint;
  /** Number of the packet. */
  readonly number: bigint;
  /** nf_ct_expect_related: false when it is refused (a clash; too many). */
  expect(spec: ExpectationSpec): boolean;
  /** Keys of GRE by PPTP's calls. */
  readonly greKeys: GreKeys;
}

export interface Helper {
  /** As `-j CT --helper` names it. */
  readonly name: string;
  /** Transport protocols that it is for. */
  readonly protocols: readonly number[];
  /** By class of expectation: how many of them a connection may have, and for how long. */
  readonly policies: readonly ExpectPolicy[];
  /** help(): 'drop' ends the packet's way (nf_ct_helper_log). */
  help(help: Help): 'accept' | 'drop';
}
