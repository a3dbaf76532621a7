import { afterAll, describe, expect, it } from 'vitest';
import { Folder, run, shell } from './run.ts';

const folder = new Folder();
afterAll(() => folder.remove());

const good = folder.file(
  'good.rules',
  '*filter\n:INPUT DROP\n-A INPUT -p tcp --dport ssh -j ACCEPT\n-I INPUT -s 10.1.2.3/255.0.0.0 -j DROP\nCOMMIT\n',
);
const good6 = folder.file('good.rules.v6', '*filter\n-A INPUT -s fe80::/10 -j ACCEPT\nCOMMIT\n');
const counted = folder.file(
  'counted.rules',
  '*filter\n:INPUT ACCEPT [7:890]\n[1:60] -A INPUT -j DROP\nCOMMIT\n',
);
const bad = folder.file(
  'bad.rules',
  '*filter\n-A INPUT -p tcp --dprot 22 -j ACCEPT\n-A INPUT -j NOWHERE\nCOMMIT\n',
);

describe('check', () => {
  it('says what is in good files and exits with 0', () => {
    const { code, stdout, stderr } = run(['check', good, good6]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toBe(
      `${good}: IPv4, 1 table, 3 chains, 2 rules: ok\n${good6}: IPv6, 1 table, 3 chains, 1 rule: ok\n`,
    );
  });

  it('says what chains are searched by', () => {
    const long = Array.from(
      { length: 3000 },
      (_, rule) => `-A INPUT -s 10.0.${rule >> 8}.${rule & 255} -j DROP\n`,
    );
    const rules = `*filter\n-A OUTPUT -j ACCEPT\n${long.join('')}COMMIT\n`;
    const { code, stdout } = run(['check', '--plan', folder.file('long.rules', rules)]);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^filter INPUT, 3,000 rules: cut trees of [\d.]+ kB by source$/m);
    expect(stdout).toMatch(/^ {4}candidates a packet: 1\.0$/m);
    expect(stdout).toMatch(/^ {4}bit vectors: not taken from 2048 rules on$/m);
    expect(stdout).toMatch(/^ {4}longest leaf: \d+$/m);
    expect(stdout).toMatch(/^filter OUTPUT, 1 rule: walked rule by rule$/m);
  });

  it('reports all errors of all files with place, line, caret and hint, and exits with 2', () => {
    const { code, stdout, stderr } = run(['check', bad, good, folder.file('missing')]);
    expect(code).toBe(2);
    expect(stdout).toBe(`${good}: IPv4, 1 table, 3 chains, 2 rules: ok\n`);
    const lines = stderr.split('\n');
    expect(lines[0]).toBe(`${bad}:2:17: error: unknown option \`--dprot\``);
    expect(lines[1]).toBe('  -A INPUT -p tcp --dprot 22 -j ACCEPT');
    expect(lines[2]).toBe('                  ^^^^^^^');
    expect(stderr).toMatch(/^ {2}hint: declare it first/m);
    expect(stderr).toContain(`${bad}:3:13: error: `);
    expect(stderr).toContain(`cannot read ${folder.file('missing')}: no such file or directory`);
  });

  it('--print is the canonical text', () => {
    const { code, stdout } = run(['check', '--print', good]);
    expect(code).toBe(0);
    expect(stdout).toBe(
      '*filter\n:INPUT DROP [0:0]\n:FORWARD ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n' +
        '-A INPUT -s 10.0.0.0/8 -j DROP\n-A INPUT -p tcp -m tcp --dport 22 -j ACCEPT\nCOMMIT\n',
    );
  });

  it('--print of several files names each, and keeps the counters that a file has', () => {
    const { stdout } = run(['check', '--print', good6, counted]);
    expect(stdout).toMatch(new RegExp(`^# file: ${good6}\n\\*filter\n`));
    expect(stdout).toContain(`# file: ${counted}\n*filter\n:INPUT ACCEPT [7:890]\n`);
    expect(stdout).toContain('\n[1:60] -A INPUT -j DROP\n');
  });

  it('reads stdin for -, once', () => {
    expect(shell(`$W check - < ${good}`)).toMatchObject({
      code: 0,
      stdout: '<stdin>: IPv4, 1 table, 3 chains, 2 rules: ok\n',
    });
    const twice = run(['check', '-', '-'], { input: '' });
    expect(twice.code).toBe(2);
    expect(twice.stderr).toContain('stdin (-) is read twice');
  });

  it('--ipv6 goes before what the file says', () => {
    expect(run(['check', '--ipv6', counted]).stdout).toContain(': IPv6, ');
    expect(run(['check', '--ipv4', '--ipv6', counted]).code).toBe(2);
  });

  it('writes back the bytes of a comment that is not UTF-8', () => {
    const comment = Buffer.from(
      '*filter\n-A INPUT -m comment --comment "gr\xfcn" -j DROP\nCOMMIT\n',
      'latin1',
    );
    const { stdout } = shell(`$W check --print ${folder.file('latin1', comment)} | od -An -c | tr -d ' \\n'`);
    expect(stdout).toContain('gr374n');
  });

  it('a reader that stops early is no error', () => {
    expect(shell(`$W check --print ${good} ${counted} | head -1; exit \${PIPESTATUS[0]}`)).toEqual({
      code: 0,
      stdout: `# file: ${good}\n`,
      stderr: '',
    });
  });
});

describe('usage', () => {
  it('--help and --version exit with 0', () => {
    expect(run(['--help']).code).toBe(0);
    expect(run(['check', '--help']).stdout).toContain('Examples:');
    expect(run(['--version']).stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
  });

  it.each([
    [[]],
    [['check']],
    [['frobnicate']],
    [['check', '--frobnicate', good]],
    [['check', '--backend', 'x', good]],
  ])('%j is a usage error: exit code 2, help on stderr', (args) => {
    const { code, stdout, stderr } = run(args);
    expect(code).toBe(2);
    expect(stdout).toBe('');
    expect(stderr).not.toBe('');
  });
});
