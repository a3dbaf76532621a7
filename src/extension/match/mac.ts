// -m mac (xt_mac.c): the Ethernet source address.

import * as Op from '../../layout/op.ts';
import type { MatchExtension } from '../extension.ts';
import { argument, find, not } from '../value.ts';

export interface MacOptions {
  /** Six bytes. */
  readonly address: Uint8Array;
  readonly invert: boolean;
}

export const mac: MatchExtension<MacOptions> = {
  kind: 'match',
  name: 'mac',
  hooks: ['PREROUTING', 'INPUT', 'FORWARD'],
  options: [{ name: 'mac-source', arguments: 1, invertible: true }],

  parse(options, context) {
    const option = find(options, 'mac-source');
    if (option === undefined) return context.fail('mac: option "--mac-source" must be specified');
    const text = argument(option);
    if (!/^[0-9a-f]{1,2}(:[0-9a-f]{1,2}){5}$/i.test(text)) {
      context.fail(`"${text}" is not a MAC address`, option, 'six bytes in hex with colons between them');
    }
    const address = Uint8Array.from(text.split(':'), (byte) => Number.parseInt(byte, 16));
    return { address, invert: option.invert };
  },

  print({ address, invert }) {
    return `${not(invert)}--mac-source ${formatMac(address)}`;
  },

  list({ address, invert }) {
    return `MAC ${not(invert)}${formatMac(address)}`;
  },

  lower({ address, invert }, context) {
    // MAC: bytes 0 to 3, then bytes 4 and 5 | invert << 16, as they stand in memory.
    const view = new DataView(address.buffer, address.byteOffset, address.byteLength);
    const end = view.getUint16(4, true) | (invert ? 1 << 16 : 0);
    context.emit(Op.MAC, view.getUint32(0, true), end);
  },
};

const formatMac = (address: Uint8Array): string =>
  Array.from(address, (byte) => byte.toString(16).padStart(2, '0')).join(':');
