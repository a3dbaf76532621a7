// What of a record and its replay has to agree.

import type { ConntrackRecord } from './records.ts';

/** `-A` lines and policies with their counters. */
export function counted(text: string): string[] {
  return text.split('\n').filter((line) => /^\[\d+:\d+\] -A|^:/.test(line));
}

/** What an evaluator says of a packet. */
export interface Outcome {
  readonly verdict: string;
  readonly hook: string | null;
  readonly ctstate: string | null;
  readonly reason: string | null;
}

export function differences(
  record: ConntrackRecord,
  { outcomes }: { readonly outcomes: readonly Outcome[] },
): string[] {
  return record.packets.flatMap(({ observed, forwarded }, index) => {
    const outcome = outcomes[index];
    const linux = `${observed?.ctstate ?? '-'} ${forwarded > 0}`;
    const way = outcome?.verdict === 'ACCEPT' && outcome.hook === 'POSTROUTING';
    const here = `${observed === undefined ? '-' : outcome?.ctstate} ${way}`;
    return here === linux
      ? []
      : [`packet ${index + 1}: Linux ${linux}, here ${here} ${outcome?.verdict} ${outcome?.reason}`];
  });
}

/** Lines in an order of their own: Linux lists them by a hash. Remaining seconds may be off by the tick between. */
export function unlike(linux: readonly string[], here: readonly string[]): string[] {
  const others = [...here];
  const missing = linux.filter((line) => {
    const place = others.findIndex((one) => isAlike(one, plain(line)));
    if (place >= 0) others.splice(place, 1);
    return place < 0;
  });
  return [...missing.map((line) => `Linux ${plain(line)}`), ...others.map((line) => `here  ${line}`)];
}

function plain(line: string): string {
  return line.replace(/ use=\d+$/, '').trimEnd();
}

function isAlike(one: string, other: string): boolean {
  const split = (line: string) => /^(\S+ +\d+ \S+ +\d+ )(\d+)(.*)$/.exec(plain(line)) ?? [];
  const [, head, seconds, rest] = split(one);
  const [, head2, seconds2, rest2] = split(other);
  return head === head2 && rest === rest2 && Math.abs(Number(seconds) - Number(seconds2)) <= 1;
}
