import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readHostFolder } from '../../src/host/folder.ts';
import { collect, SNAPSHOT_COMMANDS, script } from '../../src/host/snapshot.ts';

const hasIp = (() => {
  try {
    execFileSync('ip', ['-V'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
})();

test('collect() runs every command and says what is missing', async () => {
  const { files, missing } = await collect(([program]) => {
    if (program === 'ip') return '[]';
    throw new Error('not found');
  });
  expect(files.get('addr.json')).toBe('[]');
  expect(files.size + missing.length).toBe(SNAPSHOT_COMMANDS.length);
  expect(missing.map(({ file }) => file)).toContain('rules.v4');
});

test('collect() fails without iproute2', async () => {
  const failing = collect(() => {
    throw new Error('not found');
  });
  await expect(failing).rejects.toMatchObject({ code: 'HOST' });
});

test.skipIf(!hasIp)('the script collects a folder that can be read (skipped without iproute2)', () => {
  const folder = mkdtempSync(join(tmpdir(), 'wasmtables-'));
  try {
    writeFileSync(join(folder, 'snapshot.sh'), script());
    execFileSync('sh', [join(folder, 'snapshot.sh'), join(folder, 'host')], { stdio: 'ignore' });
    expect(readdirSync(join(folder, 'host'))).toEqual(
      expect.arrayContaining(['addr.json', 'route.json', 'sysctl.txt']),
    );
    expect(readHostFolder(join(folder, 'host')).interfaces.length).toBeGreaterThan(0);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
