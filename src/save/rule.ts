// A scanned line to the rules it stands for: one for each pair of addresses in `-s a,b -d c,d`.

import { type Place, WasmtablesError } from '../error.ts';
import type { ParseContext, ParsedOption } from '../extension/extension.ts';
import { parseNumber } from '../model/mask.ts';
import { protocolNames, protocolNumber } from '../model/protocol.ts';
import {
  type AddressMask,
  type Counters,
  type Family,
  isUnknown,
  type Match,
  type Negatable,
  type Rule,
  type TableName,
  type Target,
  type UnknownOptions,
} from '../model/ruleset.ts';
import type { AddressConditions } from './address.ts';
import { didYouMean } from './hint.ts';
import { OTHER_MATCHES, OTHER_TARGETS } from './known.ts';
import type { Extension } from './option.ts';
import type { ExtensionTable } from './registry.ts';
import { type Given, type LoadedExtension, type ScannedLine, short } from './scanned.ts';

export interface RuleContext {
  readonly family: Family;
  readonly table: TableName;
  readonly extensions: ExtensionTable;
  /** Unknown matches and targets stay in the rule. */
  readonly keepUnknown: boolean;
  readonly connlabels: ReadonlyMap<string, number> | undefined;
  place: Place;
  readonly chainNames: () => Iterable<string>;
  isChain(name: string): boolean;
  report(error: WasmtablesError): void;
  readonly addresses: AddressConditions;
}

const GO_ON = '--unknown match, no-match or verdict goes on without it';

/** `-p`'s number; 0 is any. Throws BAD_VALUE. */
export function parseProtocol(given: Given): number {
  const name = given.value.toLowerCase();
  const number = parseNumber(name, 255) ?? protocolNumber(name);
  if (number === undefined) {
    throw new WasmtablesError('BAD_VALUE', `unknown protocol \`${short(given.value)}\``, {
      place: given.place,
      hint: didYouMean(name, protocolNames()) ?? 'a name as in /etc/protocols or a number up to 255',
    });
  }
  if (number === 0 && given.invert) {
    throw new WasmtablesError('BAD_VALUE', 'no packet is of no protocol at all: this rule never matches', {
      place: given.place,
    });
  }
  return number;
}

/** Turns a scanned line with a rule in it into rules, in the order in which iptables adds them. */
export function buildRules(scanned: ScannedLine, counters: Counters, context: RuleContext): Rule[] {
  const errors: WasmtablesError[] = [];
  const attempt = <T>(work: () => T): T | undefined => {
    try {
      return work();
    } catch (error) {
      if (!(error instanceof WasmtablesError)) throw error;
      errors.push(error);
      return undefined;
    }
  };
  const given = scanned.given;
  const sources = attempt(() => parseAddresses(given.s, context)) ?? [undefined];
  const destinations = attempt(() => parseAddresses(given.d, context)) ?? [undefined];
  const inverted = (given.s?.invert ?? false) || (given.d?.invert ?? false);
  if (inverted && (sources.length > 1 || destinations.length > 1)) {
    errors.push(
      new WasmtablesError('BAD_VALUE', '`!` is not allowed with several addresses', {
        place: (sources.length > 1 ? given.s : given.d)?.place,
        hint: 'write a chain that returns for each of them',
      }),
    );
  }
  const inInterface = attempt(() => parseInterface(given.i, '-i', scanned.chain));
  const outInterface = attempt(() => parseInterface(given.o, '-o', scanned.chain));
  const protocolGiven = given.p;
  const protocol =
    scanned.protocol === undefined || scanned.protocol === 0
      ? undefined
      : { value: scanned.protocol, invert: protocolGiven?.invert ?? false };
  const fragment = given.f;
  const matches: Match[] = [];
  for (const loaded of scanned.matches) {
    const options = attempt(() => parseExtension(loaded, scanned, context));
    if (options !== undefined) {
      matches.push({ name: loaded.extension?.name ?? loaded.name, options, place: loaded.place });
    }
  }
  const target = attempt(() => parseTarget(scanned, context));
  for (const error of errors) context.report(error);
  if (errors.length > 0) return [];
  const rules: Rule[] = [];
  for (const source of sources) {
    for (const destination of destinations) {
      rules.push({
        source,
        destination,
        protocol,
        in: inInterface,
        out: outInterface,
        fragment: fragment === undefined ? undefined : { invert: fragment.invert },
        matches,
        target,
        counters,
        place: context.place,
      });
    }
  }
  return rules;
}

