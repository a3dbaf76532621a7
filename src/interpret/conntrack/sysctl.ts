// net.netfilter.nf_conntrack_*: switches and timeouts, with the defaults of Linux 6.18.

import { hasAllInterfaces, type Machine } from '../../host/machine.ts';

/** Seconds of a timeout, by what stands behind `nf_conntrack_`. */
const TIMEOUTS = {
  generic_timeout: 600,
  icmp_timeout: 30,
  icmpv6_timeout: 30,
  udp_timeout: 30,
  udp_timeout_stream: 120,
  gre_timeout: 30,
  gre_timeout_stream: 180,
  tcp_timeout_syn_sent: 120,
  tcp_timeout_syn_recv: 60,
  tcp_timeout_established: 432_000,
  tcp_timeout_fin_wait: 120,
  tcp_timeout_close_wait: 60,
  tcp_timeout_last_ack: 30,
  tcp_timeout_time_wait: 120,
  tcp_timeout_close: 10,
  tcp_timeout_max_retrans: 300,
  tcp_timeout_unacknowledged: 300,
  sctp_timeout_closed: 10,
  sctp_timeout_cookie_wait: 3,
  sctp_timeout_cookie_echoed: 3,
  sctp_timeout_established: 210,
  sctp_timeout_shutdown_sent: 3,
  sctp_timeout_shutdown_recd: 3,
  sctp_timeout_shutdown_ack_sent: 3,
  sctp_timeout_heartbeat_sent: 30,
} as const;

export type TimeoutName = keyof typeof TIMEOUTS;

/** struct netns_ct, and the fields of its protocols. */
export interface ConntrackSysctls {
  /** Entries that there may be; 0: any number. */
  readonly max: number;
  readonly expectMax: number;
  readonly accounting: boolean;
  readonly timestamp: boolean;
  readonly checksum: boolean;
  /** 0 never, 1 and 2 when somebody listens. */
  readonly events: boolean;
  readonly tcpLoose: boolean;
  readonly tcpBeLiberal: boolean;
  readonly tcpIgnoreInvalidRst: boolean;
  readonly tcpMaxRetrans: number;
  timeoutNs(name: TimeoutName): bigint;
}

const SECOND_NS = 1_000_000_000n;
/** nf_conntrack_init_start, on a machine with 4 GiB of memory or more; one that is made up has no limit. */
const DEFAULT_MAX = 262_144;

export function readSysctls(machine: Machine): ConntrackSysctls {
  const read = (name: string, initial: number): number => {
    const value = Number(machine.sysctls.get(`net.netfilter.nf_conntrack_${name}`) ?? initial);
    return Number.isInteger(value) && value >= 0 ? value : initial;
  };
  return {
    max: read('max', hasAllInterfaces(machine) ? DEFAULT_MAX : 0),
    expectMax: read('expect_max', 4096),
    accounting: read('acct', 0) !== 0,
    timestamp: read('timestamp', 0) !== 0,
    // Linux verifies by default; captures of what a host sends have wrong checksums, so that it has to be asked for.
    checksum: read('checksum', 0) !== 0,
    events: read('events', 2) !== 0,
    tcpLoose: read('tcp_loose', 1) !== 0,
    tcpBeLiberal: read('tcp_be_liberal', 0) !== 0,
    tcpIgnoreInvalidRst: read('tcp_ignore_invalid_rst', 0) !== 0,
    tcpMaxRetrans: read('tcp_max_retrans', 3),
    timeoutNs: (name) => BigInt(read(name, TIMEOUTS[name])) * SECOND_NS,
  };
}
