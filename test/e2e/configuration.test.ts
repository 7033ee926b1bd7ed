/** spad.conf as the operator meets it: checked, refused, read again while the daemon runs. */
import { chmodSync, existsSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { AuditReader } from '../support/audit-reader.ts';
import { openInKernel } from '../support/grant-list.ts';
import type { Host } from '../support/host.ts';
import { Keyholder } from '../support/keyholder.ts';
import { Lab } from '../support/lab.ts';
import { startTcpService, tcpState } from '../support/probe.ts';
import { Spad, type SpadConfig } from '../support/spad.ts';
import { waitUntil } from '../support/wait.ts';

const [alice, bob, carol] = [new Keyholder(), new Keyholder(), new Keyholder()];

let lab: Lab;
let client: Host;
let server: Host;
let spad: Spad;
let runs = 0;

beforeAll(async () => {
  lab = await Lab.create({ hosts: ['client', 'server'] });
  [client, server] = [lab.host('client'), lab.host('server')];
  await startTcpService(server, [22, 443]);
});
afterAll(() => lab.close());
beforeEach(() => {
  runs += 1;
  spad = new Spad(lab, server, `run${runs}`);
});

const entry = (holder: Keyholder, allow = 'tcp/22'): Record<string, string> => ({ key: holder.base64, allow });

describe('spad --check', () => {
  test('finds nothing wrong with a good file', async () => {
    spad.configure({ access: { alice: entry(alice), bob: entry(bob) } });
    const { code, stdout, stderr } = await spad.exec('-c', spad.confFile, '--check');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const choice = 'firewall = auto comes to nftables here: nftables is usable, and no other firewall keeps rules here';
    expect(stdout).toBe(`${choice}\n${spad.confFile}: no errors, 2 clients\n`);
    expect(existsSync(spad.stateDir)).toBe(false);
  });

  test('prints every problem of a bad one, with its line, and what would be right', async () => {
    const lines = [
      '[spad]',
      'name = gw1',
      'interfaec = eth0',
      'port = 99999',
      'guard = 22',
      '[acces alice]',
      'allow = tcp/22',
      '[access bob]',
      `key = ${bob.base64}`,
      'allow = tcp/22',
      'open_for = 2h',
      '[access carol]',
      'key = c2hvcnQ=',
      'allow = tcp/22',
      'expires = 2027-02-30',
    ];
    spad.writeConf(`${lines.join('\n')}\n`);
    const { code, stdout } = await spad.exec('-c', spad.confFile, '--check');
    expect(code).toBe(1);
    const told = stdout.split('\n').filter((line) => line.startsWith(`${spad.confFile}:`));
    const numbers = told.map((line) => Number(/:(\d+):/.exec(line)?.[1] ?? 0));
    expect(numbers).toEqual([3, 4, 5, 6, 8, 13, 15, 0]);
    expect(told[0]).toMatch(/interface/);
    expect(told[3]).toMatch(/did you mean \[access NAME\]/);
    expect(told.at(-1)).toMatch(/7 errors/);
    expect(stdout).not.toContain(bob.base64);
    expect((await spad.exec('-c', spad.confFile)).code).toBe(1);
  });

  test.each<readonly [string, RegExp, (file: string) => void]>([
    ['readable by others', /readable by others \(mode 0644\): run chmod 600/, (file) => chmodSync(file, 0o644)],
    ['writable by the group', /writable by others \(mode 0620\)/, (file) => chmodSync(file, 0o620)],
    ['missing', /there is no file/, (file) => rmSync(file)],
    [
      'a symbolic link',
      /is a symbolic link/,
      (file) => {
        renameSync(file, `${file}.real`);
        symlinkSync(`${file}.real`, file);
      },
    ],
  ])('refuses a file that is %s, and so does the daemon', async (_, sentence, spoil) => {
    spad.configure({ access: { alice: entry(alice) } });
    spoil(spad.confFile);
    const checked = await spad.exec('-c', spad.confFile, '--check');
    expect(checked.code).toBe(1);
    expect(checked.stdout).toMatch(sentence);
    const started = await spad.exec('-c', spad.confFile);
    expect(started.code).toBe(1);
    expect(started.stderr).toMatch(sentence);
  });

  test('refuses a key file that others can read', async () => {
    const keyFile = join(spad.dir, 'alice.key');
    writeFileSync(keyFile, `${alice.base64}\n`, { mode: 0o600 });
    spad.configure({ access: { alice: { key_file: keyFile, allow: 'tcp/22' } } });
    expect((await spad.exec('-c', spad.confFile, '--check')).code).toBe(0);
    chmodSync(keyFile, 0o640);
    const { code, stdout } = await spad.exec('-c', spad.confFile, '--check');
    expect(code).toBe(1);
    expect(stdout).toMatch(/alice\.key is readable by others/);
  });
});

test('words that are none of its own end with 2, and help with 0', async () => {
  for (const words of [['--chek'], ['flsh'], ['-c']]) expect((await spad.exec(...words)).code).toBe(2);
  for (const words of [['--help'], ['--version']]) expect((await spad.exec(...words)).code).toBe(0);
});

describe('SIGHUP', () => {
  const daemon = { guard: 'tcp/22, tcp/9' };

  beforeEach(async () => {
    spad.configure({ daemon, access: { alice: entry(alice, 'tcp/22, tcp/9'), bob: entry(bob) } });
    await spad.start();
  });
  afterEach(async () => {
    await spad.stop();
    await spad.exec('flush');
  });

  async function open(holder: Keyholder, allow: string): Promise<void> {
    const mark = spad.audit.mark();
    await spad.send(client, holder.seal({ ports: 'tcp/22', allow, openFor: 300 }));
    await spad.audit.waitFor({ event: 'granted', allow }, mark);
  }

  /** Reads the configuration again and waits until the new receiver captures. */
  async function reload(config?: SpadConfig): Promise<void> {
    if (config !== undefined) spad.configure(config);
    const mark = spad.process.mark();
    await spad.reload();
    await spad.process.waitForLine(/capturing again on/, 15_000, mark);
  }

  test('with a good file changes the policy, and what a client no longer there had open is closed', async () => {
    await open(alice, client.address4);
    await open(bob, client.address6);
    const mark = spad.audit.mark();
    const access = { alice: entry(alice, 'tcp/22, tcp/9'), carol: entry(carol) };
    await reload({ daemon: { guard: 'tcp/22, tcp/9, tcp/443' }, access });
    const revoked = { event: 'revoked', stanza: 'bob', allow: client.address6, reason: 'stanza-removed' };
    await spad.audit.waitFor(revoked, mark);
    expect(await openInKernel(server)).toEqual([`${client.address4} tcp/22`]);
    expect(await tcpState(client, server.address6, 22)).toBe('filtered');
    expect(await tcpState(client, server.address4, 22)).toBe('open');
    expect(await tcpState(client, server.address4, 443)).toBe('filtered');
    await spad.send(client, bob.seal({ ports: 'tcp/22' }));
    await spad.settle(client, alice);
    await waitUntil('the packet of bob to be counted', async () => (await spad.junkCount()) === 1);
    await open(carol, client.address6);
  });

  test('with another key for a client refuses the old one', async () => {
    await reload({ daemon, access: { alice: entry(alice, 'tcp/9'), bob: entry(carol) } });
    await spad.send(client, bob.seal({ ports: 'tcp/22' }));
    await spad.settle(client, alice);
    await open(carol, client.address4);
    expect(spad.audit.all({ event: 'granted', stanza: 'bob' })).toHaveLength(1);
  });

  test('with a packet let in before refuses it after', async () => {
    const packet = alice.seal({ ports: 'tcp/22' });
    await spad.send(client, packet);
    await spad.audit.waitFor({ event: 'granted' });
    await reload();
    await spad.send(client, packet);
    await spad.audit.waitFor({ event: 'rejected', reason: 'replayed' });
  });

  test.each([
    ['bad', (file: string) => writeFileSync(file, '[spad]\nname = gw1\nguard = tcp/0\n'), /spad\.conf:3: /],
    ['missing', (file: string) => rmSync(file), /there is no file/],
    ['readable by others', (file: string) => chmodSync(file, 0o604), /readable by others/],
  ] as const)('with a file that is %s leaves the old policy standing and says so', async (_, spoil, sentence) => {
    await open(bob, client.address4);
    const receiver = await spad.receiverPid();
    const mark = spad.audit.mark();
    spoil(spad.confFile);
    await spad.reload();
    const line = await spad.audit.waitFor({ event: 'reloaded', reason: 'bad-configuration' }, mark);
    expect(line.detail).toMatch(sentence);
    await spad.process.waitForLine(sentence);
    await spad.process.waitForLine(/has errors; the old policy stands/);
    expect(await tcpState(client, server.address4, 22)).toBe('open');
    await open(bob, client.address6);
    expect(await spad.receiverPid()).toBe(receiver);
  });

  test('begins a new audit log where the old one was moved away', async () => {
    const old = `${spad.audit.path}.1`;
    renameSync(spad.audit.path, old);
    await reload();
    expect(new AuditReader(old).entries().map(({ event }) => event)).toEqual(['started']);
    expect(spad.audit.entries().map(({ event }) => event)).toEqual(['reloaded']);
  });

  test('says which keys take effect only at a start', async () => {
    await reload({ daemon: { ...daemon, max_grants: 7 }, access: { alice: entry(alice) } });
    expect(spad.process.output).toMatch(/"max_grants" takes effect only when spad is started anew/);
  });
});

test('a second daemon with the same state_dir is refused, and the first one does not notice', async () => {
  spad.configure({ access: { alice: entry(alice, 'tcp/22, tcp/9') } });
  await spad.start();
  const { code, stderr } = await spad.exec('-c', spad.confFile);
  expect(code).toBe(1);
  expect(stderr).toMatch(/another spad is running on .*state/);
  await spad.settle(client, alice);
  await spad.stop('SIGKILL');
  await spad.start();
  await spad.settle(client, alice);
  await spad.stop();
  expect((await spad.exec('flush')).code).toBe(0);
});