function parseAddresses(
  given: Given | undefined,
  context: RuleContext,
): (Negatable<AddressMask> | undefined)[] {
  if (given === undefined) return [undefined];
  const { invert } = given;
  const found: (Negatable<AddressMask> | undefined)[] = [];
  let offset = 0;
  for (const part of given.value.split(',')) {
    const text = part.trimStart();
    const condition = context.addresses.of(text, invert);
    if (condition !== undefined && 'reason' in condition) {
      throw addressError(condition, given, offset + part.length - text.length, context);
    }
    found.push(condition);
    offset += part.length + 1;
  }
  return found;
}

function addressError(
  error: { readonly reason: 'host' | 'family' | 'mask'; readonly text: string },
  given: Given,
  offset: number,
  context: RuleContext,
): WasmtablesError {
  const list = given.value.includes(',');
  // The place within the word holds unless quotes or escapes shifted it.
  const plain = given.place.text.startsWith(given.value, given.place.column - 1);
  const shift = list && plain ? offset : 0;
  const place = {
    ...given.place,
    column: given.place.column + shift,
    length: list && plain ? Math.max(1, error.text.length) : (given.place.length ?? 1),
  };
  if (error.reason === 'mask') {
    return new WasmtablesError('BAD_VALUE', `invalid mask \`${short(error.text)}\``, {
      place,
      hint:
        context.family === 'ipv4'
          ? 'a length from 0 to 32 or a dotted mask such as 255.255.0.0'
          : 'a length from 0 to 128 or a mask such as ffff:ffff::',
    });
  }
  if (error.reason === 'family') {
    const [here, there] = context.family === 'ipv4' ? ['IPv4', 'IPv6'] : ['IPv6', 'IPv4'];
    return new WasmtablesError(
      'BAD_VALUE',
      `\`${short(error.text)}\` is an ${there} address in ${here} rules`,
      {
        place,
        hint: `the file is read as ${here}; --${there.toLowerCase()} reads it as ${there}`,
      },
    );
  }
  const isName =
    /^[A-Za-z0-9_]([A-Za-z0-9_.-]*[A-Za-z0-9_])?\.?$/.test(error.text) && /[A-Za-z]/.test(error.text);
  return new WasmtablesError(
    'BAD_VALUE',
    isName
      ? `\`${short(error.text)}\` is a host name, and names are not looked up`
      : `invalid address \`${short(error.text)}\``,
    {
      place,
      hint: isName
        ? 'write its addresses: the kernel never sees the name either, iptables asks DNS when the rule is loaded'
        : undefined,
    },
  );
}

/** IFNAMSIZ less the closing zero. */
const MAX_INTERFACE_BYTES = 15;

/** What `-i` and `-o` ask; undefined for any interface. Throws BAD_VALUE, BAD_RULE. */
export function parseInterface(
  given: Given | undefined,
  option: '-i' | '-o',
  chain: string | undefined,
): Negatable<string> | undefined {
  if (given === undefined) return undefined;
  const { value, invert, place } = given;
  if (value === '') throw new WasmtablesError('BAD_VALUE', 'the interface has no name', { place });
  if (Buffer.byteLength(value) > MAX_INTERFACE_BYTES) {
    throw new WasmtablesError(
      'BAD_VALUE',
      `the interface name \`${short(value)}\` is longer than ${MAX_INTERFACE_BYTES} characters`,
      { place },
    );
  }
  const wrong = option === '-i' ? ['OUTPUT', 'POSTROUTING'] : ['PREROUTING', 'INPUT'];
  if (chain !== undefined && wrong.includes(chain)) {
    throw new WasmtablesError('BAD_RULE', `\`${option}\` cannot be used in ${chain}`, {
      place,
      hint: `use \`${option === '-i' ? '-o' : '-i'}\`: packets have no ${
        option === '-i' ? 'incoming' : 'outgoing'
      } interface there`,
    });
  }
  return value === '+' && !invert ? undefined : { value, invert };
}

function parseExtension(loaded: LoadedExtension, scanned: ScannedLine, context: RuleContext): unknown {
  const { extension } = loaded;
  if (extension === undefined) {
    if (context.keepUnknown) return { unknown: true, words: loaded.words } satisfies UnknownOptions;
    throw unknownMatch(loaded, context);
  }
  return parseOptions(extension, loaded.options, loaded.place, {
    family: context.family,
    table: context.table,
    chain: scanned.chain ?? '',
    protocol: scanned.protocol === 0 ? undefined : scanned.protocol,
    protocolInvert: scanned.given.p?.invert ?? false,
    connlabels: context.connlabels,
  });
}

