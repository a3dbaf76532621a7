// Values as iptables' option parser reads and prints them (libxtables/xtables.c, xtoptions.c: what they accept).

import type { ParseContext, ParsedOption } from './extension.ts';

const INTEGER = /^[ \t\n\v\f\r]*\+?(0[xX][0-9a-fA-F]+|[0-9]+)/;

/** The number that strtoul(text, &end, 0) reads at the start of `text` (hex, octal, decimal), and what is left. */
export function leadingInteger(text: string): { readonly value: number; readonly rest: string } | undefined {
  const found = INTEGER.exec(text);
  if (found === null) return undefined;
  let digits = found[1] as string;
  if (/^0[0-9]/.test(digits)) {
    // Octal ends at the first digit that is none.
    digits = (/^0[0-7]*/.exec(digits) as RegExpExecArray)[0];
    const end = found[0].length - (found[1] as string).length + digits.length;
    return { value: Number.parseInt(digits, 8), rest: text.slice(end) };
  }
  return { value: Number(digits), rest: text.slice(found[0].length) };
}

/** A whole number in [least, most], decimal, octal or hex; undefined when `text` is anything else. */
export function integer(text: string, most: number, least = 0): number | undefined {
  const read = leadingInteger(text);
  if (read === undefined || read.rest !== '' || read.value < least || read.value > most) return undefined;
  return read.value;
}

/** The same for numbers of 64 bits. */
export function bigInteger(text: string, most: bigint): bigint | undefined {
  const [all, digits = ''] = INTEGER.exec(text) ?? [];
  if (all === undefined || all.length !== text.length) return undefined;
  const octal = /^0[0-9]/.test(digits);
  if (octal && !/^[0-7]*$/.test(digits)) return undefined;
  const value = BigInt(octal ? `0o${digits}` : digits);
  return value <= most ? value : undefined;
}

/** `VALUE` or `VALUE/MASK`, 32 bits each (XTTYPE_MARKMASK32); the mask defaults to all ones. */
export function valueAndMask(
  option: ParsedOption,
  context: ParseContext,
): { readonly value: number; readonly mask: number } {
  const text = argument(option);
  const [valueText = '', ...rest] = text.split('/');
  const value = integer(valueText, 0xffffffff);
  const mask = rest.length === 0 ? 0xffffffff : integer(rest.join('/'), 0xffffffff);
  if (value === undefined || mask === undefined) {
    return context.fail(`--${option.name}: "${text}" is not a 32-bit VALUE or VALUE/MASK`, option);
  }
  return { value, mask };
}

/** A whole number in [least, most] as the only argument, or an error that names the option and the limits. */
export function integerOption(option: ParsedOption, context: ParseContext, most: number, least = 0): number {
  const value = integer(argument(option), most, least);
  if (value !== undefined) return value;
  return context.fail(
    `--${option.name}: "${argument(option)}" is not a number from ${least} to ${most}`,
    option,
  );
}

/** `N` or `N:M`, ends optional (XTTYPE_UINT32RC and its like); missing ends are 0 and `most`. */
export function rangeOption(option: ParsedOption, context: ParseContext, most: number): [number, number] {
  const text = argument(option);
  const [low = '', high, ...more] = text.split(':');
  const lo = low === '' && high !== undefined ? 0 : integer(low, most);
  const hi = high === undefined ? lo : high === '' ? most : integer(high, most);
  if (lo === undefined || hi === undefined || more.length > 0) {
    return context.fail(`--${option.name}: "${text}" is not a range of numbers up to ${most}`, option);
  }
  if (lo > hi) return context.fail(`--${option.name}: range "${text}" goes backwards`, option);
  return [lo, hi];
}

export function argument(option: ParsedOption): string {
  return option.values[0] ?? '';
}

/** The option of that name, if it was given. */
export function find(options: readonly ParsedOption[], name: string): ParsedOption | undefined {
  return options.find((option) => option.name === name);
}

/** Fails when more than one of `names` was given. */
export function exclusive(
  options: readonly ParsedOption[],
  names: readonly string[],
  context: ParseContext,
): void {
  const given = options.filter((option) => names.includes(option.name));
  const [first, second] = given;
  if (first !== undefined && second !== undefined && first.name !== second.name) {
    context.fail(`--${second.name} cannot be used together with --${first.name}`, second);
  }
}

export const hex = (value: number): string => `0x${(value >>> 0).toString(16)}`;
export const hex2 = (value: number): string => `0x${value.toString(16).padStart(2, '0')}`;

/** `! ` or nothing. */
export const not = (invert: boolean): string => (invert ? '! ' : '');

/** A word for iptables-save (xtables_save_string): quoted unless it is letters, digits, `_` and `-` alone. */
export function saveString(text: string): string {
  if (/^[-_0-9a-zA-Z]+$/.test(text)) return text;
  return `"${text.replace(/["\\']/g, '\\$&')}"`;
}
