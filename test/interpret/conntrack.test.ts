// Where connection tracking stands in the reference, and what happens at its limits; what Linux tracks is test/conntrack.

import { describe, expect, test } from 'vitest';
import { readConntrack } from '../../src/conntrack/read.ts';
import { entryText } from '../../src/conntrack/text.ts';
import type { Machine } from '../../src/host/machine.ts';
import { Interpreter, type Outcome } from '../../src/interpret/interpreter.ts';
import { readRules } from '../../src/save/read.ts';
import { MACHINE } from '../extension/machine.ts';
import { ipv4, tcp, udp } from '../kernel/packet.ts';

const SECOND = 1_000_000_000n;
const CLIENT = '192.0.2.1';
const OTHERS = '192.0.2.2';
const SERVER = '198.51.100.1';

interface Sent {
  readonly packet: Uint8Array;
  readonly seconds?: number;
  /** Bytes that were captured. */
  readonly captured?: number;
}

class Replay {
  readonly interpreter: Interpreter;
  #number = 0;

  constructor(rules4: string, machine: Machine = MACHINE, rules6?: string) {
    this.interpreter = new Interpreter({
      machine,
      backend: 'legacy',
      events: true,
      rules4: readRules(rules4, { file: 'rules.v4', family: 'ipv4' }),
      rules6: rules6 === undefined ? undefined : readRules(rules6, { file: 'rules.v6', family: 'ipv6' }),
    });
  }

  send({ packet, seconds = 0, captured = packet.length }: Sent): Outcome {
    this.#number++;
    return this.interpreter.evaluate({
      bytes: packet.subarray(0, captured),
      originalLength: packet.length,
      linkType: 101,
      timeNs: BigInt(seconds) * SECOND,
      direction: 'in',
      number: this.#number,
    });
  }

  table(seconds = 0): string[] {
    return this.interpreter.conntrackEntries(BigInt(seconds) * SECOND).map((entry) => entryText(entry));
  }
}

const NOTHING = new Uint8Array(0);
const SYN = 2;
const ACK = 16;

function datagram(
  source: string,
  destination: string,
  sourcePort: number,
  destinationPort: number,
): Uint8Array {
  const payload = udp(sourcePort, destinationPort, NOTHING);
  return ipv4({ source, destination, protocol: 17, payload });
}

function segment(flags: number, options: Uint8Array = NOTHING): Uint8Array {
  const payload = tcp({
    sourcePort: 1000,
    destinationPort: 80,
    flags,
    options,
    payload: new Uint8Array(100),
  });
  return ipv4({ source: CLIENT, destination: SERVER, protocol: 6, payload });
}

const REQUEST = datagram(CLIENT, SERVER, 1000, 53);
const REPLY = datagram(SERVER, CLIENT, 53, 1000);
const COUNTING = '*mangle\n:PREROUTING ACCEPT\n-A PREROUTING -m conntrack --ctstate NEW\nCOMMIT\n';

function machine(sysctls: Readonly<Record<string, string>>, hook = 0): Machine {
  const named = Object.entries(sysctls).map(
    ([name, value]) => [`net.netfilter.nf_conntrack_${name}`, value] as const,
  );
  return { ...MACHINE, sysctls: new Map(named), placement: { kind: 'hook', hook } };
}

/** Packets of each rule of a table's chain. */
function counts({ interpreter }: Replay, name: string): bigint[] {
  const table = interpreter.countersOf().ipv4?.tables.find((one) => one.name === name);
  return (
    table?.chains.find(({ rules }) => rules.length > 0)?.rules.map(({ counters }) => counters.packets) ?? []
  );
}

describe('where it stands', () => {
  test('a request is NEW until it is answered', () => {
    const replay = new Replay(COUNTING);
    const packets = [REQUEST, REQUEST, REPLY, REQUEST];
    const states = packets.map((packet) => replay.send({ packet }).ctstate);
    expect(states).toEqual(['NEW', 'NEW', 'ESTABLISHED', 'ESTABLISHED']);
    expect(counts(replay, 'mangle')).toEqual([2n]);
  });

  test('table raw comes before it', () => {
    const rules = '-A PREROUTING -m conntrack --ctstate INVALID\n-A PREROUTING -m conntrack --ctstate NEW';
    const replay = new Replay(`*raw\n:PREROUTING ACCEPT\n${rules}\nCOMMIT\n`);
    expect(replay.send({ packet: REQUEST }).ctstate).toBe('NEW');
    expect(counts(replay, 'raw')).toEqual([1n, 0n]);
  });

  test('it is passed before a hook that is scanned alone, and confirms behind it', () => {
    const rules = '*filter\n:FORWARD ACCEPT\n-A FORWARD -m conntrack --ctstate ESTABLISHED\nCOMMIT\n';
    const replay = new Replay(rules, machine({}, 2));
    expect(replay.send({ packet: REQUEST }).ctstate).toBe('NEW');
    expect(replay.send({ packet: REPLY }).ctstate).toBe('ESTABLISHED');
    expect(counts(replay, 'filter')).toEqual([1n]);
  });

  test('a rule set that asks nothing switches it off', () => {
    const replay = new Replay('*raw\n:PREROUTING ACCEPT\n-A PREROUTING -j CT --notrack\nCOMMIT\n');
    expect(replay.send({ packet: REQUEST }).ctstate).toBeNull();
    expect(replay.table()).toEqual([]);
  });

  test('what is dropped is not confirmed', () => {
    const replay = new Replay(
      '*mangle\n:PREROUTING DROP\n-A PREROUTING -m conntrack --ctstate ESTABLISHED\nCOMMIT\n',
    );
    expect(replay.send({ packet: REQUEST }).verdict).toBe('DROP');
    expect(replay.send({ packet: REPLY }).ctstate).toBe('NEW');
    expect(replay.table()).toEqual([]);
  });

  test('table nat sees the first packet of a connection', () => {
    const nat = '*nat\n:PREROUTING ACCEPT\n-A PREROUTING -p udp\nCOMMIT\n';
    const replay = new Replay(`${COUNTING}${nat}`);
    for (const packet of [REQUEST, REQUEST, REPLY, REQUEST]) replay.send({ packet });
    expect(counts(replay, 'nat')).toEqual([1n]);
  });

  test('table nat sees nothing where it is off', () => {
    const replay = new Replay('*nat\n:PREROUTING ACCEPT\n-A PREROUTING -p udp\nCOMMIT\n');
    replay.send({ packet: REQUEST });
    expect(counts(replay, 'nat')).toEqual([0n]);
  });
});

