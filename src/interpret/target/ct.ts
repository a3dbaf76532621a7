// -j CT and -j NOTRACK: xt_ct_target, notrack_tg (xt_CT.c).

import type { CtOptions } from '../../extension/target/ct.ts';
import { NEW, UNTRACKED } from '../conntrack/connection.ts';
import type { HelperName } from '../conntrack/helper/policy.ts';
import { Template } from '../conntrack/template.ts';
import type { Packet } from '../packet.ts';

/** One template a rule: what rules do to it, they do for all packets. */
const templates = new WeakMap<CtOptions, Template>();

export function CT(options: CtOptions, packet: Packet): 'continue' {
  if (options.notrack) return NOTRACK(options, packet);
  if (isMarked(packet)) return 'continue';
  packet.connection = templateOf(options, packet);
  packet.ctinfo = NEW;
  packet.passedConntrack = false;
  return 'continue';
}

export function NOTRACK(_options: unknown, packet: Packet): 'continue' {
  if (isMarked(packet)) return 'continue';
  packet.ctinfo = UNTRACKED;
  packet.passedConntrack = false;
  return 'continue';
}

/** Seen before: by an earlier rule, or on its way over lo. */
function isMarked({ connection, ctinfo }: Packet): boolean {
  return connection !== undefined || ctinfo !== 0;
}

const DIRECTIONS = { both: 3, original: 1, reply: 2 } as const;

function templateOf(options: CtOptions, { family }: Packet): Template {
  const known = templates.get(options);
  if (known !== undefined) return known;
  const { zone, helper, ctEvents, expEvents } = options;
  const template = new Template(family, {
    zone: { id: zone.id, directions: DIRECTIONS[zone.direction] },
    zoneIsMark: zone.mark,
    helper: helper as HelperName | undefined,
    // Events of expectations alone: none of connections.
    eventMask: ctEvents === 0 && expEvents === 0 ? undefined : ctEvents,
  });
  templates.set(options, template);
  return template;
}
