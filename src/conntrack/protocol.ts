// Names that connection tracking has for protocols and their states: libnetfilter_conntrack's, which conntrack(8)
// prints. A state's place in its list is its number in the kernel (linux/netfilter/nf_conntrack_tcp.h, _sctp.h,
// _dccp.h).

export const ICMP = 1;
export const TCP = 6;
export const UDP = 17;
export const DCCP = 33;
export const GRE = 47;
export const ICMPV6 = 58;
export const SCTP = 132;
export const UDPLITE = 136;

/** What a protocol's tuples hold besides the addresses. */
export type TupleKind = 'ports' | 'icmp' | 'keys' | 'none';

export interface TrackedProtocol {
  readonly number: number;
  readonly name: string;
  readonly tuple: TupleKind;
  /** Names of its states by number; empty where entries have none. */
  readonly states: readonly string[];
}

const TCP_STATES = [
  'NONE',
  'SYN_SENT',
  'SYN_RECV',
  'ESTABLISHED',
  'FIN_WAIT',
  'CLOSE_WAIT',
  'LAST_ACK',
  'TIME_WAIT',
  'CLOSE',
  'SYN_SENT2',
];

const SCTP_STATES = [
  'NONE',
  'CLOSED',
  'COOKIE_WAIT',
  'COOKIE_ECHOED',
  'ESTABLISHED',
  'SHUTDOWN_SENT',
  'SHUTDOWN_RECD',
  'SHUTDOWN_ACK_SENT',
  'HEARTBEAT_SENT',
  'HEARTBEAT_ACKED',
];

const DCCP_STATES = [
  'NONE',
  'REQUEST',
  'RESPOND',
  'PARTOPEN',
  'OPEN',
  'CLOSEREQ',
  'CLOSING',
  'TIMEWAIT',
  'IGNORE',
  'INVALID',
];

const PROTOCOLS: readonly TrackedProtocol[] = [
  { number: ICMP, name: 'icmp', tuple: 'icmp', states: [] },
  { number: TCP, name: 'tcp', tuple: 'ports', states: TCP_STATES },
  { number: UDP, name: 'udp', tuple: 'ports', states: [] },
  { number: DCCP, name: 'dccp', tuple: 'ports', states: DCCP_STATES },
  { number: GRE, name: 'gre', tuple: 'keys', states: [] },
  { number: ICMPV6, name: 'icmpv6', tuple: 'icmp', states: [] },
  { number: SCTP, name: 'sctp', tuple: 'ports', states: SCTP_STATES },
  { number: UDPLITE, name: 'udplite', tuple: 'ports', states: [] },
];

const byNumber = new Map(PROTOCOLS.map((protocol) => [protocol.number, protocol]));
const byName = new Map(PROTOCOLS.map((protocol) => [protocol.name, protocol]));

/** The protocol of a number; those without a name are `unknown`, tracked by their addresses alone. */
export function trackedProtocol(number: number): TrackedProtocol {
  return byNumber.get(number) ?? { number, name: 'unknown', tuple: 'none', states: [] };
}

/** The protocol that goes by a name, undefined when there is none (`unknown` is not one). */
export function protocolNamed(name: string): TrackedProtocol | undefined {
  return byName.get(name);
}
