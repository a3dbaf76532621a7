// The contract of `scan`, row by row, on the demo's capture and host.

import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Folder, MAIN, run, shell } from './run.ts';

const DEMO = fileURLToPath(new URL('../../demo/', import.meta.url));
const HOST = join(DEMO, 'host');
const folder = new Folder();
const capture = folder.file('demo.pcapng');
afterAll(() => folder.remove());

/** Packets of the demo's capture. */
let packets = 0;

beforeAll(() => {
  expect(shell(`node ${join(DEMO, 'make-capture.js')} ${capture}`).code).toBe(0);
  packets = JSON.parse(run(['scan', '--json', '--host', HOST, capture]).stdout).packets;
  expect(packets).toBeGreaterThan(10_000);
});

const scan = (...args: string[]) => run(['scan', '--host', HOST, ...args]);

interface Line {
  readonly number: number;
  readonly time: string;
  readonly verdict: string;
}

function verdictLines(text: string): Line[] {
  expect(text.endsWith('\n')).toBe(true);
  return text
    .slice(0, -1)
    .split('\n')
    .map((line) => JSON.parse(line) as Line);
}

describe('the summary', () => {
  it('has totals, verdicts, reasons, and the rules that were hit as iptables lists them', () => {
    const { code, stdout, stderr } = scan(capture);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(/^[\d,]+ packets, [\d,]+ bytes \(.*\) in .* s: .* packets\/s$/m);
    expect(stdout).toMatch(/^ {2}DROP +[\d,]+ {2}packets/m);
    expect(stdout).toMatch(/^ {2}no-vlan-device +\d+ /m);
    expect(stdout).toMatch(/^ {2}arp +\d+$/m);
    expect(stdout).toContain('\niptables -t filter -L -v -n -x --line-numbers\nChain INPUT (policy DROP ');
    expect(stdout).toMatch(
      /^3 +\d+ +\d+ LOG +all {2}-- {2}\* +\* +0\.0\.0\.0\/0 +0\.0\.0\.0\/0 +LOG flags 0 level 4 prefix "ssh scan: "$/m,
    );
    expect(stdout).toMatch(/^\(\d+ of \d+ rules.* saw no packet; --all lists them too\)$/m);
    expect(stdout).not.toContain('\u001b');
  });

  it('--all lists every rule', () => {
    const { stdout } = scan('--all', capture);
    expect(stdout).not.toContain('saw no packet');
    expect(stdout.match(/^Chain /gm)).toHaveLength(17 + 4);
  });

  it('--json is one document of version 1', () => {
    const document = JSON.parse(scan('--json', capture).stdout);
    expect(document).toMatchObject({ version: 1, broken: [], warnings: [], scan: { interrupted: false } });
    const total = Object.values(document.verdicts as Record<string, { packets: number }>).reduce(
      (sum, one) => sum + one.packets,
      0,
    );
    expect(total).toBe(document.packets);
    expect(document.rules.map(({ family }: { family: string }) => family)).toEqual(['ipv4', 'ipv6']);
    const [raw] = document.rules[0].tables;
    expect(raw.chains[0].rules[0]).toMatchObject({ rule: 1, text: '-A PREROUTING -i eth0 -j bogons' });
  });

  it('says that a family has no rules', () => {
    const empty = folder.file('host6');
    mkdirSync(empty);
    for (const name of ['addr.json', 'route.json', 'route6.json', 'sysctl.txt', 'rules.v4']) {
      folder.file(join('host6', name), readFileSync(join(HOST, name)));
    }
    expect(run(['scan', '--host', empty, capture]).stdout).toMatch(/^ {2}IPv6 has no rules: /m);
  });
});

