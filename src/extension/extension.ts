// What a match or target extension is: netfilter's xtables_match and xtables_target (include/xtables.h) in
// TypeScript. One file an extension; src/extension/index.ts lists them. The reader (src/save) does the getopt part
// and hands each extension the options that are its own.

import type { Place } from '../error.ts';
import type { Backend, Family, HookName, Rule, TableName } from '../model/ruleset.ts';

/** One long option of an extension, as in its man page. */
export interface OptionSpec {
  /** Without the dashes. */
  readonly name: string;
  /** Other spellings of the same option (`destination-port` for `dport`). */
  readonly aliases?: readonly string[];
  /** One letter, for the few that have one. */
  readonly short?: string;
  /** How many words follow: 0, 1, or 2 (`--tcp-flags mask comp`). */
  readonly arguments: 0 | 1 | 2;
  /** `!` may stand before it. */
  readonly invertible?: boolean;
  /** May be given more than once (default: an error, "multiple use of option"). */
  readonly repeatable?: boolean;
}

/** An option as it stood in the line. */
export interface ParsedOption {
  /** OptionSpec.name, whatever spelling was used. */
  readonly name: string;
  readonly invert: boolean;
  readonly values: readonly string[];
  readonly place?: Place | undefined;
  /** Place of each value. */
  readonly valuePlaces?: readonly (Place | undefined)[];
}

/** What an extension may look at while it parses: everything of its rule but the other extensions' options. */
export interface ParseContext {
  readonly family: Family;
  readonly table: TableName;
  readonly chain: string;
  /** The rule's `-p`, resolved; `protocolInvert` when `!` stood before it. */
  readonly protocol?: number | undefined;
  readonly protocolInvert: boolean;
  readonly place?: Place | undefined;
  /** Labels of connections by name: the machine's connlabel.conf, undefined where it is not known. */
  readonly connlabels?: ReadonlyMap<string, number> | undefined;
  /** Throws WasmtablesError('BAD_VALUE' ...) at an option's place. */
  fail(message: string, at?: ParsedOption, hint?: string): never;
}

interface ExtensionBase<Options> {
  readonly name: string;
  /** Families it exists for; default both. */
  readonly families?: readonly Family[];
  /** Tables it is legal in (xt_match.table); default all. */
  readonly tables?: readonly TableName[];
  /** Built-in chains it may be reached from (xt_match.hooks); default all. Enforced through jumps. */
  readonly hooks?: readonly HookName[];
  /** Whether it switches connection tracking on for its family (nf_ct_netns_get in its check function). */
  needsConntrack?(options: Options): boolean;
  /** Whether it needs entries with accounting, labels, the address of the connection that expected theirs, helpers. */
  needsAccounting?(options: Options): boolean;
  needsLabels?(options: Options): boolean;
  needsMaster?(options: Options): boolean;
  needsHelp?(options: Options): boolean;
  readonly options: readonly OptionSpec[];
  /** Options to typed data, with iptables' own checks and limits. Throws through context.fail. */
  parse(options: readonly ParsedOption[], context: ParseContext): Options;
  /** The words behind `-m NAME` or `-j NAME`, as iptables-save prints them, without a leading blank. */
  print(options: Options, context: PrintContext): string;
  /** The words of a line of `iptables -L -v -n`, as the extension's .print callback shows them. */
  list?(options: Options, context: PrintContext): string;
}

export interface PrintContext {
  readonly family: Family;
  readonly backend: Backend;
  readonly rule: Rule;
}

export interface MatchExtension<Options = unknown> extends ExtensionBase<Options> {
  readonly kind: 'match';
  /** Legal only with `-p` one of these (and not inverted); also makes `-p tcp --dport` load the match by itself. */
  readonly protocols?: readonly number[];
  /** What the kernel is to do: emits operations that must all hold, in order. */
  lower(options: Options, context: LowerContext): void;
}

export interface TargetExtension<Options = unknown> extends ExtensionBase<Options> {
  readonly kind: 'target';
  readonly protocols?: readonly number[];
  /** What of these options Linux has and is not modelled: the target is then one that is not known. */
  unmodelled?(options: Options): string | undefined;
  /** What the rule does: operations and go on, or an end. */
  lower(options: Options, context: LowerContext): LoweredTarget;
}

/** `operations`: what was emitted runs, then the next rule. `reject`: ends; `type` is kept for reports. */
export type LoweredTarget =
  | { readonly kind: 'operations' }
  | { readonly kind: 'reject'; readonly type: number };

export type Extension = MatchExtension<never> | TargetExtension<never>;

/** Where lowering writes to. */
export interface LowerContext {
  readonly family: Family;
  readonly backend: Backend;
  readonly rule: Rule;
  /**
   * Appends one operation of src/layout/op.ts. Words are u32 (negative numbers and bigints are truncated to 32 bits);
   * word 0, the code and the length, is added here, as is padding to 16 bytes.
   */
  emit(code: number, ...words: readonly number[]): void;
  /** Index of an interface pattern's row of bits (src/layout/image.ts), as an image offset. */
  interfaceRow(pattern: string, invert: boolean): number;
  /** Keeps `options` for reports (LOG, NFLOG, REJECT) and answers its index. */
  register(options: unknown): number;
}