/** An extension's own reading of its options, in their rule. Throws BAD_VALUE, at `place` where no option is to blame. */
export function parseOptions(
  extension: Extension,
  options: readonly ParsedOption[],
  place: Place,
  rule: Omit<ParseContext, 'place' | 'fail'>,
): unknown {
  return extension.parse(options, {
    ...rule,
    place,
    fail(message: string, at?: ParsedOption, hint?: string): never {
      const where = at === undefined ? place : (at.valuePlaces?.[0] ?? at.place ?? place);
      throw new WasmtablesError('BAD_VALUE', message, { place: where, hint });
    },
  });
}

function unknownMatch(loaded: LoadedExtension, context: RuleContext): WasmtablesError {
  const other = context.family === 'ipv4' ? 'ipv6' : 'ipv4';
  const elsewhere = context.extensions.findMatch(loaded.name, other) !== undefined;
  const names = context.extensions.matchNames();
  return new WasmtablesError('UNKNOWN_MATCH', `match \`${short(loaded.name)}\` is not known`, {
    place: loaded.place,
    hint: elsewhere
      ? `it exists for ${other === 'ipv4' ? 'IPv4' : 'IPv6'} only`
      : ((OTHER_MATCHES.has(loaded.name) ? undefined : didYouMean(loaded.name, names)) ?? GO_ON),
  });
}

function parseTarget(scanned: ScannedLine, context: RuleContext): Target | undefined {
  const { jump, target } = scanned;
  if (jump !== undefined) {
    const { name, goto, place } = jump;
    if (context.isChain(name)) {
      if (/^(PREROUTING|INPUT|FORWARD|OUTPUT|POSTROUTING)$/.test(name)) {
        throw new WasmtablesError('BAD_RULE', `a rule cannot jump to the built-in chain ${name}`, { place });
      }
      return { kind: goto ? 'goto' : 'jump', chain: name, place };
    }
    if (!goto && name === 'CONTINUE') return undefined;
    if (goto) {
      throw new WasmtablesError('BAD_CHAIN', `\`-g\`: there is no chain \`${short(name)}\` here`, {
        place,
        hint: chainHint(name, context),
      });
    }
    if (context.table === 'nat' && name === 'DROP') throw natDrop(place);
    return { kind: 'verdict', verdict: name as 'ACCEPT' | 'DROP' | 'QUEUE' | 'RETURN', place };
  }
  if (target === undefined) return undefined;
  if (target.extension === undefined) {
    const isTarget = OTHER_TARGETS.has(target.name);
    if (isTarget && !context.keepUnknown) {
      throw new WasmtablesError('UNKNOWN_TARGET', `target \`${target.name}\` is not known`, {
        place: target.place,
        hint: GO_ON,
      });
    }
    if (!isTarget) {
      throw new WasmtablesError('BAD_CHAIN', `no chain and no target is called \`${short(target.name)}\``, {
        place: target.place,
        hint: chainHint(target.name, context, true),
      });
    }
  }
  const options = modelled(target, parseExtension(target, scanned, context), context);
  return { kind: 'extension', name: target.extension?.name ?? target.name, options, place: target.place };
}

/** What of a target's options is not modelled; matches are modelled as a whole. */
export function unmodelled(extension: Extension, options: unknown): string | undefined {
  return extension.kind === 'target' ? extension.unmodelled?.(options) : undefined;
}

/** The options of a target, or what stands for those that are not modelled. */
function modelled(loaded: LoadedExtension, options: unknown, context: RuleContext): unknown {
  const { extension } = loaded;
  if (extension === undefined || isUnknown(options)) return options;
  const what = unmodelled(extension, options);
  if (what === undefined) return options;
  if (context.keepUnknown) {
    const words = loaded.options.flatMap(({ name, values }) => [`--${name}`, ...values]);
    return { unknown: true, words } satisfies UnknownOptions;
  }
  throw new WasmtablesError('UNKNOWN_TARGET', `${what} is not modelled`, {
    place: loaded.place,
    hint: GO_ON,
  });
}

function chainHint(name: string, context: RuleContext, targets = false): string {
  const names = targets
    ? ['ACCEPT', 'DROP', 'RETURN', 'QUEUE', ...context.extensions.targetNames(), ...OTHER_TARGETS]
    : [];
  for (const chain of context.chainNames()) {
    if (names.length >= 1000) break;
    names.push(chain);
  }
  return didYouMean(name, names) ?? `declare it first: \`:${short(name)} - [0:0]\``;
}

/** iptables inhibits DROP in nat: most packets never pass there. */
export function natDrop(place: Place | undefined): WasmtablesError {
  return new WasmtablesError('BAD_RULE', 'DROP cannot be used in the table nat', {
    place,
    hint: 'only the first packet of a connection passes nat: drop in filter, or in raw or mangle',
  });
}
