// From an operation's code to what it does. The codes and operands: src/layout/op.ts.

import * as Op from '../../src/layout/op.ts';
import { addressRange, fieldMask, fieldRange, transport } from './field';
import { multiport } from './multiport';

/** Op.NO, YES, HOTDROP or UNDECIDABLE for the operation at `op` and packet record `p`. */
export function match(lane: usize, p: usize, op: usize): i32 {
  switch (u32(load<u16>(op))) {
    case Op.FIELD_RANGE:
      return fieldRange(p, op);
    case Op.FIELD_MASK:
      return fieldMask(p, op);
    case Op.TRANSPORT:
      return transport(p, op);
    case Op.ADDRESS_RANGE:
      return addressRange(p, op);
    case Op.TRUE:
      return Op.YES;
    case Op.FALSE:
      return Op.NO;
    case Op.MULTIPORT:
      return multiport(p, op);
    default:
      return Op.UNDECIDABLE;
  }
}
