// The helper of a connection looks at its packets, once they have passed every table (nf_confirm).

import type { ExpectationTable, Master } from '../expectation.ts';
import { amanda } from './amanda.ts';
import { broadcast } from './broadcast.ts';
import { ftp } from './ftp.ts';
import { irc } from './irc.ts';
import type { HelperName } from './policy.ts';
import { forgetSession, pptp } from './pptp.ts';
import { sane } from './sane.ts';
import type { Context, HelperVerdict, Segment } from './segment.ts';
import { sip } from './sip.ts';
import { tftp } from './tftp.ts';

const HELPERS: Readonly<Record<HelperName, (context: Context, segment: Segment) => HelperVerdict>> = {
  ftp,
  tftp,
  irc,
  pptp,
  amanda,
  sane,
  sip,
  'netbios-ns': broadcast,
  snmp: broadcast,
};

/** What the master's helper makes of a packet: expectations, and whether it is dropped. */
export function help(context: Context, segment: Segment): HelperVerdict {
  return HELPERS[context.master.helper](context, segment);
}

/** nf_ct_helper_destroy, nf_ct_remove_expectations: a connection with a helper is gone. */
export function forget(master: Master, expectations: ExpectationTable): void {
  if (master.helper === 'pptp') forgetSession(master, expectations);
  expectations.forget(master);
}
