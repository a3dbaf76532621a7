// -j REJECT (ipt_REJECT.c, ip6t_REJECT.c): the packet ends here; the sender is told.

import type { Family } from '../../model/ruleset.ts';
import type { TargetExtension } from '../extension.ts';
import { argument, find } from '../value.ts';

export interface RejectOptions {
  /** Number of the reply (enum ipt_reject_with, ip6t_reject_with). */
  readonly type: number;
  /** Its name as iptables-save prints it. */
  readonly with: string;
}

interface RejectType extends RejectOptions {
  readonly alias: string;
}

const TYPES: Readonly<Record<Family, readonly RejectType[]>> = {
  ipv4: [
    { with: 'icmp-net-unreachable', alias: 'net-unreach', type: 0 },
    { with: 'icmp-host-unreachable', alias: 'host-unreach', type: 1 },
    { with: 'icmp-proto-unreachable', alias: 'proto-unreach', type: 2 },
    { with: 'icmp-port-unreachable', alias: 'port-unreach', type: 3 },
    { with: 'icmp-net-prohibited', alias: 'net-prohib', type: 5 },
    { with: 'icmp-host-prohibited', alias: 'host-prohib', type: 6 },
    { with: 'tcp-reset', alias: 'tcp-rst', type: 7 },
    { with: 'icmp-admin-prohibited', alias: 'admin-prohib', type: 8 },
  ],
  ipv6: [
    { with: 'icmp6-no-route', alias: 'no-route', type: 0 },
    { with: 'icmp6-adm-prohibited', alias: 'adm-prohibited', type: 1 },
    { with: 'icmp6-addr-unreachable', alias: 'addr-unreach', type: 3 },
    { with: 'icmp6-port-unreachable', alias: 'port-unreach', type: 4 },
    { with: 'tcp-reset', alias: 'tcp-reset', type: 6 },
    { with: 'icmp6-policy-fail', alias: 'policy-fail', type: 7 },
    { with: 'icmp6-reject-route', alias: 'reject-route', type: 8 },
  ],
};

const DEFAULT = { ipv4: 'icmp-port-unreachable', ipv6: 'icmp6-port-unreachable' } as const;
const TCP = 6;

export const REJECT: TargetExtension<RejectOptions> = {
  kind: 'target',
  name: 'REJECT',
  tables: ['filter'],
  hooks: ['INPUT', 'FORWARD', 'OUTPUT'],
  options: [{ name: 'reject-with', arguments: 1 }],

  parse(options, context) {
    const option = find(options, 'reject-with');
    const wanted = (option === undefined ? DEFAULT[context.family] : argument(option)).toLowerCase();
    const types = TYPES[context.family];
    // The beginning of a name is enough; the first that fits is taken.
    const found = types.find(({ with: name, alias }) => name.startsWith(wanted) || alias.startsWith(wanted));
    if (found === undefined) {
      const names = types.map(({ with: name }) => name).join(', ');
      return context.fail(`unknown reject type "${wanted}"`, option, `it can be ${names}`);
    }
    if (found.with === 'tcp-reset' && (context.protocol !== TCP || context.protocolInvert)) {
      context.fail('tcp-reset is for TCP alone', option, 'add "-p tcp"');
    }
    return { type: found.type, with: found.with };
  },

  print(options) {
    return `--reject-with ${options.with}`;
  },

  list(options) {
    return `reject-with ${options.with}`;
  },

  lower({ type }) {
    return { kind: 'reject', type };
  },
};
