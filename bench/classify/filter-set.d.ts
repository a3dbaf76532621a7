/** A rule over five fields, all bounds included, addresses as unsigned numbers; protocol 0 is any. */
export interface Filter {
  readonly src: number;
  readonly srcLength: number;
  readonly dst: number;
  readonly dstLength: number;
  readonly sport: readonly [number, number];
  readonly dport: readonly [number, number];
  readonly proto: number;
}

export function readFilterSet(file: string): Filter[];
export function filterRules(filters: readonly Filter[]): string;
export function drawTrace(filters: readonly Filter[], count: number, seed: number): Uint8Array;
export function asRule(filter: Filter): Filter;
export function addressText(value: number): string;
export function randomNumbers(seed: number): (below: number) => number;
