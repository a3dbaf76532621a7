// What Linux's connection tracking made of packets: the records under linux/, one JSON object a line, made by
// make/record.py (README.md says how).
//
//     name, about?, seed?   what the scenario is
//     sysctls               beside the defaults of linux/host.json
//     mtu?                  of eth1
//     packets               one string a packet, in order:
//         MICROSECONDS SIDE PACKET SEEN FORWARDED EVENTS ENTRY REASON
//         MICROSECONDS  since the packet before was sent (the first one: since the record began)
//         SIDE          0: enters the router by eth0, 1: by eth1
//         PACKET        hex, from the IP header on, without the zeros at its end (the IP length says how many); with "!"
//                       before it, the whole frame as it is
//         SEEN          letters, as netfilter saw it between conntrack and mangle PREROUTING: one of N new,
//                       E established, R related, I invalid, U untracked; r reply direction; then status bits before
//                       this packet is confirmed: e expected, s seen-reply, a assured, c confirmed, d dying.
//                       "-": nothing came there (dropped before, or held as a fragment)
//         FORWARDED     frames that came out of the router
//         EVENTS        conntrack events meanwhile: N new, U update, D destroy; "-" none
//         ENTRY         the entry found by the packet's tuple afterwards, "-" none (or no tuple: fragments, errors):
//                       status in hex, remaining timeout in seconds (rounded down), and for TCP the state number, both
//                       window scales (two hex digits: original, reply) and the flags of both directions in hex; for
//                       SCTP the state number
//         REASON        index into `reasons`, "-" none
//     reasons               what the kernel logged of packets (nf_conntrack_log_invalid): why INVALID, and of some that it
//                           lets pass
//     tableUs, table        when `conntrack -L -o extended` was asked after the packets (microseconds since the record
//                           began), and its lines, IPv4 first
//     rules4?, rules6?      `iptables-save`, `ip6tables-save` of the tables in use; where left out: linux/rules.json
//     counts4, counts6      the counters of their `-c` at the end, in the order of the text; "0" for "0:0"
//     expect?               `conntrack -L expect`, right after the table
//     events?               `conntrack -E -o extended`

import { readdirSync, readFileSync } from 'node:fs';
import { readHost } from '../../src/host/folder.ts';
import type { Machine } from '../../src/host/machine.ts';

export type CtState = 'NEW' | 'ESTABLISHED' | 'RELATED' | 'INVALID' | 'UNTRACKED';
export type CtStatus = 'EXPECTED' | 'SEEN_REPLY' | 'ASSURED' | 'CONFIRMED' | 'DYING';

/** A packet as mangle PREROUTING sees it. */
export interface Observed {
  readonly ctstate: CtState;
  /** Whether it travels in the reply direction of its entry. */
  readonly reply: boolean;
  /** As `--ctstatus` sees it; empty for none. */
  readonly ctstatus: readonly CtStatus[];
}

/** The entry a packet belongs to, after the packet has left. */
export interface EntryAfter {
  /** IPS_* bits; those without a name in conntrack(8) included. */
  readonly status: number;
  /** Rounded down; may be one less than what was set, by the tick between. Undefined: not recorded. */
  readonly timeoutSeconds: number | undefined;
  /** enum tcp_conntrack or sctp_conntrack. */
  readonly state?: number | undefined;
  readonly tcp?:
    | {
        readonly scales: readonly [original: number, reply: number];
        /** IP_CT_TCP_FLAG_* */
        readonly flags: readonly [original: number, reply: number];
      }
    | undefined;
}

export interface RecordedPacket {
  /** When it was sent, since the record began. */
  readonly timeNs: number;
  readonly interface: 'eth0' | 'eth1';
  /** From the Ethernet header on. */
  readonly frame: Uint8Array;
  /** Undefined: it did not come to mangle PREROUTING. */
  readonly observed: Observed | undefined;
  /** How many frames came out of the router. */
  readonly forwarded: number;
  /** One letter a conntrack event. */
  readonly events: string;
  readonly entry: EntryAfter | undefined;
  /** What nf_conntrack_log_invalid made the kernel log. */
  readonly reason: string | undefined;
}

export interface ConntrackRecord {
  readonly name: string;
  /** The file under linux/, without its ending. */
  readonly group: string;
  readonly about?: string | undefined;
  readonly sysctls: Readonly<Record<string, string>>;
  /** Of eth1; undefined: as linux/host.json has it. */
  readonly mtu?: number | undefined;
  /** With counters of 0; what they were at the end is in `counters4` and `counters6`. */
  readonly rules4: string;
  readonly rules6: string;
  readonly counters4: string;
  readonly counters6: string;
  readonly packets: readonly RecordedPacket[];
  readonly tableTimeNs: number;
  readonly table: readonly string[];
  readonly expect?: readonly string[] | undefined;
  readonly events?: readonly string[] | undefined;
}

interface RecordLine {
  name: string;
  about?: string;
  sysctls?: Record<string, string>;
  mtu?: number;
  packets: string[];
  reasons: string[];
  tableUs: number;
  table: string[];
  rules4?: string;
  rules6?: string;
  counts4: string;
  counts6: string;
  expect?: string[];
  events?: string[];
}

export const FOLDER = new URL('linux/', import.meta.url);
const MACS = ['020000000001', '020000000101'];
const PEER = '020000000099';
const STATES: Readonly<Record<string, CtState>> = {
  N: 'NEW',
  E: 'ESTABLISHED',
  R: 'RELATED',
  I: 'INVALID',
  U: 'UNTRACKED',
};
const STATUSES: Readonly<Record<string, CtStatus>> = {
  e: 'EXPECTED',
  s: 'SEEN_REPLY',
  a: 'ASSURED',
  c: 'CONFIRMED',
  d: 'DYING',
};

