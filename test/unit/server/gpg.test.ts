/** The real gpg, a key ring made for the test, and packets of the real client. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { FwknopEdge } from '../../../server/fwknop/fwknop-edge.ts';
import { unsealByGpg } from '../../../server/fwknop/gpg.ts';
import type { Input } from '../../../src/engine/input.ts';
import type { GpgKeys } from '../../../src/access/fwknop-keys.ts';
import { GPG_KEYS } from '../engine/fwknop.ts';
import { waitUntil } from '../../support/wait.ts';

const PASSWORD = 'a pass phrase';
let dir = '';

const gpg = (args: readonly string[], input: string | Uint8Array = ''): Buffer => {
  const run = spawnSync('gpg', ['--homedir', dir, '--batch', '--yes', '--pinentry-mode', 'loopback', ...args], {
    input,
  });
  if (run.status !== 0) throw new Error(run.stderr.toString());
  return run.stdout;
};

const hasGpg = spawnSync('gpg', ['--version']).status === 0;
let sealed: Buffer = Buffer.alloc(0);
let bomb: Buffer = Buffer.alloc(0);

beforeAll(() => {
  if (!hasGpg) return;
  // The agent's socket has to fit 107 bytes.
  dir = mkdtempSync(join(tmpdir(), 'g-'));
  gpg(['--passphrase', PASSWORD, '--quick-gen-key', 'server@test', 'future-default', 'default', 'never']);
  const seal = [
    '--passphrase',
    PASSWORD,
    '--trust-model',
    'always',
    '-u',
    'server@test',
    '-r',
    'server@test',
    '-s',
    '-e',
  ];
  sealed = gpg(seal, 'plain text');
  bomb = gpg(seal, new Uint8Array(20_000_000));
  // So that it is the daemon's passphrase that opens, and not what the agent remembers.
  spawnSync('gpgconf', ['--homedir', dir, '--kill', 'gpg-agent']);
}, 60_000);

afterAll(() => {
  if (dir === '') return;
  spawnSync('gpgconf', ['--homedir', dir, '--kill', 'gpg-agent']);
  rmSync(dir, { recursive: true, force: true });
});

const keys = (fields: Partial<GpgKeys> = {}): GpgKeys => ({ ...GPG_KEYS, homeDir: dir, password: PASSWORD, ...fields });

describe.runIf(hasGpg)('gpg', () => {
  test('opens nothing with a wrong passphrase', async () => {
    const { result } = await unsealByGpg(keys({ password: 'wrong' }), sealed);
    expect([result?.plain.length, result?.status.opened]).toEqual([0, false]);
  });

  test('opens with the right one, and says who signed', async () => {
    const { result } = await unsealByGpg(keys(), sealed);
    expect(Buffer.from(result?.plain ?? []).toString()).toBe('plain text');
    expect(result?.status).toMatchObject({ opened: true, signatures: [{ good: true, validity: 'full' }] });
  });

  test('makes no more of a message than a packet can be', async () => {
    const before = performance.now();
    const { result } = await unsealByGpg(keys(), bomb);
    expect(result?.plain.length).toBeLessThanOrEqual(4096);
    expect(performance.now() - before).toBeLessThan(5000);
  });

  test('is nobody’s where the program is not there', async () => {
    await expect(unsealByGpg(keys({ program: '/no/such/gpg' }), sealed)).rejects.toThrow('ENOENT');
    await expect(unsealByGpg(keys({ homeDir: 'ring' }), sealed)).rejects.toThrow('no absolute path');
  });

  test('every question is answered, whatever becomes of it; a burst is one line', async () => {
    const told: string[] = [];
    const inputs: Input[] = [];
    const nothing = (): void => undefined;
    const edge = new FwknopEdge({
      closeLog: join(dir, 'closes.log'),
      dryRun: false,
      logger: { info: nothing, error: nothing, warn: (text) => void told.push(text) },
      onInput: (input) => void inputs.push(input),
    });
    const question = { kind: 'unseal-gpg', keys: keys({ program: 'false' }), message: sealed } as const;
    for (let index = 0; index < 100; index += 1) edge.ask({ kind: 'ask', id: String(index), question });
    edge.ask({ kind: 'ask', id: 'name', question: { kind: 'resolve-host', host: 'localhost' } });
    await edge.idle();
    await waitUntil('all answers', () => inputs.length === 101);
    expect(told).toEqual(['too many packets wait for gpg; some are refused']);
    const failed = inputs.filter(
      (input) =>
        input.kind === 'answered' && input.answer.kind === 'unseal-gpg' && input.answer.unsealing.result === undefined,
    );
    expect(failed).toHaveLength(34);
    const name = inputs.find((input) => input.kind === 'answered' && input.id === 'name');
    if (name?.kind !== 'answered' || name.answer.kind !== 'resolve-host') throw new Error('an answer');
    expect(name.answer.lookup.addresses.length).toBeGreaterThan(0);
    await edge.finish();
  });

  test('the passphrase is in no argument and no variable', async () => {
    const program = join(dir, 'spy.sh');
    writeFileSync(program, `#!/bin/sh\n{ echo "$@"; env; echo; cat <&4; } > ${dir}/spied\n`, { mode: 0o755 });
    await unsealByGpg(keys({ program }), sealed);
    const [open, secret] = readFileSync(join(dir, 'spied'), 'utf8').split('\n\n');
    expect(open).toMatch(/--passphrase-fd 4/);
    expect(open).not.toContain(PASSWORD);
    expect(secret).toBe(`${PASSWORD}\n`);
  });
});