describe('limits', () => {
  test('bytes of a header that were not captured leave the answer open', () => {
    const replay = new Replay(COUNTING);
    const windowScale = Uint8Array.of(1, 3, 3, 7);
    const outcome = replay.send({ packet: segment(SYN, windowScale), captured: 42 });
    expect([outcome.verdict, outcome.reason]).toEqual(['UNKNOWN', 'not-captured']);
    expect(replay.table()).toEqual([]);
  });

  test('bytes of an option that tells nothing are not missed', () => {
    const replay = new Replay(COUNTING);
    const segmentSize = Uint8Array.of(2, 4, 5, 180);
    expect(replay.send({ packet: segment(SYN, segmentSize), captured: 42 }).ctstate).toBe('NEW');
  });

  test('payload that was not captured is not missed', () => {
    const replay = new Replay(COUNTING, machine({ checksum: '1' }));
    expect(replay.send({ packet: segment(ACK), captured: 40 }).ctstate).toBe('NEW');
  });

  test.each([
    ['0', 'NEW'],
    ['1', 'INVALID'],
  ])('nf_conntrack_checksum = %s', (checksum, state) => {
    const replay = new Replay(COUNTING, machine({ checksum }));
    expect(replay.send({ packet: segment(ACK) }).ctstate).toBe(state);
  });

  test('a full table makes room by a connection that is not assured', () => {
    const replay = new Replay(COUNTING, machine({ max: '2' }));
    for (const port of [1, 2, 3]) replay.send({ packet: datagram(CLIENT, SERVER, port, 53) });
    expect(replay.table().map((line) => /sport=(\d+)/.exec(line)?.[1])).toEqual(['2', '3']);
    const ends = replay.interpreter.conntrackEvents.filter(({ kind }) => kind === 'DESTROY');
    expect(ends.map(({ entry }) => entry.original.sourcePort)).toEqual([1]);
  });

  test('a table that is full of assured connections takes no more', () => {
    const replay = new Replay(COUNTING, machine({ max: '1' }));
    for (const [packet, seconds] of [
      [REQUEST, 0],
      [REPLY, 1],
      [REQUEST, 4],
    ] as const) {
      replay.send({ packet, seconds });
    }
    const late = datagram(OTHERS, SERVER, 1, 53);
    const outcome = replay.send({ packet: late, seconds: 5 });
    expect([outcome.verdict, outcome.reason]).toEqual(['LOST', 'conntrack-full']);
    // Those that have expired are no longer in the way.
    expect(replay.send({ packet: late, seconds: 200 }).ctstate).toBe('NEW');
  });

  test('expiry goes by the time of the packet, also when that goes back', () => {
    const replay = new Replay(COUNTING);
    replay.send({ packet: REQUEST, seconds: 1000 });
    expect(replay.send({ packet: REPLY, seconds: 0 }).ctstate).toBe('ESTABLISHED');
    expect(replay.send({ packet: REPLY, seconds: 30 }).ctstate).toBe('NEW');
  });
});

describe('a starting state', () => {
  test('goes on where a table was listed', () => {
    const before = new Replay(COUNTING, machine({ acct: '1' }));
    for (const packet of [REQUEST, REPLY, segment(SYN)]) before.send({ packet });
    const listed = before.table();
    const entries = readConntrack(listed.join('\n'), { file: 'conntrack.txt' });
    const after = new Replay(COUNTING, machine({ acct: '1' }));
    after.interpreter.startConntrack(entries, 0n);
    expect(after.table()).toEqual(listed);
    expect(after.send({ packet: REQUEST }).ctstate).toBe('ESTABLISHED');
  });

  test('a tuple that is taken is left out', () => {
    const replay = new Replay(COUNTING);
    replay.send({ packet: REQUEST });
    const [line] = replay.table();
    replay.interpreter.startConntrack(readConntrack(line as string, { file: 'conntrack.txt' }), 0n);
    expect(replay.table()).toHaveLength(1);
  });
});
