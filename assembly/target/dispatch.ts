// Targets that change or record the packet and let it go on.

import * as Op from '../../src/layout/op.ts';
import * as Packet from '../../src/layout/packet.ts';
import { connmarkRestore, connmarkSave, connmarkSet } from './connmark';
import { notrack, setTemplate } from './ct';

/** Runs the target operation at `op` on packet record `p`. */
export function run(lane: usize, p: usize, op: usize): void {
  switch (u32(load<u16>(op))) {
    case Op.SET_MARK: {
      const mark = load<u32>(p, Packet.MARK);
      store<u32>(p, (mark & ~load<u32>(op, 4)) ^ load<u32>(op, 8), Packet.MARK);
      break;
    }
    case Op.SET_TEMPLATE:
      setTemplate(p, op);
      break;
    case Op.NOTRACK:
      notrack(p);
      break;
    case Op.CONNMARK_SET:
      connmarkSet(lane, p, op);
      break;
    case Op.CONNMARK_SAVE:
      connmarkSave(lane, p, op);
      break;
    case Op.CONNMARK_RESTORE:
      connmarkRestore(p, op);
      break;
    // A log entry changes nothing that the packet's way depends on; traces name the rule that wrote it.
    default:
      break;
  }
}
