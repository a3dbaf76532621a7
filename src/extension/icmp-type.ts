// Type and code of ICMP and ICMPv6: names, reading, printing (libxtables' icmp tables; the names are those of
// iptables-extensions(8)).

import type { ParseContext, ParsedOption } from './extension.ts';
import { argument, integer } from './value.ts';

/** `code` undefined: any code. */
export interface IcmpType {
  readonly type: number;
  /** Codes from and to, inclusive; [0, 255] is any. */
  readonly codes: readonly [number, number];
  readonly invert: boolean;
}

/** Names with their type and, after a slash, code. */
export type IcmpNames = Readonly<Record<string, string>>;

/** The option's argument: a name or the unambiguous beginning of one, TYPE or TYPE/CODE. */
export function parseIcmpType(
  option: ParsedOption,
  names: IcmpNames,
  protocol: string,
  context: ParseContext,
): IcmpType {
  const text = argument(option);
  const wanted = text.toLowerCase();
  const found = Object.keys(names).filter((name) => name.toLowerCase().startsWith(wanted));
  const [first, second] = found;
  if (second !== undefined) {
    return context.fail(`ambiguous ${protocol} type "${text}": "${first}" or "${second}"?`, option);
  }
  const [typeText = '', codeText] = (first === undefined ? text : (names[first] as string)).split('/');
  const type = integer(typeText, 255);
  const code = codeText === undefined ? undefined : integer(codeText, 255);
  if (type === undefined || (codeText !== undefined && code === undefined)) {
    return context.fail(`unknown ${protocol} type "${text}"`, option);
  }
  return { type, codes: code === undefined ? [0, 255] : [code, code], invert: option.invert };
}

/** `3/1`, or `3` with any code. */
export function printIcmpType({ type, codes: [first, last] }: IcmpType): string {
  return first === 0 && last === 255 ? `${type}` : `${type}/${first}`;
}

/** As `iptables -L -n` says it behind `icmp`: `type 3 code 1`. */
export function listIcmpType({ type, codes: [first, last], invert }: IcmpType): string {
  const code =
    first === last ? ` code ${first}` : first === 0 && last === 255 ? '' : ` codes ${first}-${last}`;
  return `${invert ? ' !' : ''}type ${type}${code}`;
}
