/** Where in a text something stands: line and column from 1, `length` in UTF-16 units. */
export interface Place {
  readonly file: string;
  readonly line: number;
  readonly column: number;
  readonly length?: number;
  /** The whole line, without its line ending, or an excerpt of it. */
  readonly text: string;
  /** Column of the place in an excerpt. */
  readonly caret?: number;
}

/** Stable codes, for programs. */
export type ErrorCode =
  | 'SYNTAX'
  | 'UNKNOWN_OPTION'
  | 'UNKNOWN_MATCH'
  | 'UNKNOWN_TARGET'
  | 'UNSUPPORTED'
  | 'BAD_VALUE'
  | 'BAD_RULE'
  | 'BAD_TABLE'
  | 'BAD_CHAIN'
  | 'LOOP'
  | 'LIMIT'
  | 'HOST'
  | 'CAPTURE'
  | 'IO'
  | 'USAGE'
  | 'RULES';

/** Every error that a user can cause: a code, a message, the place and a hint. */
export class WasmtablesError extends Error {
  override readonly name: string = 'WasmtablesError';
  readonly code: ErrorCode;
  readonly place: Place | undefined;
  readonly hint: string | undefined;

  constructor(
    code: ErrorCode,
    message: string,
    options: { place?: Place | undefined; hint?: string | undefined; cause?: unknown } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.place = options.place;
    this.hint = options.hint;
  }

  /** `FILE:LINE:COLUMN: error: MESSAGE`, the line, a caret, the hint: several lines without a last line feed. */
  format(): string {
    const place = this.place;
    const lines: string[] = [];
    if (place === undefined) {
      lines.push(`wasmtables: error: ${this.message}`);
    } else {
      lines.push(`${place.file}:${place.line}:${place.column}: error: ${this.message}`);
      // The caret line repeats the tabs of the line above, so that the caret stands under its character.
      const indent = place.text.slice(0, (place.caret ?? place.column) - 1).replace(/[^\t]/g, ' ');
      lines.push(`  ${place.text}`, `  ${indent}${'^'.repeat(Math.max(1, place.length ?? 1))}`);
    }
    if (this.hint !== undefined) lines.push(`  hint: ${this.hint}`);
    return lines.join('\n');
  }
}

/** Several errors at once: a rule file is read to its end, so that a user sees all of them in one go. */
export class WasmtablesErrors extends WasmtablesError {
  override readonly name = 'WasmtablesErrors';
  readonly errors: readonly WasmtablesError[];

  constructor(errors: readonly WasmtablesError[]) {
    const [first] = errors;
    super(first?.code ?? 'RULES', errors.map((one) => one.message).join('; '), {
      place: first?.place,
      hint: first?.hint,
    });
    this.errors = errors;
  }

  override format(): string {
    return this.errors.map((one) => one.format()).join('\n');
  }
}
