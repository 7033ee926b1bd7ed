/** spa-keys as other users run it: what root's own test process cannot find out. */
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { builtFile } from '../support/paths.ts';

const SPA_KEYS = builtFile('bin/spa-keys.cjs');
const NOBODY = 65_534;

let folder = '';
let ring = '';

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'spad-keys-'));
  chmodSync(folder, 0o755);
  ring = join(folder, 'spad.conf');
  const made = spawnSync(process.execPath, [
    SPA_KEYS,
    'generate',
    '--server',
    'gw1',
    '--client',
    'alice',
    '--stanza',
    ring,
  ]);
  expect(made.status).toBe(0);
});
afterAll(() => rmSync(folder, { recursive: true }));

/** Becomes nobody once the program is loaded: the folder of this checkout may be closed to others. */
const AS_NOBODY = `
  const { run } = await import(process.argv[1]);
  process.setgroups([]);
  process.setgid(${NOBODY});
  process.setuid(${NOBODY});
  const out = (text) => process.stdout.write(text);
  const err = (text) => process.stderr.write(text);
  process.exitCode = run(process.argv.slice(2), { out, err, env: {}, random: () => new Uint8Array(0) });`;

const showAsNobody = (): { status: number | null; stderr: string } => {
  const args = [
    '--input-type=module',
    '-e',
    AS_NOBODY,
    '--',
    builtFile('keys/cli.js'),
    'show',
    'alice',
    '--file',
    ring,
  ];
  return spawnSync(process.execPath, args, { encoding: 'utf8', cwd: '/' });
};

test('another user is told who must run it', () => {
  const { status, stderr } = showAsNobody();
  expect(status).toBe(2);
  expect(stderr).toContain('may not be read by this user');
});

test('a ring that others can read is refused, whoever asks', () => {
  chmodSync(ring, 0o644);
  const { status, stderr } = showAsNobody();
  expect(status).toBe(2);
  expect(stderr).toContain(`chmod 600 ${ring}`);
  chmodSync(ring, 0o600);
});

test("root's process reads no file of a stranger", () => {
  const strange = join(folder, 'strange.conf');
  writeFileSync(strange, '[access bob]\nkey = x\nallow = tcp/22\n', { mode: 0o600 });
  const changed = spawnSync('chown', [String(NOBODY), strange]);
  expect(changed.status).toBe(0);
  const { status, stderr } = spawnSync(process.execPath, [SPA_KEYS, 'show', 'bob', '--file', strange], {
    encoding: 'utf8',
  });
  expect(status).toBe(2);
  expect(stderr).toContain(`belongs to uid ${String(NOBODY)}`);
});
