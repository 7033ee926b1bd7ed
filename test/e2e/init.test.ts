/** `spad init` as somebody sits there, on a host of the laboratory. */
import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Host } from '../support/host.ts';
import { Lab } from '../support/lab.ts';
import type { ExecResult } from '../support/lab-process.ts';
import { builtFile } from '../support/paths.ts';
import { startTcpService } from '../support/probe.ts';

let lab: Lab;
let server: Host;
beforeAll(async () => {
  lab = await Lab.create({ hosts: ['server'] });
  server = lab.host('server');
  await startTcpService(server, [22, 8080]);
});
afterAll(() => lab.close());

const init = (file: string, words: readonly string[], input = ''): Promise<ExecResult> =>
  server.exec(process.execPath, [builtFile('bin/spad.cjs'), 'init', '-c', file, ...words], {
    input,
    env: { SUDO_USER: 'alice', SSH_CONNECTION: undefined },
    timeoutMs: 30_000,
  });

test('asks, writes a configuration that the check takes, and says what comes next', async () => {
  const file = join(lab.dir, 'new/folder/spad.conf');
  const { code, stdout, stderr } = await init(file, ['--name', 'gw1'], '\ntcp/22\n\n');
  // An error may be found here, of this machine and not of the file: what stdout says of the file is what counts.
  expect({ stderr, done: [0, 1].includes(code) }).toEqual({ stderr: '', done: true });
  expect(stdout).toMatch(/come in on \[eth0\]: [^]*tcp\/8080[^]*first client \[alice\]: /);
  expect(stdout).toContain(`${file}: no errors, 1 client`);
  expect(stdout).toContain(`sudo spad start -c ${file} --confirm 2m`);
  const text = readFileSync(file, 'utf8');
  expect(text).toMatch(/\[spad\]\nname = gw1\ninterface = eth0\nguard = tcp\/22\n\n\[access alice\]\nkey = (\S{44})\n/);
  const [, key = 'none'] = /^key = (.*)$/m.exec(text) ?? [];
  const profiles = join(lab.dir, 'profiles.ini');
  const invite = /^spa1-\S+$/m.exec(stdout)?.[0] ?? 'no invite';
  await server.run(process.execPath, [
    builtFile('bin/spa-client.cjs'),
    'join',
    '--no-test',
    '--profiles',
    profiles,
    invite,
  ]);
  expect(readFileSync(profiles, 'utf8')).toContain(
    `[gw1]\nhost = ${server.address4}\nserver = gw1\nkey = ${key}\naccess = tcp/22\n`,
  );
  expect(statSync(file).mode & 0o777).toBe(0o600);
  expect(statSync(join(file, '..')).mode & 0o777).toBe(0o700);
});

test('writes over nothing, and nothing where a question has no answer', async () => {
  const file = join(lab.dir, 'second.conf');
  expect((await init(file, ['--yes', '--guard', 'tcp/22', '--client', 'bob'])).stdout).toContain('is written');
  const before = readFileSync(file, 'utf8');
  const again = await init(file, ['--yes', '--guard', 'tcp/22']);
  expect(again).toMatchObject({ code: 1, stdout: '' });
  expect(again.stderr).toContain(`${file} is there already and is not written over`);
  expect(readFileSync(file, 'utf8')).toBe(before);

  const third = join(lab.dir, 'third.conf');
  for (const words of [[], ['--yes', '--guard', 'tcp/22', '--host', 'a b'], ['--yes', '--guard', '22']]) {
    const failed = await init(third, words);
    expect(failed.code).toBe(1);
    expect(failed.stderr).toMatch(/^spad: error: ./);
  }
  expect(existsSync(third)).toBe(false);
});
