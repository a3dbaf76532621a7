// -j CONNMARK: connmark_tg_shift (xt_connmark.c).

import type { ConnmarkTargetOptions } from '../../extension/target/connmark.ts';
import * as Ct from '../../layout/conntrack.ts';
import type { Connection } from '../conntrack/connection.ts';
import type { Packet } from '../packet.ts';

export function CONNMARK(options: ConnmarkTargetOptions, packet: Packet): 'continue' {
  const { connection } = packet;
  if (connection === undefined) return 'continue';
  const { mode, ctMark, ctMask, nfMask } = options;
  switch (mode) {
    case 'set':
      change(connection, shifted((connection.mark & ~ctMask) ^ ctMark, options));
      break;
    case 'save':
      change(connection, (connection.mark & ~ctMask) ^ shifted(packet.mark & nfMask, options));
      break;
    case 'restore':
      packet.mark = ((packet.mark & ~nfMask) ^ shifted(connection.mark & ctMask, options)) >>> 0;
      break;
  }
  return 'continue';
}

function shifted(mark: number, { shift }: ConnmarkTargetOptions): number {
  return shift.direction === 'right' ? mark >>> shift.bits : mark << shift.bits;
}

function change(connection: Connection, mark: number): void {
  if (connection.mark === mark >>> 0) return;
  connection.mark = mark >>> 0;
  connection.tell(Ct.IPCT_MARK);
}
