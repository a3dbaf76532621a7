// The helper of a connection looks at its packets, once they have passed every table (nf_confirm).

import { ftp } from './ftp.ts';
import type { HelperName } from './policy.ts';
import type { Context, HelperVerdict, Segment } from './segment.ts';
import { tftp } from './tftp.ts';

const HELPERS: Partial<Record<HelperName, (context: Context, segment: Segment) => HelperVerdict>> = {
  ftp,
  tftp,
};

/** What the master's helper makes of a packet: expectations, and whether it is dropped. */
export function help(context: Context, segment: Segment): HelperVerdict {
  return HELPERS[context.master.helper]?.(context, segment) ?? 'accept';
}