describe('--verdicts', () => {
  it('is a JSON object a packet, in order, and the same for any number of workers', () => {
    const files = [1, 2, 4].map((workers) => {
      const file = folder.file(`verdicts.${workers}`);
      expect(scan('--workers', String(workers), '--verdicts', file, capture).code).toBe(0);
      return readFileSync(file, 'utf8');
    });
    const lines = verdictLines(files[0] as string);
    expect(lines.map(({ number }) => number)).toEqual(
      Array.from({ length: packets }, (_, index) => index + 1),
    );
    expect(Object.keys(lines[0] as object).join()).toBe(
      'number,time,family,hook,verdict,table,chain,rule,in,out,mark,ctstate,reason',
    );
    expect(lines.every(({ time }) => /^\d+\.\d{9}$/.test(time))).toBe(true);
    expect(files[1]).toBe(files[0]);
    expect(files[2]).toBe(files[0]);
  });

  it('agrees with what trace says of every packet', () => {
    const file = folder.file('verdicts.trace');
    scan('--verdicts', file, capture);
    const traced = run(['trace', '--host', HOST, capture]).stdout.match(/^packet .*$/gm) ?? [];
    const told = readFileSync(file, 'utf8')
      .slice(0, -1)
      .split('\n')
      .map((line) => {
        const { number, time, verdict, reason, hook, table, chain, rule } = JSON.parse(line);
        const why = reason === null ? '' : ` (${reason})`;
        const where = hook === null ? '' : ` in ${hook}`;
        const by = table === null ? '' : ` by ${table}:${chain}:${rule === 0 ? 'policy' : `rule:${rule}`}`;
        return `packet ${number} at ${time}: ${verdict}${why}${where}${by}`;
      });
    expect(told).toEqual(traced);
  });

  it('- is stdout, and the summary goes to stderr', () => {
    const { code, stdout, stderr } = scan('--verdicts', '-', capture);
    expect(code).toBe(0);
    expect(verdictLines(stdout)).toHaveLength(packets);
    expect(stderr).toContain('\nVerdicts\n');
  });

  it('a reader that stops early is no error', () => {
    const { stdout, stderr } = shell(`$W scan --host ${HOST} --verdicts - ${capture} 2>&1 | head -1`);
    expect(stdout).toMatch(/^\{"number":1,/);
    expect(stderr).toBe('');
  });
});

const hasRestore =
  shell('iptables-legacy-restore --version && ip6tables-legacy-restore --version && test "$(id -u)" = 0')
    .code === 0;

describe('--counters', () => {
  it("is the rule set with the scan's counters, the same for any number of workers", () => {
    const [one, two] = [1, 2].map((workers) => {
      const [v4, v6] = [folder.file(`v4.${workers}`), folder.file(`v6.${workers}`)];
      const { code } = scan('--workers', String(workers), '--counters', v4, '--counters6', v6, capture);
      expect(code).toBe(0);
      return readFileSync(v4, 'utf8') + readFileSync(v6, 'utf8');
    });
    expect(one).toMatch(/^\[\d+:\d+\] -A ssh_in -j DROP$/m);
    expect(one).toBe(two);
    expect(run(['check', '--print', folder.file('v4.1')]).stdout).toBe(
      readFileSync(folder.file('v4.1'), 'utf8'),
    );
  });

  it('starts at zero, and --keep-counters adds to what the rules had', () => {
    const [first, again, kept] = ['first', 'again', 'kept'].map((name) => folder.file(name)) as [
      string,
      string,
      string,
    ];
    scan('--counters', first, capture);
    scan('--rules', first, '--counters', again, capture);
    expect(readFileSync(again, 'utf8')).toBe(readFileSync(first, 'utf8'));
    scan('--rules', first, '--keep-counters', '--counters', kept, capture);
    const doubled = readFileSync(first, 'utf8').replace(
      /\[(\d+):(\d+)\]/g,
      (_, packets: string, bytes: string) => `[${2 * Number(packets)}:${2 * Number(bytes)}]`,
    );
    expect(readFileSync(kept, 'utf8')).toBe(doubled);
  });

  it.skipIf(!hasRestore)('can be restored by the real iptables, which prints the same back', () => {
    const [v4, v6] = [folder.file('restore.v4'), folder.file('restore.v6')];
    scan('--counters', v4, '--counters6', v6, capture);
    const space = `wasmtables-cli-${process.pid}`;
    const { code, stdout, stderr } = shell(
      `ip netns add ${space} && trap 'ip netns del ${space}' EXIT
       for n in "" 6; do f=${folder.path}/restore.v\${n:-4}
         ip netns exec ${space} ip\${n}tables-legacy-restore -c < $f &&
         ip netns exec ${space} ip\${n}tables-legacy-save -c | grep -v '^#' | sed 's/ \\[0:0\\]$//' | sort > $f.back
         sed 's/ \\[0:0\\]$//' $f | sort | diff - $f.back || exit 1
       done`,
    );
    expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: '', stderr: '' });
  });

  it('of a family without rules is an error, and nothing is written', () => {
    const file = folder.file('none.v6');
    const rules = join(HOST, 'rules.v4');
    const { code, stderr } = run(['scan', '--rules', rules, '--in', 'eth0', '--counters6', file, capture]);
    expect(code).toBe(2);
    expect(stderr).toContain('--counters6 needs IPv6 rules');
    expect(existsSync(file)).toBe(false);
  });
});

