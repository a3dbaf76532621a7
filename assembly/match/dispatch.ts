// From an operation's code to what it does. The codes and operands: src/layout/op.ts.

import * as Op from '../../src/layout/op.ts';
import { assume } from '../evaluate/assume';
import { addrtype } from './addrtype';
import { ah } from './ah';
import { cluster } from './cluster';
import { connbytes } from './connbytes';
import { connlabel } from './connlabel';
import { connmark } from './connmark';
import { conntrack } from './conntrack';
import { dccpOption, dccpType } from './dccp';
import { ecn } from './ecn';
import { addressRange, fieldMask, fieldRange, transport } from './field';
import { frag } from './frag';
import { headerOptions } from './header-options';
import { helper } from './helper';
import { ipv6header } from './ipv6header';
import { eui64, mac } from './mac';
import { mh } from './mh';
import { multiport } from './multiport';
import { rt } from './rt';
import { sctpChunks } from './sctp';
import { tcpOption } from './tcp';
import { transportWord } from './word';

/** Op.NO, YES, HOTDROP, UNDECIDABLE or HOTDROP_COUNTED for the operation at `op` and packet record `p`. */
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
    case Op.ASSUMED:
      assume(lane, p);
      return load<u32>(op, 4) != 0 ? Op.YES : Op.NO;
    case Op.FALSE:
      return Op.NO;
    case Op.MULTIPORT:
      return multiport(p, op);
    case Op.ADDRTYPE:
      return addrtype(lane, p, op);
    case Op.TCP_OPTION:
      return tcpOption(p, op);
    case Op.MAC:
      return mac(lane, p, op);
    case Op.TRANSPORT_WORD:
      return transportWord(p, op);
    case Op.SCTP_CHUNKS:
      return sctpChunks(p, op);
    case Op.DCCP_TYPE:
      return dccpType(p, op);
    case Op.DCCP_OPTION:
      return dccpOption(p, op);
    case Op.IP6_FRAG:
      return frag(p, op);
    case Op.IP6_RT:
      return rt(p, op);
    case Op.IP6_OPTS:
      return headerOptions(p, op);
    case Op.IP6_HEADER:
      return ipv6header(p, op);
    case Op.IP6_MH:
      return mh(p, op);
    case Op.AH:
      return ah(p, op);
    case Op.ECN:
      return ecn(p, op);
    case Op.EUI64:
      return eui64(lane, p);
    case Op.CONNTRACK:
      return conntrack(p, op);
    case Op.CONNMARK:
      return connmark(p, op);
    case Op.CONNLABEL:
      return connlabel(lane, p, op);
    case Op.CONNBYTES:
      return connbytes(lane, p, op);
    case Op.HELPER:
      return helper(p, op);
    case Op.CLUSTER:
      return cluster(lane, p, op);
    default:
      return Op.UNDECIDABLE;
  }
}
