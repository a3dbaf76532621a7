// -m dccp (xt_dccp.c): ports, packet types, one option.

import * as Op from '../../layout/op.ts';
import type { MatchExtension, ParseContext, ParsedOption } from '../extension.ts';
import {
  ANY_PROTOCOL,
  listPorts,
  lowerPorts,
  lowerTransport,
  PORT_OPTIONS,
  type PortOptions,
  parsePorts,
  portBytes,
  printPortsAsGiven,
} from '../port.ts';
import { argument, find, integerOption, not } from '../value.ts';

export interface DccpOptions extends PortOptions {
  /** Bits 1 << packet type, 16 of them. */
  readonly types?: { readonly mask: number; readonly invert: boolean } | undefined;
  /** Type of an option that must be there, 1 to 255. */
  readonly option?: { readonly type: number; readonly invert: boolean } | undefined;
}

const HEADER_BYTES = 12;
const TYPES: readonly string[] = [
  'REQUEST',
  'RESPONSE',
  'DATA',
  'ACK',
  'DATAACK',
  'CLOSEREQ',
  'CLOSE',
  'RESET',
  'SYNC',
  'SYNCACK',
  'INVALID',
];
/** All types that have no name are INVALID together. */
const INVALID_MASK = 0xfc00;

export const dccp: MatchExtension<DccpOptions> = {
  kind: 'match',
  name: 'dccp',
  protocols: [33],
  options: [
    ...PORT_OPTIONS,
    { name: 'dccp-types', arguments: 1, invertible: true },
    { name: 'dccp-option', arguments: 1, invertible: true },
  ],

  parse(options, context) {
    const types = find(options, 'dccp-types');
    const option = find(options, 'dccp-option');
    return {
      // iptables takes the service names of any protocol here.
      ...parsePorts(options, ANY_PROTOCOL, context),
      types: types && { mask: typeMask(types, context), invert: types.invert },
      option: option && { type: integerOption(option, context, 255, 1), invert: option.invert },
    };
  },

  print(options) {
    const { types, option } = options;
    const words = printPortsAsGiven(options);
    if (types !== undefined) {
      const names = TYPES.filter((_, type) => (types.mask & (1 << type)) !== 0);
      words.push(`${not(types.invert)}--dccp-types ${names.join(',')}`);
    }
    if (option !== undefined) words.push(`${not(option.invert)}--dccp-option ${option.type}`);
    return words.join(' ');
  },

  list(options) {
    const { types, option } = options;
    const words = ['dccp', ...listPorts(options)];
    if (types !== undefined) {
      const numbers = Array.from({ length: 16 }, (_, type) => type).filter(
        (type) => (types.mask & (1 << type)) !== 0,
      );
      words.push(`${not(types.invert)}${numbers.join(',')}`);
    }
    if (option !== undefined) words.push(`option=${option.invert ? '!' : ''}${option.type}`);
    return words.join(' ');
  },

  lower(options, context) {
    const { types, option } = options;
    lowerTransport(HEADER_BYTES, portBytes(options), Op.TRANSPORT_HOTDROP, context);
    lowerPorts(options, context);
    // DCCP_TYPE: mask of types | invert << 16. DCCP_OPTION: type | invert << 16.
    if (types !== undefined) context.emit(Op.DCCP_TYPE, types.mask | (types.invert ? 1 << 16 : 0));
    if (option !== undefined) context.emit(Op.DCCP_OPTION, option.type | (option.invert ? 1 << 16 : 0));
  },
};

function typeMask(option: ParsedOption, context: ParseContext): number {
  return argument(option)
    .split(',')
    .reduce((mask, name) => {
      const type = TYPES.indexOf(name.toUpperCase());
      if (type < 0) context.fail(`unknown DCCP type "${name}"`, option, `it can be ${TYPES.join(', ')}`);
      return mask | (TYPES[type] === 'INVALID' ? INVALID_MASK : 1 << type);
    }, 0);
}