/** All records of the named groups (file names under linux/ without their ending), or of all groups. */
export function* loadRecords(groups?: readonly string[]): Iterable<ConntrackRecord> {
  const files = readdirSync(FOLDER).filter((file) => file.endsWith('.jsonl'));
  for (const file of files.sort()) {
    const group = file.slice(0, -'.jsonl'.length);
    if (groups !== undefined && !groups.includes(group)) continue;
    for (const line of readFileSync(new URL(file, FOLDER), 'utf8').split('\n')) {
      if (line !== '') yield readRecord(group, JSON.parse(line) as RecordLine);
    }
  }
}

/** The router as a host folder: file name to text, with a record's sysctls in place. `corpus`: that of corpus.ts. */
export function hostFiles(
  sysctls: Readonly<Record<string, string>> = {},
  router: 'own' | 'corpus' = 'own',
): Record<string, string> {
  const name = router === 'own' ? 'host.json' : 'host-corpus.json';
  const files = JSON.parse(readFileSync(new URL(name, FOLDER), 'utf8')) as Record<string, string>;
  const lines = (files['sysctl.txt'] as string).split('\n').filter((line) => {
    const key = line.split(' = ')[0] as string;
    return line !== '' && !(key in sysctls);
  });
  const changed = Object.entries(sysctls).map(([key, value]) => `${key} = ${value}`);
  return { ...files, 'sysctl.txt': `${[...lines, ...changed].join('\n')}\n` };
}

/** The router of a record. */
export function machineOf({ group, sysctls, mtu }: ConntrackRecord): Machine {
  const files = hostFiles(sysctls, group === 'corpus' ? 'corpus' : 'own');
  const machine = readHost((name) => ({ path: name, text: files[name] }));
  const interfaces = machine.interfaces.map((one) =>
    one.name === 'eth1' && mtu !== undefined ? { ...one, mtu } : one,
  );
  return { ...machine, interfaces, useMac: true };
}

const usual = JSON.parse(readFileSync(new URL('rules.json', FOLDER), 'utf8')) as {
  rules4: string;
  rules6: string;
};

function readRecord(group: string, line: RecordLine): ConntrackRecord {
  const { rules4 = usual.rules4, rules6 = usual.rules6 } = line;
  let microseconds = 0;
  const packets = line.packets.map((text) => {
    microseconds += Number(text.slice(0, text.indexOf(' ')));
    return readPacket(text, microseconds * 1000, line.reasons);
  });
  return {
    name: line.name,
    group,
    about: line.about,
    sysctls: line.sysctls ?? {},
    mtu: line.mtu,
    rules4,
    rules6,
    counters4: counted(rules4, line.counts4),
    counters6: counted(rules6, line.counts6),
    packets,
    tableTimeNs: line.tableUs * 1000,
    table: line.table,
    expect: line.expect,
    events: line.events,
  };
}

/** Rules as `iptables-save -c` prints them, with these counters in order. */
export function counted(rules: string, counts: string): string {
  const numbers = counts.split(' ').map((count) => `[${count === '0' ? '0:0' : count}]`);
  return rules.replace(/^-A|\[0:0\]$/gm, (text) => {
    const count = numbers.shift();
    return text === '-A' ? `${count} -A` : (count as string);
  });
}

function readPacket(text: string, timeNs: number, reasons: readonly string[]): RecordedPacket {
  const [, side, packet, seen, forwarded, events, entry, reason] = text.split(' ') as [
    string,
    string,
    string,
    string,
    string,
    string,
    string,
    string,
  ];
  return {
    timeNs,
    interface: side === '0' ? 'eth0' : 'eth1',
    frame: readFrame(packet, Number(side)),
    observed: readObserved(seen),
    forwarded: Number(forwarded),
    events: events === '-' ? '' : events,
    entry: entry === '-' ? undefined : readEntry(entry),
    reason: reason === '-' ? undefined : reasons[Number(reason)],
  };
}

function readFrame(packet: string, side: number): Uint8Array {
  if (packet.startsWith('!')) return new Uint8Array(Buffer.from(packet.slice(1), 'hex'));
  const bytes = Buffer.from(packet, 'hex');
  const six = (bytes[0] as number) >> 4 === 6;
  const length = six ? 40 + bytes.readUInt16BE(4) : bytes.readUInt16BE(2);
  const frame = new Uint8Array(14 + length);
  frame.set(Buffer.from(`${MACS[side]}${PEER}${six ? '86dd' : '0800'}`, 'hex'));
  frame.set(bytes, 14);
  return frame;
}

export function readObserved(seen: string): Observed | undefined {
  if (seen === '-') return undefined;
  const ctstate = STATES[seen.charAt(0)];
  if (ctstate === undefined) throw new Error(`no such letters: ${seen}`);
  const statuses = [...seen].map((letter) => STATUSES[letter]);
  return {
    ctstate,
    reply: seen.includes('r'),
    ctstatus: statuses.filter((status) => status !== undefined),
  };
}

export function readEntry(text: string): EntryAfter {
  const [status, timeout, state, scales, original, reply] = text.split(',');
  const hex = (digits: string | undefined) => Number.parseInt(digits as string, 16);
  return {
    status: hex(status),
    timeoutSeconds: timeout === '' ? undefined : Number(timeout),
    state: state === undefined ? undefined : hex(state),
    tcp:
      scales === undefined
        ? undefined
        : {
            scales: [hex(scales[0]), hex(scales[1])],
            flags: [hex(original), hex(reply)],
          },
  };
}
