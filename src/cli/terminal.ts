// What goes to the user's terminal: colours, notes on stderr, system errors in words.

import { type ErrorCode, WasmtablesError } from '../error.ts';
import type { Style } from '../report/summary.ts';

/** Colours when `stream` is a terminal, unless NO_COLOR is set (https://no-color.org). */
export function styleFor(stream: NodeJS.WriteStream): Style {
  const off = (process.env.NO_COLOR ?? '') !== '' || process.env.TERM === 'dumb';
  const on = stream.isTTY === true && !off;
  return { heading: on ? rendered(1) : String, faint: on ? rendered(2) : String };
}

/** Select Graphic Rendition (ECMA-48): 1 bold, 2 faint; 22 ends both. */
function rendered(rendition: 1 | 2): (text: string) => string {
  return (text) => `\u001b[${rendition}m${text}\u001b[22m`;
}

/** A line on stderr that is not an error. */
export function warn(message: string): void {
  process.stderr.write(`wasmtables: ${message}\n`);
}

/** Resolves when the stream has taken the text. */
export function write(stream: NodeJS.WriteStream, text: string): Promise<void> {
  return new Promise((resolve) => stream.write(text, () => resolve()));
}

/** Options about connections were given, where no rule asks for connections to be tracked. */
export function conntrackOffWarning(options: readonly string[]): string {
  return (
    `warning: ${options.join(', ')}: connection tracking is off, as on Linux where no rule needs it ` +
    '(-m conntrack, -m state, -m connmark, -j CONNMARK, -j CT with a zone or helper, NAT)'
  );
}

/** A wrong combination of options. */
export function usageError(message: string, hint?: string): WasmtablesError {
  return new WasmtablesError('USAGE', message, { hint });
}

/** `cannot read x.pcap: no such file or directory`. */
export function systemError(what: string, error: unknown, code: ErrorCode = 'IO'): WasmtablesError {
  if (error instanceof WasmtablesError) return error;
  return new WasmtablesError(code, `${what}: ${systemMessage(error)}`, { cause: error });
}

function systemMessage(error: unknown): string {
  const { errno, message } = error as { errno?: unknown; message?: unknown };
  // Loaded when there is an error to tell: start-up is a large part of a short scan.
  const { getSystemErrorMap } = process.getBuiltinModule('node:util');
  const known = typeof errno === 'number' ? getSystemErrorMap().get(errno) : undefined;
  return known?.[1] ?? (typeof message === 'string' ? message : String(error));
}
