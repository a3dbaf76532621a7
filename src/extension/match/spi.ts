// -m ah (ipt_ah.c, ip6t_ah.c) and -m esp (xt_esp.c): the security parameter index.

import * as Op from '../../layout/op.ts';
import type { LowerContext, MatchExtension, OptionSpec, ParseContext, ParsedOption } from '../extension.ts';
import { lowerTransport } from '../port.ts';
import { find, integerOption, not, rangeOption } from '../value.ts';

/** Inclusive range of SPIs, 32 bits. */
export interface SpiRange {
  readonly lo: number;
  readonly hi: number;
  readonly invert: boolean;
}

export interface EspOptions {
  readonly spi: SpiRange;
}

export interface AhOptions {
  readonly spi: SpiRange;
  /** IPv6: length of the header in bytes; undefined (and 0 on the command line) is any. */
  readonly length?: { readonly value: number; readonly invert: boolean } | undefined;
  /** IPv6: the reserved field must be zero. */
  readonly reserved: boolean;
}

const MOST = 0xffffffff;

function parseSpi(name: string, options: readonly ParsedOption[], context: ParseContext): SpiRange {
  const option = find(options, name);
  if (option === undefined) return { lo: 0, hi: MOST, invert: false };
  const [lo, hi] = rangeOption(option, context, MOST);
  return { lo, hi, invert: option.invert };
}

const says = ({ lo, hi, invert }: SpiRange): boolean => invert || lo !== 0 || hi !== MOST;
const span = ({ lo, hi }: SpiRange): string => (lo === hi ? `${lo}` : `${lo}:${hi}`);
const printSpi = (name: string, spi: SpiRange): string[] =>
  says(spi) ? [`${not(spi.invert)}--${name} ${span(spi)}`] : [];
const listSpi = (spi: SpiRange): string =>
  says(spi) ? `spi${spi.lo === spi.hi ? '' : 's'}:${spi.invert ? '!' : ''}${span(spi)}` : '';

/** The SPI stands `offset` bytes into a transport header that is `bytes` long. */
function lowerSpi(spi: SpiRange, offset: number, bytes: number, context: LowerContext): void {
  lowerTransport(bytes, says(spi) ? offset + 4 : 0, Op.TRANSPORT_HOTDROP, context);
  if (!says(spi)) return;
  context.emit(Op.TRANSPORT_WORD, offset | (spi.invert ? 1 << 16 : 0), spi.lo, spi.hi);
}

export const esp: MatchExtension<EspOptions> = {
  kind: 'match',
  name: 'esp',
  protocols: [50],
  options: [{ name: 'espspi', arguments: 1, invertible: true }],

  parse(options, context) {
    return { spi: parseSpi('espspi', options, context) };
  },

  print({ spi }) {
    return printSpi('espspi', spi).join(' ');
  },

  list({ spi }) {
    return `esp ${listSpi(spi)}`.trimEnd();
  },

  lower({ spi }, context) {
    lowerSpi(spi, 0, 8, context);
  },
};

const SPI_OPTION: OptionSpec = { name: 'ahspi', arguments: 1, invertible: true };

/** IPv4: behind `-p ah` alone. */
export const ah: MatchExtension<AhOptions> = {
  kind: 'match',
  name: 'ah',
  families: ['ipv4'],
  protocols: [51],
  options: [SPI_OPTION],

  parse(options, context) {
    return { spi: parseSpi('ahspi', options, context), reserved: false };
  },

  print({ spi }) {
    return printSpi('ahspi', spi).join(' ');
  },

  list({ spi }) {
    return `ah ${listSpi(spi)}`;
  },

  lower({ spi }, context) {
    lowerSpi(spi, 4, 12, context);
  },
};

/** IPv6: an extension header, wherever it stands. */
export const ah6: MatchExtension<AhOptions> = {
  kind: 'match',
  name: 'ah',
  families: ['ipv6'],
  options: [SPI_OPTION, { name: 'ahlen', arguments: 1, invertible: true }, { name: 'ahres', arguments: 0 }],

  parse(options, context) {
    const length = find(options, 'ahlen');
    const value = length === undefined ? 0 : integerOption(length, context, MOST);
    return {
      spi: parseSpi('ahspi', options, context),
      length: value === 0 ? undefined : { value, invert: length?.invert ?? false },
      reserved: find(options, 'ahres') !== undefined,
    };
  },

  print({ spi, length, reserved }) {
    return [
      ...printSpi('ahspi', spi),
      ...(length === undefined ? [] : [`${not(length.invert)}--ahlen ${length.value}`]),
      ...(reserved ? ['--ahres'] : []),
    ].join(' ');
  },

  list({ spi, length, reserved }) {
    // No blank before "length", as ip6tables has it.
    const bytes = length === undefined ? '' : `length:${length.invert ? '!' : ''}${length.value}`;
    return `ah ${listSpi(spi)}${bytes}${reserved ? ' reserved' : ''}`;
  },

  lower({ spi, length, reserved }, context) {
    // AH: bits (1 SPI inverted, 2 length inverted, 4 reserved must be zero), lowest and highest SPI, length or 0.
    const bits = (spi.invert ? 1 : 0) | (length?.invert === true ? 2 : 0) | (reserved ? 4 : 0);
    context.emit(Op.AH, bits, spi.lo, spi.hi, length?.value ?? 0);
  },
};
