// How a packet's way ends outside the rules.

/** Names of `reason` in LOST verdicts. */
export type LostReason =
  | 'bad-header'
  | 'ip-checksum'
  | 'ip-truncated'
  | 'other-host'
  | 'no-vlan-device'
  | 'martian-source'
  | 'martian-destination'
  | 'no-route'
  | 'forwarding-off'
  | 'ttl'
  | 'hotdrop'
  | 'blackhole'
  | 'prohibit'
  | 'unreachable'
  | 'not-joined'
  | 'packet-too-big'
  | 'source-route'
  | 'bad-option'
  | 'fragment-duplicate'
  | 'fragment-timeout'
  | 'fragment-memory'
  | 'fragment-malformed'
  | 'fragment-overlap'
  | 'reverse-path'
  | 'interface-down'
  | 'scope'
  | 'conntrack'
  | 'conntrack-full'
  | 'helper';

/** Thrown where Linux frees the packet without asking a rule. */
export class Lost extends Error {
  override readonly name = 'Lost';
  readonly reason: LostReason;

  constructor(reason: LostReason) {
    super(reason);
    this.reason = reason;
  }
}
