// Options about connections: what is read, what is refused, what is said when nothing is tracked.

import { cpSync, existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Folder, run, shell } from './run.ts';

const DEMO = fileURLToPath(new URL('../../demo/', import.meta.url));
const folder = new Folder();
const capture = folder.file('demo.pcapng');
afterAll(() => folder.remove());
beforeAll(() => {
  expect(shell(`node ${DEMO}/make-capture.js ${capture}`).code).toBe(0);
});

const ENTRY =
  'ipv4     2 udp      17 30 src=192.0.2.1 dst=192.0.2.2 sport=1 dport=53 src=192.0.2.2 dst=192.0.2.1 sport=53 dport=1 mark=0 use=1\n';
/** Rules that need no connections. */
const rules = folder.file(
  'stateless.v4',
  '*filter\n:INPUT ACCEPT [0:0]\n:FORWARD ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\nCOMMIT\n',
);
const scan = (...args: string[]) => run(['scan', '--rules', rules, '--local', '192.0.2.1', ...args, capture]);

describe('without a rule that needs connections', () => {
  it('says that they are not tracked, and writes empty files', () => {
    const [table, events] = [folder.file('table.txt', 'before\n'), folder.file('events.txt')];
    const { code, stderr } = scan('--conntrack', table, '--events', events);
    expect(code).toBe(0);
    expect(stderr).toMatch(
      /^wasmtables: warning: --conntrack, --events: connection tracking is off, .* no rule needs/m,
    );
    expect(readFileSync(table, 'utf8')).toBe('');
    expect(readFileSync(events, 'utf8')).toBe('');
  });

  it('says so of a starting state that was asked for, not of one in the host folder', () => {
    const from = folder.file('from.txt', ENTRY);
    expect(scan('--conntrack-from', from).stderr).toMatch(
      /warning: --conntrack-from: connection tracking is off/,
    );
    const host = folder.file('host');
    cpSync(`${DEMO}/host`, host, { recursive: true });
    folder.file('host/conntrack.txt', ENTRY);
    const { code, stderr } = run(['scan', '--host', host, '--rules', rules, capture]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  });

  it('has null in the JSON', () => {
    expect(JSON.parse(scan('--json').stdout).conntrack).toBeNull();
  });
});

describe('helpers', () => {
  const tracked = (name: string, raw: string): string =>
    folder.file(
      name,
      `*raw\n:PREROUTING ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n${raw}COMMIT\n*filter\n:INPUT ACCEPT [0:0]\n:FORWARD ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n-A INPUT -m conntrack --ctstate RELATED -j ACCEPT\nCOMMIT\n`,
    );

  it('take all connections to one lane, and that is said, whatever the number of workers', () => {
    const helped = tracked('helped.v4', '-A PREROUTING -p tcp --dport 21 -j CT --helper ftp\n');
    for (const workers of ['1', '2']) {
      const args = ['--rules', helped, '--local', '192.0.2.1', '--workers', workers, capture];
      const { code, stderr } = run(['scan', ...args]);
      expect({ code, stderr }).toEqual({
        code: 0,
        stderr:
          'wasmtables: warning: rules attach helpers, and what a helper expects may be a connection between other ' +
          'hosts: all connections are tracked by one lane at a time\n',
      });
    }
  });

  it('are not spoken of where no rule attaches one', () => {
    const plain = tracked('plain.v4', '');
    const { code, stderr } = run(['scan', '--rules', plain, '--local', '192.0.2.1', capture]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  });
});

describe('a starting state of a machine that translates', () => {
  it('is taken, and it is said that replies are not known', () => {
    const stateful = folder.file(
      'stateful.v4',
      '*filter\n:INPUT ACCEPT [0:0]\n:FORWARD ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n-A INPUT -m state --state NEW\nCOMMIT\n',
    );
    const icmp =
      'ipv4     2 icmp     1 29 src=192.0.2.1 dst=192.0.2.2 type=8 code=0 id=7 src=192.0.2.2 dst=192.0.2.1 type=0 code=0 id=7 mark=0 use=1\n';
    const masqueraded = ENTRY.replace('dst=192.0.2.1 sport=53 dport=1', 'dst=198.51.100.7 sport=53 dport=1');
    const otherPort = ENTRY.replaceAll('sport=1 ', 'sport=2 ').replace('dport=1 ', 'dport=1024 ');
    const from = folder.file(
      'translated.txt',
      ENTRY + icmp + masqueraded.replace('sport=1 ', 'sport=3 ').replace('dport=1 ', 'dport=3 ') + otherPort,
    );
    const args = ['--rules', stateful, '--local', '192.0.2.1', '--conntrack-from', from, capture];
    const { code, stderr } = run(['scan', ...args]);
    expect({ code, stderr }).toEqual({
      code: 0,
      stderr:
        'wasmtables: warning: 2 of the 4 connections of the starting state are translated ones: ' +
        'NAT is not modelled, and their replies are not known as theirs\n',
    });
  });
});

describe('a starting state that is none', () => {
  it('is an error with its place, and nothing is written', () => {
    const from = folder.file('bad.txt', `${ENTRY}${ENTRY.replace('dport=53', 'dport=65536')}`);
    const table = folder.file('untouched.txt', 'before\n');
    const { code, stderr } = scan('--conntrack-from', from, '--conntrack', table);
    expect(code).toBe(2);
    const line = ENTRY.replace('dport=53', 'dport=65536').trimEnd();
    const column = line.indexOf('dport=') + 1;
    expect(stderr).toBe(
      `${from}:2:${column}: error: \`65536\` is not a number from 0 to 65535\n  ${line}\n  ${' '.repeat(column - 1)}^^^^^^^^^^^\n`,
    );
    expect(readFileSync(table, 'utf8')).toBe('before\n');
  });

  it('is one in the host folder too, with the errors of the other files', () => {
    const host = folder.file('bad-host');
    cpSync(`${DEMO}/host`, host, { recursive: true });
    folder.file('bad-host/conntrack.txt', 'garbage\n');
    folder.file('bad-host/rules.v4', 'garbage\n');
    const { code, stderr } = run(['scan', '--host', host, capture]);
    expect(code).toBe(2);
    expect(stderr).toMatch(/bad-host\/rules\.v4:1:1: error: /);
    expect(stderr).toMatch(
      /bad-host\/conntrack\.txt:1:1: error: `garbage` is no protocol of a conntrack entry\n/,
    );
    // Another one stands in for it.
    const none = run(['scan', '--host', host, '--rules', rules, '--conntrack-from', '/dev/null', capture]);
    expect(none.code).toBe(0);
  });

  it('may not be missing', () => {
    const { code, stderr } = scan('--conntrack-from', folder.file('missing.txt'));
    expect(code).toBe(2);
    expect(stderr).toContain('missing.txt: no such file or directory');
  });
});

describe('--seed', () => {
  it.each(['0', '18446744073709551615', '0xffffffffffffffff'])('takes %s', (seed) => {
    expect(scan('--seed', seed).code).toBe(0);
  });

  it.each(['-1', '18446744073709551616', '0x1ffffffffffffffff', 'x', '1.5', ''])('refuses "%s"', (seed) => {
    const { code, stderr } = scan(`--seed=${seed}`);
    expect(code).toBe(2);
    expect(stderr).toContain('a whole number from 0 to 18446744073709551615');
  });
});

it('writes to stdout one of them only', () => {
  const { code, stderr } = scan('--conntrack', '-', '--events', '-');
  expect(code).toBe(2);
  expect(stderr).toContain('stdout (-) is written twice: by --conntrack and by --events');
  expect(existsSync('-')).toBe(false);
});
