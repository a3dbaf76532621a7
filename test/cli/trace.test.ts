import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SNAPSHOT_COMMANDS } from '../../src/host/snapshot.ts';
import { Folder, run, shell } from './run.ts';

const DEMO = fileURLToPath(new URL('../../demo/', import.meta.url));
const folder = new Folder();
const capture = folder.file('demo.pcapng');
afterAll(() => folder.remove());
beforeAll(() => {
  expect(shell(`node ${join(DEMO, 'make-capture.js')} ${capture}`).code).toBe(0);
});

const trace = (...args: string[]) => run(['trace', '--host', join(DEMO, 'host'), ...args, capture]);

describe('trace', () => {
  it('names rules, returns and policies as the TRACE target does, with the fields of the kernel log', () => {
    const { code, stdout } = trace('--packet', '230');
    expect(code).toBe(0);
    const lines = stdout.trimEnd().split('\n');
    expect(lines.slice(0, -1).map((line) => line.split(' ')[1])).toEqual([
      'raw:PREROUTING:rule:1',
      'raw:bogons:return:6',
      'raw:PREROUTING:policy:2',
      'mangle:PREROUTING:policy:1',
      'mangle:INPUT:policy:1',
      'filter:INPUT:rule:2',
      'filter:badflags:return:4',
      'filter:INPUT:rule:4',
      'filter:ssh_in:rule:3',
      'filter:ssh_in:return:4',
    ]);
    expect(lines[0]).toBe(
      'TRACE: raw:PREROUTING:rule:1 IN=eth0 OUT= MAC=02:00:5e:00:53:01:02:00:5e:00:53:fe:08:00 ' +
        'SRC=203.0.113.78 DST=203.0.113.2 LEN=60 TOS=0x00 PREC=0x00 TTL=240 ID=11602 DF PROTO=TCP SPT=55269 DPT=22 ' +
        'SEQ=194398474 ACK=0 WINDOW=64240 RES=0x00 SYN URGP=0 OPT (020405B40402080A000000010000000001030307)',
    );
    expect(lines.at(-1)).toBe('packet 230 at 1732356003.141631000: DROP in INPUT by filter:ssh_in:rule:4');
  });

  it('--explain gives each rule that did not match, and the first condition that failed', () => {
    const { stdout } = trace('--packet', '230', '--explain');
    expect(stdout).toContain('\n  filter:INPUT:rule:3 did not match: -p\n    -A INPUT -p icmp -j icmp_in\n');
  });

  it('shows a packet as it is at each hook: VLAN device, decremented TTL, mark', () => {
    const { stdout } = trace('--packet', '1118');
    expect(stdout).toMatch(/mangle:PREROUTING:\S+ IN=eth1\.20 OUT= .* TTL=64 /);
    expect(stdout).toMatch(/mangle:POSTROUTING:\S+ IN=eth1\.20 OUT=eth0 .* TTL=63 .* MARK=0x20$/m);
  });

  it('chooses packets by addresses, protocol and ports', () => {
    const { stdout } = trace(
      '--from',
      '203.0.113.0/24',
      '--to',
      '203.0.113.2',
      '--proto',
      'tcp',
      '--port',
      '22',
    );
    const lines = stdout.split('\n').filter((line) => line.startsWith('TRACE: raw:PREROUTING:rule:1'));
    expect(lines.length).toBeGreaterThan(10);
    expect(lines.every((line) => /SRC=203\.0\.113\.\d+ DST=203\.0\.113\.2 .* DPT=22 /.test(line))).toBe(true);
    expect(stdout.match(/^packet /gm)).toHaveLength(lines.length);
  });

  it('shows what connection tracking makes of a packet, of those before it too', () => {
    const session = fileURLToPath(new URL('../conntrack/session/', import.meta.url));
    const args = ['--host', join(session, 'host'), '--packet', '8-9', join(session, 'capture.pcap.gz')];
    const lines = run(['trace', ...args]).stdout.split('\n');
    const steps = lines.filter((line) => line.startsWith('CONNTRACK')).map((line) => line.split(': ipv4')[0]);
    expect(steps).toEqual([
      'CONNTRACK: OUTPUT ESTABLISHED reply SYN_SENT->SYN_RECV',
      'CONNTRACK: PREROUTING ESTABLISHED original SYN_RECV->ESTABLISHED',
    ]);
  });

  it.each([
    ['--packet', '7-3'],
    ['--packet', '0'],
    ['--packet', 'x'],
    ['--port', '70000'],
    ['--from', '192.0.2.0/33'],
    ['--proto', 'nothing'],
  ])('%s %s is a usage error', (option, value) => {
    const { code, stderr } = trace(option, value);
    expect(code).toBe(2);
    expect(stderr).toContain(value.split('/').at(-1) === '33' ? "'/33'" : option);
  });

  it('says when no packet was asked for that is there', () => {
    const { code, stdout, stderr } = trace('--packet', '99999999');
    expect({ code, stdout }).toEqual({ code: 0, stdout: '' });
    expect(stderr).toContain('no packet of the capture');
  });
});

describe('snapshot', () => {
  it('--script prints a shell script that sh accepts, with every file', () => {
    const { code, stdout } = run(['snapshot', '--script']);
    expect(code).toBe(0);
    expect(shell('sh -n', { input: stdout }).code).toBe(0);
    for (const { file } of SNAPSHOT_COMMANDS) expect(stdout).toContain(file);
  });

  it('needs a folder, and one that can be made', () => {
    expect(run(['snapshot']).code).toBe(2);
    const { code, stderr } = run(['snapshot', folder.file('no/such/parent')]);
    expect(code).toBe(2);
    expect(stderr).toContain('cannot make the folder');
  });
});
