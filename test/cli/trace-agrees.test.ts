// What trace says became of a packet is what scan says of it: of captures of the corpus, with rules that ask about
// connections and attach helpers, of fragments, and from a starting state on.

import { cpSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { afterAll, describe, expect, it } from 'vitest';
import { loadRecords } from '../conntrack/records.ts';
import { pcapngOf } from '../conntrack/scanned.ts';
import { Folder, run } from './run.ts';

const folder = new Folder();
afterAll(() => folder.remove());

interface Line {
  readonly number: number;
  readonly time: string;
  readonly verdict: string;
  readonly hook: string | null;
  readonly table: string | null;
  readonly chain: string | null;
  readonly rule: number | null;
  readonly reason: string | null;
  readonly datagram?: number | null;
  readonly ctstate: string | null;
}

/** The last line of a packet's trace, by the line of --verdicts. Left out: what trace adds to SKIP, and why fragments die. */
function lastLine({
  number,
  time,
  verdict,
  hook,
  table,
  chain,
  rule,
  reason,
  datagram = null,
}: Line): string {
  const parts = [`packet ${number} at ${time}: ${verdict}`];
  if (datagram !== null) parts.push(`(completed by packet ${datagram})`);
  if (reason !== null && verdict !== 'SKIP') parts.push(`(${reason})`);
  if (hook !== null) parts.push(`in ${hook}`);
  if (table !== null && reason !== 'hotdrop')
    parts.push(`by ${table}:${chain}:${rule === 0 ? 'policy' : `rule:${rule}`}`);
  return parts.join(' ');
}

/** Of all packets: what scan says, and what trace says: the last line, and behind it the state of the connection. */
function both(args: readonly string[], capture: string): { scan: string[]; trace: string[] } {
  const verdicts = folder.file('verdicts.jsonl');
  const scanned = run(['scan', ...args, '--verdicts', verdicts, capture]);
  expect(scanned.code === 0 || scanned.code === 3, scanned.stderr).toBe(true);
  const lines = readFileSync(verdicts, 'utf8').trim().split('\n');
  const trace: string[] = [];
  let ctstate = 'null';
  for (const line of run(['trace', ...args, capture], { timeout: 50_000 }).stdout.split('\n')) {
    ctstate = /^CONNTRACK: \w+ (\w+)/.exec(line)?.[1] ?? ctstate;
    if (!line.startsWith('packet ')) continue;
    const last = line.replace(/SKIP \(.*\)$/, 'SKIP').replace(/ \((?:incomplete|given up: [a-z-]+)\)/, '');
    trace.push(`${last} ${ctstate}`);
    ctstate = 'null';
  }
  const told = lines.map((line): Line => JSON.parse(line));
  return { scan: told.map((line) => `${lastLine(line)} ${line.ctstate}`), trace };
}

const STATEFUL = (family: 'ipv4' | 'ipv6') =>
  `*raw
:PREROUTING ACCEPT [0:0]
:OUTPUT ACCEPT [0:0]
-A PREROUTING -p tcp -m tcp --dport 21 -j CT --helper ftp
-A PREROUTING -p udp -m udp --dport 69 -j CT --helper tftp
-A PREROUTING -p udp -m udp --dport 5060 -j CT --helper sip
${family === 'ipv4' ? '-A PREROUTING -p tcp -m tcp --dport 6667 -j CT --helper irc\n-A PREROUTING -p tcp -m tcp --dport 1723 -j CT --helper pptp\n' : ''}COMMIT
*filter
:INPUT DROP [0:0]
:FORWARD DROP [0:0]
:OUTPUT ACCEPT [0:0]
:new - [0:0]
-A FORWARD -m conntrack --ctstate RELATED -j ACCEPT
-A FORWARD -m conntrack --ctstate ESTABLISHED --ctdir REPLY -j ACCEPT
-A FORWARD -m conntrack --ctstate ESTABLISHED -j ACCEPT
-A FORWARD -m conntrack --ctstate INVALID -j DROP
-A FORWARD -m conntrack --ctstate NEW -j new
-A new -p tcp -j ACCEPT
-A new -p udp -m udp --dport 1:6000 -j ACCEPT
-A new -p icmp -j REJECT
COMMIT
`.replace('-p icmp -j REJECT', family === 'ipv4' ? '-p icmp -j REJECT' : '-p ipv6-icmp -j REJECT');

const rules = [
  '--rules',
  folder.file('stateful.v4', STATEFUL('ipv4')),
  '--rules6',
  folder.file('stateful.v6', STATEFUL('ipv6')),
];
const CORPUS = fileURLToPath(new URL('../../../shared/corpus/pcap/', import.meta.url));
const CAPTURES = [
  'markofu/PracticalPacketAnalysis__ppa-capture-files__ftp.pcap',
  'suricata-verify/filestore-ftp-active-mode__ftp-active-mode.pcap',
  'zeek/ftp__ipv6-retr-samba.pcap',
  'nfstream/pcaps__tftp.pcap',
  'ipfixprobe/functional__inputs__sip.pcap',
  'tcpdump/pptp.pcap',
  'zeek/tls__irc-starttls.pcap',
  'markofu/PracticalPacketAnalysis__ppa-capture-files__ipfragments.pcap',
  'ndpi/default__pcap__dns_fragmented.pcap',
  'chrissanders/ipv6_fragments.pcapng',
  'suricata-verify/ipv6-evasion__ipv6-malformed-fragments-9__frag-9.pcap',
  'suricata-verify/ipv6-evasion__ipv6-atomic-fragments-toobig__toobig.pcap',
];

/** The session's packets from one on, and a table of the connections before it. */
function secondPart(from: number): { readonly capture: string; readonly table: string } {
  const bytes = gunzipSync(readFileSync(join(SESSION, 'capture.pcap.gz')));
  let at = 24;
  for (let record = 1; record < from; record++) at += 16 + bytes.readUInt32LE(at + 8);
  const first = folder.file('first.pcap', bytes.subarray(0, at));
  const table = folder.file('table.txt');
  run(['scan', '--host', join(SESSION, 'host'), '--conntrack', table, first]);
  const capture = folder.file('second.pcap', Buffer.concat([bytes.subarray(0, 24), bytes.subarray(at)]));
  return { capture, table };
}

const SESSION = fileURLToPath(new URL('../conntrack/session/', import.meta.url));

describe('trace and scan agree', () => {
  it.skipIf(!existsSync(CORPUS)).each(CAPTURES)('on %s (needs ../shared/corpus)', (name) => {
    const { scan, trace } = both([...rules, '--in', 'eth0', '--out', 'eth1'], join(CORPUS, name));
    expect(trace).toEqual(scan);
  });

  it('on a session that goes on, with --conntrack-from and with conntrack.txt of the host folder', () => {
    const { capture, table } = secondPart(40);
    const host = folder.file('host');
    cpSync(join(SESSION, 'host'), host, { recursive: true });
    const without = both(['--host', host], capture);
    expect(without.trace).toEqual(without.scan);
    const from = both(['--host', host, '--conntrack-from', table], capture);
    expect(from.trace).toEqual(from.scan);
    expect(from.trace).not.toEqual(without.trace);
    cpSync(table, join(host, 'conntrack.txt'));
    expect(both(['--host', host], capture)).toEqual(from);
  });

  it('on a starting state that there is no room for', () => {
    const { capture, table } = secondPart(40);
    const host = folder.file('small');
    cpSync(join(SESSION, 'host'), host, { recursive: true });
    const sysctls = readFileSync(join(host, 'sysctl.txt'), 'utf8').replace(/^.*nf_conntrack_max =.*$/gm, '');
    writeFileSync(join(host, 'sysctl.txt'), `${sysctls}net.netfilter.nf_conntrack_max = 3\n`);
    const args = ['--host', host, '--conntrack-from', table, capture];
    const [scan, trace] = [run(['scan', ...args]), run(['trace', ...args])];
    expect(trace.stderr).toMatch(/there is no room for \d+ of the \d+ connections/);
    expect(trace.stderr).toBe(scan.stderr);
  });

  it('that --conntrack-from is for nothing where no rule asks for connections', () => {
    const { capture, table } = secondPart(40);
    const rules4 = folder.file('stateless.v4', '*filter\n:INPUT ACCEPT [0:0]\nCOMMIT\n');
    const args = ['--rules', rules4, '--local', '192.0.2.1', '--conntrack-from', table, capture];
    expect(run(['trace', ...args]).stderr).toContain(
      'warning: --conntrack-from: connection tracking is off, as on Linux',
    );
  });

  it.each([...loadRecords(['fragment'])].filter(({ name }) => /ipv|expiry|random-1/.test(name)))(
    'on $name',
    (record) => {
      const capture = folder.file('record.pcapng');
      writeFileSync(capture, pcapngOf(record));
      const args = ['--rules', folder.file('record.v4', record.rules4), '--rules6'];
      const { scan, trace } = both(
        [...args, folder.file('record.v6', record.rules6), '--in', 'eth0', '--out', 'eth1'],
        capture,
      );
      expect(trace).toEqual(scan);
    },
  );
});
