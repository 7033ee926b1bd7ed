/** `npm install -g` of what would be published: the commands are there and run, from their own folder. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { repositoryRoot } from '../support/paths.ts';

const folder = mkdtempSync(join(tmpdir(), 'spad-npm-'));
afterAll(() => rmSync(folder, { recursive: true }));

const run = (command: string, args: readonly string[], cwd = folder): string =>
  execFileSync(command, args, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'], timeout: 110_000 });

test('installs all commands, with the addon built and the library found', { timeout: 120_000 }, () => {
  const packed = JSON.parse(
    run('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', folder], repositoryRoot()),
  ) as readonly { readonly filename: string }[];
  // What `npm ci` has fetched is not fetched again.
  const flags = ['--no-audit', '--no-fund', '--prefer-offline', '--loglevel=error', '--allow-scripts=pcap'];
  run('npm', ['install', '-g', '--prefix', folder, ...flags, join(folder, packed[0]?.filename ?? '')]);
  const bin = join(folder, 'bin');
  for (const name of ['spad', 'spa-client', 'spa-keys']) {
    expect(run(join(bin, name), ['--version'])).toMatch(/\b\d+\.\d+\.\d+\n$/);
  }
  for (const name of ['spa-client', 'spa-keys']) expect(run(join(bin, name), ['--help'])).toContain(`Usage: ${name}`);
  for (const name of ['knock', 'fwknop']) expect(run(join(bin, name), ['-V'])).not.toBe('');
  const load = `require('pcap'); require('koffi').load('libc.so.6'); process.stdout.write('loaded')`;
  expect(run(process.execPath, ['-e', load], join(folder, 'lib/node_modules/spad'))).toBe('loaded');
});
