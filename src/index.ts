// The library: what `import ... from 'wasmtables'` offers. The command line is a user of it.

export { type CompiledRules, type CompileOptions, compile, type UnknownPolicy } from './compile/compile.ts';
export { type ErrorCode, type Place, WasmtablesError, WasmtablesErrors } from './error.ts';
export type {
  Extension,
  LowerContext,
  MatchExtension,
  OptionSpec,
  ParseContext,
  ParsedOption,
  PrintContext,
  TargetExtension,
} from './extension/extension.ts';
export { findMatch, findTarget, matchNames, targetNames } from './extension/index.ts';
export { match, target } from './extension/named.ts';
export { readHost, readHostFolder, withOptions } from './host/folder.ts';
export type { Interface, Machine, PolicyRule, Route } from './host/machine.ts';
export { type HostOptions, machineFromOptions } from './host/options.ts';
export {
  accept,
  drop,
  type ExtensionUse,
  goto,
  jump,
  leave,
  type Not,
  not,
  type OptionValue,
  type OptionValues,
  queue,
  type RuleSetBuilder,
  type RuleSpec,
  ruleSet,
  type TableBuilder,
} from './model/builder.ts';
export type {
  Backend,
  Chain,
  Counters,
  Family,
  HookName,
  Match,
  Rule,
  RuleSet,
  Table,
  TableName,
  Target,
} from './model/ruleset.ts';
export { summaryJson } from './report/json.ts';
export { listTable } from './report/listing.ts';
export type { ReasonName } from './report/reason.ts';
export type { PacketsAndBytes, ScanResult } from './report/result.ts';
export { summaryText } from './report/summary.ts';
export type { VerdictName } from './report/verdict.ts';
export { type PrintOptions, printRules } from './save/print.ts';
export { type ReadOptions, readRules } from './save/read.ts';
export type { ScanOptions, ScanProgress } from './scan/options.ts';
export type { FamilyRules, ReplacedRules } from './scan/rule-sets.ts';
export { type RunningScan, scan, startScan } from './scan/scan.ts';
export type { Sink } from './scan/sink.ts';
