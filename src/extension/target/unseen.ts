// Targets that change nothing a rule or a counter can see: CHECKSUM, CLASSIFY, AUDIT and TRACE. The packet goes on.

import type { TargetExtension } from '../extension.ts';
import { argument, find } from '../value.ts';

export type EmptyOptions = Readonly<Record<string, never>>;

/** -j CHECKSUM (xt_CHECKSUM.c): fills in a checksum that was left to the hardware. */
export const CHECKSUM: TargetExtension<EmptyOptions> = {
  kind: 'target',
  name: 'CHECKSUM',
  tables: ['mangle'],
  options: [{ name: 'checksum-fill', arguments: 0 }],
  parse(options, context) {
    if (options.length === 0) context.fail('CHECKSUM: option "--checksum-fill" must be specified');
    return {};
  },
  print: () => '--checksum-fill',
  list: () => 'CHECKSUM fill',
  lower: () => ({ kind: 'operations' }),
};

/** The queueing class: major and minor number, 16 bits each. */
export interface ClassifyOptions {
  readonly major: number;
  readonly minor: number;
}

/** -j CLASSIFY (xt_CLASSIFY.c): sets the priority that queueing disciplines look at. */
export const CLASSIFY: TargetExtension<ClassifyOptions> = {
  kind: 'target',
  name: 'CLASSIFY',
  hooks: ['FORWARD', 'OUTPUT', 'POSTROUTING'],
  options: [{ name: 'set-class', arguments: 1 }],
  parse(options, context) {
    const option = find(options, 'set-class');
    if (option === undefined) return context.fail('CLASSIFY: option "--set-class" must be specified');
    const [, major, minor] = /^(?:0x)?([0-9a-f]+):(?:0x)?([0-9a-f]+)/i.exec(argument(option)) ?? [];
    if (major === undefined || minor === undefined) {
      return context.fail(`"${argument(option)}" is not a class: MAJOR:MINOR in hex`, option);
    }
    // iptables keeps the low 16 bits.
    return { major: Number.parseInt(major, 16) & 0xffff, minor: Number.parseInt(minor, 16) & 0xffff };
  },
  print({ major, minor }) {
    return `--set-class ${[major, minor].map((one) => one.toString(16).padStart(4, '0')).join(':')}`;
  },
  list({ major, minor }) {
    return `CLASSIFY set ${major.toString(16)}:${minor.toString(16)}`;
  },
  lower: () => ({ kind: 'operations' }),
};

export interface AuditOptions {
  readonly type: 'accept' | 'drop' | 'reject';
}

/** -j AUDIT (xt_AUDIT.c): writes an audit record. */
export const AUDIT: TargetExtension<AuditOptions> = {
  kind: 'target',
  name: 'AUDIT',
  options: [{ name: 'type', arguments: 1 }],
  parse(options, context) {
    const option = find(options, 'type');
    if (option === undefined) return context.fail('AUDIT: option "--type" must be specified');
    const type = argument(option).toLowerCase();
    if (type !== 'accept' && type !== 'drop' && type !== 'reject') {
      return context.fail(`"${argument(option)}" is none of accept, drop and reject`, option);
    }
    return { type };
  },
  print: ({ type }) => `--type ${type}`,
  list: ({ type }) => `AUDIT ${type}`,
  lower: () => ({ kind: 'operations' }),
};

/** -j TRACE (xt_TRACE.c): the kernel then logs the packet's way. */
export const TRACE: TargetExtension<EmptyOptions> = {
  kind: 'target',
  name: 'TRACE',
  tables: ['raw'],
  options: [],
  parse: () => ({}),
  print: () => '',
  list: () => '',
  lower: () => ({ kind: 'operations' }),
};
