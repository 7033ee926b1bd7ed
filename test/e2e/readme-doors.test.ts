/** The three doors of the README, with a newcomer's steps: look with nmap, knock, look again. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Host } from '../support/host.ts';
import { Lab } from '../support/lab.ts';
import { builtFile, repositoryRoot } from '../support/paths.ts';
import { startTcpService } from '../support/probe.ts';

let lab: Lab;
let client: Host;
let server: Host;

const readme = readFileSync(join(repositoryRoot(), 'README.md'), 'utf8');

/** The configuration that stands behind a mark in the README, its log file put where the laboratory is. */
const configOf = (mark: string): string => {
  const block = new RegExp(`<!-- doors: ${mark} -->\n\n((?:(?: {4}.*)?\n)+)`).exec(readme)?.[1];
  if (block === undefined) throw new Error(`the README has no door "${mark}"`);
  return block.replace(/^ {4}/gm, '').replace('/var/log/knockd.log', join(lab.dir, 'knockd.log'));
};

const scan = async (): Promise<string> => {
  const stdout = await client.run('nmap', ['-n', '-Pn', '-p', '22', '--max-retries', '1', server.address4]);
  return /^22\/tcp\s+(\S+)/m.exec(stdout)?.[1] ?? stdout;
};

const knock = (...ports: string[]): Promise<unknown> => client.run('knock', ['-d', '100', server.address4, ...ports]);

const until = async (state: string): Promise<void> => {
  await expect.poll(scan, { timeout: 15_000, interval: 200 }).toBe(state);
};

/** Runs the daemon on one of the README's configurations while `work` is done. */
const withDoors = async (mark: string, work: () => Promise<void>): Promise<void> => {
  const file = join(lab.dir, 'knockd.conf');
  writeFileSync(file, configOf(mark));
  const args = ['knockd', '-c', file, '-i', server.interfaceName, '-v'];
  const spad = server.spawn(process.execPath, [builtFile('bin/spad.cjs'), ...args], {
    env: { SPAD_STATE_DIR: join(lab.dir, 'state') },
  });
  try {
    await spad.waitForLine(/listening on/, 15_000);
    await work();
  } finally {
    await spad.stop('SIGTERM');
  }
};

beforeAll(async () => {
  lab = await Lab.create({ hosts: ['client', 'server'] });
  [client, server] = [lab.host('client'), lab.host('server')];
  await startTcpService(server, [22]);
  // The two rules that the README asks for.
  for (const rule of [/iptables (-A INPUT -m conntrack .*)/, /iptables (-A INPUT -p tcp --dport 22 .*)/]) {
    const words = rule.exec(readme)?.[1]?.split(' ') ?? [];
    await server.run('iptables', words);
  }
});
afterAll(() => lab.close());

describe('the doors of the README', () => {
  test('open and close by hand', () =>
    withDoors('open and close', async () => {
      expect(await scan()).toBe('filtered');
      await knock('7000', '8000', '9000');
      await until('open');
      await knock('9000', '8000', '7000');
      await until('filtered');
    }));

  test('open for a while', () =>
    withDoors('timed', async () => {
      expect(await scan()).toBe('filtered');
      await knock('7000', '8000');
      expect(await scan()).toBe('filtered');
      await knock('7000');
      await knock('7000', '8000', '9000');
      await until('open');
      await until('filtered');
    }));

  test('TCP and UDP mixed', () =>
    withDoors('mixed', async () => {
      expect(await scan()).toBe('filtered');
      await knock('2140', '4500', '3025');
      expect(await scan()).toBe('filtered');
      await knock('2140:udp', '4500:tcp', '3025:udp');
      await until('open');
    }));
});