describe('--write', () => {
  it('keeps the names of the interfaces in pcapng', () => {
    const accepted = folder.file('accepted.pcapng');
    scan('--write', `ACCEPT:${accepted}`, capture);
    const bytes = readFileSync(accepted);
    const names = ['eth0', 'eth1'].map((name) => Buffer.from([2, 0, 4, 0, ...Buffer.from(name)]));
    expect(names.map((option) => bytes.includes(option))).toEqual([true, true]);
  });

  it('writes the packets of a verdict, as captured', () => {
    const [dropped, lost] = [folder.file('dropped.pcapng'), folder.file('lost.pcapng')];
    const { code } = scan('--write', `DROP:${dropped}`, '--write', `lost:${lost}`, capture);
    expect(code).toBe(0);
    const { verdicts } = JSON.parse(scan('--json', capture).stdout);
    for (const [file, verdict] of [
      [dropped, 'DROP'],
      [lost, 'LOST'],
    ] as const) {
      const { packets: written } = JSON.parse(run(['scan', '--json', '--in', 'eth0', file]).stdout);
      expect(written).toBe(verdicts[verdict].packets);
    }
  });
});

describe('captures', () => {
  it('- is stdin; gzip is taken as it comes; several are one stream', () => {
    const plain = JSON.parse(scan('--json', capture).stdout).verdicts;
    const zipped = folder.file('demo.pcapng.gz', gzipSync(readFileSync(capture)));
    expect(JSON.parse(scan('--json', zipped).stdout).verdicts).toEqual(plain);
    const piped = shell(`cat ${capture} | $W scan --json --host ${HOST} -`);
    expect(JSON.parse(piped.stdout).verdicts).toEqual(plain);
    expect(JSON.parse(scan('--json', capture, zipped).stdout).packets).toBe(2 * packets);
  });

  it('a broken one yields everything up to the break, says where, and exits with 3', () => {
    const broken = folder.file('broken.pcapng', readFileSync(capture).subarray(0, 1_000_001));
    const { code, stdout, stderr } = scan('--json', broken);
    expect(code).toBe(3);
    expect(stderr).toMatch(new RegExp(`^wasmtables: error: ${broken}: .*byte \\d+`, 'm'));
    const document = JSON.parse(stdout);
    expect(document.packets).toBeGreaterThan(100);
    expect(document.broken).toHaveLength(1);
  });

  it('one that is missing, a folder, or no capture at all is an error before anything is scanned', () => {
    for (const [file, message] of [
      [folder.file('missing.pcap'), 'no such file'],
      [folder.path, 'is a directory'],
      [join(HOST, 'rules.v4'), ''],
    ] as const) {
      const { code, stdout, stderr } = scan(file, capture);
      expect(code).toBe(2);
      expect(stdout).toBe('');
      expect(stderr).toContain(file);
      expect(stderr).toContain(message);
    }
  });
});

