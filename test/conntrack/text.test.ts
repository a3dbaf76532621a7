// What conntrack(8) printed of a real kernel's entries and events (record.py) is read, and printed again byte for byte.

import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { type ConntrackEvent, eventText } from '../../src/conntrack/events.ts';
import { readConntrack } from '../../src/conntrack/read.ts';
import { entryText } from '../../src/conntrack/text.ts';
import * as Conntrack from '../../src/layout/conntrack.ts';

const recorded = (name: string): string => readFileSync(new URL(name, import.meta.url), 'utf8');
const listed = recorded('linux-list.txt');
const lineList = listed.trimEnd().split('\n');

function read(text: string) {
  return readConntrack(text, { file: 'conntrack.txt' });
}

function print(text: string): string {
  return read(text)
    .map((entry) => `${entryText(entry)}\n`)
    .join('');
}

describe('a table', () => {
  it('is printed as it was read', () => {
    expect(lineList.length).toBeGreaterThan(60);
    expect(print(listed)).toBe(listed);
  });

  it('is read without the network layer', () => {
    const bare = lineList.map((line) => `${line.replace(/^ipv[46] +\d+ /, '')}\n`).join('');
    expect(bare).not.toContain('ipv4');
    expect(print(bare)).toBe(listed);
  });

  it('is read from /proc/net/nf_conntrack, which knows no helpers and no ports of DCCP', () => {
    // The one was listed a moment after the other.
    const normal = (text: string): string =>
      text.replace(/ (helper|delta-time)=\S+/g, '').replace(/^(ipv[46] +\d+ \S+ +\d+ )\d+ /gm, '$1');
    expect(normal(print(recorded('linux-proc.txt')))).toBe(
      normal(listed.replace(/^(ipv4 +2 )unknown {2}33/gm, '$1dccp     33')),
    );
  });

  it('is read with what `-o id,ktimestamp,labels` adds, and with what the tool says on stderr', () => {
    const text = `${lineList
      .map(
        (line) =>
          `${line.replace(' use=', ' [start=Tue Nov 24 19:22:00 2026] use=')} id=123 labels=3,100\r\n`,
      )
      .join('')}conntrack v1.4.7 (conntrack-tools): 67 flow entries have been shown.\n`;
    expect(print(text)).toBe(listed);
    expect(read(text)[0]?.labels).toBe((1n << 3n) | (1n << 100n));
  });

  it('keeps the order of the lines before every packet', () => {
    const numbers = read(listed).map(({ number }) => number);
    expect(numbers[0]).toBe(-BigInt(lineList.length));
    expect(numbers.at(-1)).toBe(-1n);
  });

  it('holds what an offloaded entry does not show', () => {
    const [entry] = read(
      'ipv4 2 tcp 6 src=192.0.2.1 dst=192.0.2.2 sport=1 dport=2 src=192.0.2.2 dst=192.0.2.1 sport=2 dport=1 [OFFLOAD] mark=0 use=2\n',
    );
    expect(entry).toMatchObject({ state: 'ESTABLISHED', timeoutNs: 86_400_000_000_000n });
    expect((entry?.status ?? 0) & Conntrack.IPS_ASSURED).not.toBe(0);
  });

  it('says by its tuples what was translated', () => {
    const translated = (port: number) =>
      (read(listed).find(({ original }) => original.sourcePort === port)?.status ?? 0) &
      (Conntrack.IPS_SRC_NAT | Conntrack.IPS_DST_NAT);
    expect(translated(999)).toBe(Conntrack.IPS_SRC_NAT);
    expect(translated(998)).toBe(Conntrack.IPS_DST_NAT);
    expect(translated(1)).toBe(0);
  });
});

describe('events', () => {
  // The time left and the state stand where the kernel put them; the event is made from the rest of the line.
  function eventOf(line: string): ConntrackEvent {
    const [, seconds = '', micros = '', kind = '', rest = ''] =
      /^\[(\d+)\.(\d+)\]\t *\[(\w+)\] (.*)$/.exec(line) ?? [];
    const hasTimeout = /^ipv[46] +\d+ \w+ +\d+ \d+ /.test(rest);
    const whole = hasTimeout ? rest : rest.replace(/^(ipv[46] +\d+ \w+ +\d+) /, '$1 0 ');
    const [entry] = read(whole);
    if (entry === undefined) throw new Error(line);
    const timeNs = BigInt(seconds) * 1_000_000_000n + BigInt(micros) * 1000n;
    const startNs = entry.startNs === undefined ? undefined : timeNs + entry.startNs;
    return {
      kind: kind as ConntrackEvent['kind'],
      what: entry.state === undefined ? 0 : 1 << Conntrack.IPCT_PROTOINFO,
      number: 1n,
      timeNs,
      entry: {
        ...entry,
        startNs,
        originalAccounting: entry.originalAccounting ?? { packets: 9n, bytes: 9n },
      },
    };
  }

  it('are printed as the tool printed them', () => {
    const lines = recorded('linux-events.txt').trimEnd().split('\n');
    expect(new Set(lines.map((line) => /\[([A-Z]+)\]/.exec(line)?.[1]))).toEqual(
      new Set(['NEW', 'UPDATE', 'DESTROY']),
    );
    expect(lines.map((line) => eventText(eventOf(line)))).toEqual(lines);
  });

  const [tcp] = read(
    'tcp 6 99 ESTABLISHED src=1.1.1.1 dst=2.2.2.2 sport=1 dport=2 src=2.2.2.2 dst=1.1.1.1 sport=2 dport=1 mark=0\n',
  );

  it('show a state only where it changed, and a mark of 0 where it became that', () => {
    const event = { kind: 'UPDATE', number: 1n, timeNs: 1_999_999n, entry: tcp as never } as const;
    expect(eventText({ ...event, what: 1 << Conntrack.IPCT_ASSURED })).toBe(
      '[00000000.001999]\t [UPDATE] ipv4     2 tcp      6 99 src=1.1.1.1 dst=2.2.2.2 sport=1 dport=2 src=2.2.2.2 dst=1.1.1.1 sport=2 dport=1',
    );
    expect(eventText({ ...event, what: 1 << Conntrack.IPCT_MARK })).toMatch(/dport=1 mark=0$/);
  });

  it('count the seconds of a life from second to second', () => {
    const entry = { ...(tcp as NonNullable<typeof tcp>), startNs: 1_900_000_000n };
    const event = { kind: 'DESTROY', what: 1 << Conntrack.IPCT_DESTROY, number: 1n, entry } as const;
    expect(eventText({ ...event, timeNs: 2_100_000_000n })).toMatch(/ delta-time=1$/);
    expect(eventText({ ...event, timeNs: 1_000_000_000n })).toMatch(/ delta-time=0$/);
  });
});