describe('usage errors', () => {
  const rules = join(HOST, 'rules.v4');
  const bad = folder.file('bad.rules', '*filter\n-A INPUT -p tcp --dprt 1 -j ACCEPT\nCOMMIT\n');
  const bad6 = folder.file('bad6.rules', '*filter\n-A INPUT -j NOWHERE\nCOMMIT\n');
  it.each<[string, string[], string]>([
    ['no capture', ['scan'], 'missing required argument'],
    ['workers 0', ['scan', '--workers', '0', 'x'], 'whole number'],
    ['workers x', ['scan', '--workers', 'x', 'x'], 'whole number'],
    ['unknown hook', ['scan', '--hook', 'MIDDLE', 'x'], 'PREROUTING'],
    [
      '--host with --local',
      ['scan', '--host', HOST, '--local', '192.0.2.1', 'x'],
      '--local cannot be used with --host',
    ],
    [
      '--host with --hook',
      ['scan', '--host', HOST, '--hook', 'INPUT', 'x'],
      '--hook cannot be used with --host',
    ],
    ['bad address', ['scan', '--local', '192.0.2.300', 'x'], '192.0.2.300'],
    ['bad verdict', ['scan', '--write', 'MAYBE:x', 'x'], 'the verdicts are'],
    ['no file to write', ['scan', '--write', 'DROP:', 'x'], 'VERDICT:FILE'],
    ['stdin twice', ['scan', '-', '-'], 'stdin (-) is read twice'],
    ['stdin as rules and capture', ['scan', '--rules', '-', '-'], 'stdin (-) is read twice'],
    [
      'stdout twice',
      ['scan', '--host', HOST, '--verdicts', '-', '--counters', '-', 'x'],
      'stdout (-) is written twice',
    ],
    [
      'stdout and --json',
      ['scan', '--host', HOST, '--verdicts', '-', '--json', 'x'],
      'stdout (-) is written twice',
    ],
    ['no IPv4 rules', ['scan', '--in', 'eth0', '--counters', 'x', 'x'], '--counters needs IPv4 rules'],
    ['no such interface', ['scan', '--host', HOST, '--in', 'eth9', 'x'], 'eth9'],
    ['no host folder', ['scan', '--host', '/nonexistent', 'x'], 'addr.json'],
    ['missing rules', ['scan', '--rules', '/nonexistent', 'x'], 'no such file or directory'],
  ])('%s', (_, args, message) => {
    const { code, stdout, stderr } = run(args);
    expect(stderr).toContain(message);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  });

  it('errors of both rule files are told in one go', () => {
    const { code, stderr } = run(['scan', '--rules', bad, '--rules6', bad6, '--in', 'eth0', capture]);
    expect(code).toBe(2);
    expect(stderr).toContain(`${bad}:2:`);
    expect(stderr).toContain(`${bad6}:2:`);
  });

  it('two outputs to one file, and an output over a capture', () => {
    const file = folder.file('twice');
    const twice = scan('--verdicts', file, '--counters', file, capture);
    expect(twice.code).toBe(2);
    expect(twice.stderr).toContain('is written twice');
    const over = scan('--write', `DROP:${capture}`, capture);
    expect(over.code).toBe(2);
    expect(over.stderr).toContain('would overwrite the capture');
    expect(run(['scan', '--rules', rules, '--json', '--in', 'eth0', capture]).code).toBe(0);
  });
});

describe('outputs that fail', () => {
  it('a folder that is not there', () => {
    const { code, stderr } = scan('--verdicts', folder.file('no/such/folder'), capture);
    expect(code).toBe(2);
    expect(stderr).toContain('no such file or directory');
  });

  it.skipIf(!existsSync('/dev/full'))('a full disk, found by verdicts or by counters', () => {
    for (const option of ['--verdicts', '--counters']) {
      const { code, stderr } = scan(option, '/dev/full', capture);
      expect(code).toBe(3);
      expect(stderr).toContain('cannot write /dev/full: no space left on device');
    }
    const printed = shell(`$W scan --json --host ${HOST} ${capture} > /dev/full`);
    expect(printed.code).toBe(3);
    expect(printed.stderr).toContain('cannot write to stdout: no space left on device');
  });
});

describe('an interrupt', () => {
  it('prints what was counted so far and exits with 3', async () => {
    // Stdin stays open, so that the scan waits for more.
    const child = spawn(process.execPath, [MAIN, 'scan', '--json', '--host', HOST, '-']);
    let stdout = '';
    child.stdout.on('data', (chunk) => {
      stdout += chunk;
    });
    child.stdin.write(readFileSync(capture).subarray(0, 2_000_000));
    // Twice at once, as npx passes on what the terminal has sent already.
    setTimeout(() => {
      child.kill('SIGINT');
      setTimeout(() => child.kill('SIGINT'), 20);
    }, 2000);
    const code = await new Promise((resolve) => child.on('close', resolve));
    child.stdin.destroy();
    const document = JSON.parse(stdout);
    expect(code).toBe(3);
    expect(document.scan.interrupted).toBe(true);
    expect(document.packets).toBeGreaterThan(0);
  });
});
