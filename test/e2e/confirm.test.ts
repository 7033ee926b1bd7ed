/** The guard on trial, with the real sshd: only a session that came through it confirms it, and else it is gone in time. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Host } from '../support/host.ts';
import { Keyholder } from '../support/keyholder.ts';
import { Lab } from '../support/lab.ts';
import { tcpState, waitForTcpState } from '../support/probe.ts';
import { Spad, type SpadConfig } from '../support/spad.ts';
import { SshServer, type SshSession } from '../support/ssh.ts';

/** Where sshd listens, too, and the guard does not stand. */
const SIDE_DOOR = 2222;

const alice = new Keyholder();

let lab: Lab;
let client: Host;
let attacker: Host;
let server: Host;
let ssh: SshServer;
let spad: Spad;
let runs = 0;
const sessions: SshSession[] = [];

beforeAll(async () => {
  lab = await Lab.create({ hosts: ['client', 'attacker', 'server'] });
  [client, attacker, server] = [lab.host('client'), lab.host('attacker'), lab.host('server')];
  ssh = await SshServer.start(lab, server, [22, SIDE_DOOR]);
});
afterAll(() => lab.close());
beforeEach(() => {
  runs += 1;
  spad = new Spad(lab, server, `run${runs}`);
});
afterEach(async () => {
  await Promise.all(sessions.splice(0).map((session) => session.close()));
  await spad.stop('SIGKILL');
  await spad.exec('flush');
});

/** Starts the daemon with its guard on trial. */
async function start(trial: string, daemon: SpadConfig['daemon'] = {}): Promise<void> {
  spad.configure({ daemon: { guard: 'tcp/22', ...daemon }, access: { alice: { key: alice.base64, allow: 'tcp/22' } } });
  await spad.start({ args: ['start', '-c', spad.confFile, '--confirm', trial] });
}

async function login(...args: Parameters<SshServer['login']>): Promise<SshSession> {
  const session = await ssh.login(...args);
  sessions.push(session);
  return session;
}

async function open(allow = client.address4): Promise<void> {
  const mark = spad.audit.mark();
  await spad.send(client, alice.seal({ ports: 'tcp/22', allow }));
  await spad.audit.waitFor({ event: 'granted', allow }, mark);
}

const confirm = (session: SshSession, ...more: readonly string[]): ReturnType<SshSession['spad']> =>
  session.spad('confirm', '--state-dir', spad.stateDir, ...more);

const state = (host: Host, port = 22): ReturnType<typeof tcpState> => tcpState(host, server.address4, port);
const ssh4 = (): { address: string; port: number } => ({ address: server.address4, port: 22 });
const table = async (): Promise<string> => (await server.exec('nft', ['list', 'table', 'inet', 'spad'])).stdout;

describe('through a session', () => {
  test('of before the guard it is refused; through one that a grant let in it is confirmed, and the guard stays', async () => {
    const old = await login(client);
    await start('12s');
    const begin = performance.now();
    await spad.process.waitForLine(/the guard is on trial: log in anew and run "spad confirm" there within 12s/);
    expect(await confirm(old)).toEqual({
      code: 1,
      output:
        'spad: error: this connection is older than the guard: open a new one (ssh again) and run spad confirm there',
    });
    expect(await state(client)).toBe('filtered');
    await open();
    const fresh = await login(client);
    expect((await confirm(old)).code).toBe(1);
    expect(await confirm(fresh)).toEqual({ code: 0, output: 'confirmed: the guard stays' });
    const line = await spad.audit.waitFor({ event: 'confirmed' });
    expect(line.source).toBe(client.address4);
    expect(await confirm(fresh)).toMatchObject({ code: 1, output: /already/ });
    // Past the time, and past the next turn of the daemon.
    await new Promise((resolve) => setTimeout(resolve, 13_500 - (performance.now() - begin)));
    expect(spad.process.running).toBe(true);
    expect(await state(attacker)).toBe('filtered');
    expect(spad.audit.all({ event: 'trial-over' })).toEqual([]);
    expect(spad.audit.all({ event: 'repaired' })).toEqual([]);
    expect((await old.run('echo still here')).output).toBe('still here');
  });

  test('over IPv6 it is the same', async () => {
    const old = await login(client, server.address6);
    await start('30s');
    expect((await confirm(old)).output).toContain('older than the guard');
    await open(client.address6);
    expect(await confirm(await login(client, server.address6))).toMatchObject({ code: 0 });
  });

  test('to a port that is not guarded it is refused where a guarded one leads to the same sshd', async () => {
    await start('30s');
    const side = await login(client, server.address4, SIDE_DOOR);
    const { code, output } = await confirm(side);
    expect({ code, output }).toMatchObject({ code: 1 });
    expect(output).toContain('this connection came to tcp/2222, which is not guarded, and proves nothing about tcp/22');
    expect(await confirm(side, '--console')).toMatchObject({ code: 0 });
  });

  test('to a port that is not guarded it will do where sshd listens at no guarded one', async () => {
    await start('30s', { guard: 'tcp/443' });
    expect(await confirm(await login(client))).toMatchObject({ code: 0 });
  });

  test('from the server to itself it is refused, whichever address it goes by', async () => {
    await start('30s');
    for (const address of ['127.0.0.1', server.address4, server.address6]) {
      const session = await login(server, address);
      expect(await confirm(session)).toMatchObject({ code: 1 });
      expect((await confirm(session)).output).toContain('comes from this very host');
    }
  });

  test('to another host, or a container, it is refused, though the daemon can be asked from there', async () => {
    await start('30s');
    const other = await SshServer.start(lab, attacker, [22]);
    const elsewhere = await other.login(client);
    sessions.push(elsewhere);
    expect(await confirm(elsewhere)).toMatchObject({ code: 1 });
    expect((await confirm(elsewhere)).output).toContain('is not one of this host');
  });

  test('and where there is no session at all, one sentence says so', async () => {
    await start('30s');
    const { code, stderr } = await server.exec('env', [
      ...['-i', process.execPath, `${process.cwd()}/dist/bin/spad.cjs`, 'confirm', '--state-dir', spad.stateDir],
    ]);
    expect(code).toBe(1);
    expect(stderr).toMatch(/^spad: error: this is no SSH session, [^\n]+ --console if you sit at this machine\n$/);
  });

  test('and where no daemon runs, or its guard is not on trial, one sentence says so', async () => {
    spad.configure({ access: { alice: { key: alice.base64, allow: 'tcp/22' } } });
    await spad.start();
    const console = (): ReturnType<Spad['exec']> => spad.exec('confirm', '--console', '-c', spad.confFile);
    expect((await console()).stderr).toBe('spad: error: the guard is not on trial: there is nothing to confirm\n');
    await spad.stop();
    expect((await console()).stderr).toMatch(
      /^spad: error: spad is not running on [^\n]+: there is nothing to confirm\n$/,
    );
  });
});

describe('when nobody confirms', () => {
  test('the guard is taken back, it is said in the log and the audit log, and spad ends with status 3', async () => {
    const old = await login(client);
    await start('6s');
    await open();
    expect(await state(attacker)).toBe('filtered');
    const fresh = await login(client);
    expect(await spad.process.exited).toMatchObject({ code: 3 });
    expect(spad.process.output).toContain('nobody has confirmed the guard in time: it is taken back');
    expect(await state(attacker)).toBe('open');
    expect(await table()).toBe('');
    const entries = spad.audit.entries().slice(-3);
    expect(entries).toMatchObject([
      { event: 'revoked', allow: client.address4, reason: 'guard-unconfirmed' },
      { event: 'trial-over' },
      { event: 'stopped' },
    ]);
    for (const session of [old, fresh]) expect((await session.run('echo here')).output).toBe('here');
  });

  test('and the daemon was killed, the kernel takes the guard back on time', async () => {
    const begin = performance.now();
    await start('8s');
    await open();
    await spad.stop('SIGKILL');
    expect(await state(attacker)).toBe('filtered');
    expect(await state(client)).toBe('open');
    await waitForTcpState(attacker, ssh4(), 'open', 20_000);
    const took = performance.now() - begin;
    expect(took).toBeGreaterThan(7500);
    expect(took).toBeLessThan(12_000);
    expect(await table()).not.toBe('');
  });

  test('a second start begins a new trial, which can be confirmed', async () => {
    await start('6s');
    expect(await spad.process.exited).toMatchObject({ code: 3 });
    await start('30s');
    expect(await state(client)).toBe('filtered');
    await open();
    expect(await confirm(await login(client))).toMatchObject({ code: 0 });
    await spad.stop();
    await start('30s');
    expect(await table()).toContain('@trial');
    expect(await confirm(await login(client))).toMatchObject({ code: 0 });
    expect(await table()).not.toContain('@trial');
  });

  test('a plain start over it guards for good', async () => {
    await start('6s');
    await spad.stop('SIGKILL');
    await spad.start();
    await new Promise((resolve) => setTimeout(resolve, 6500));
    expect(await state(attacker)).toBe('filtered');
  });
});

describe('meanwhile', () => {
  test('a reload keeps the trial, and its end', async () => {
    const begin = performance.now();
    await start('8s');
    spad.configure({ daemon: { guard: 'tcp/22, tcp/443' }, access: { alice: { key: alice.base64, allow: 'tcp/22' } } });
    await spad.reload();
    expect(await table()).toMatch(/tcp \. 443 timeout (?:8s|7s\d+ms) expires/);
    expect(await spad.process.exited).toMatchObject({ code: 3 });
    expect(performance.now() - begin).toBeLessThan(12_000);
    expect(await state(attacker)).toBe('open');
  });

  test.each([
    ['flushes the ruleset', 'flush ruleset'],
    ['takes a port out of the guard', 'delete element inet spad trial { tcp . 22 }'],
  ])(
    'somebody %s: it is repaired, ends at the same time, and who came in between proves nothing',
    async (_, command) => {
      await start('30s');
      await open();
      // It sleeps meanwhile, or the guard might be back before the session is there.
      spad.process.kill('SIGSTOP');
      await server.run('nft', ['-f', '-'], { input: `${command}\n` });
      const between = await login(client);
      spad.process.kill('SIGCONT');
      await spad.audit.waitFor({ event: 'repaired' });
      expect(await state(attacker)).toBe('filtered');
      const left = /tcp \. 22 timeout \S+ expires (\d+)s/.exec(await table())?.[1];
      expect(Number(left)).toBeLessThanOrEqual(29);
      expect((await confirm(between)).output).toContain('older than the guard');
      expect(await confirm(await login(client))).toMatchObject({ code: 0 });
    },
  );
});

test.each([
  ['firewall = dry-run guards nothing', { firewall: 'dry-run' }],
  ['nothing is guarded', { capture: 'udp', guard: '' }],
])('%s: there is nothing to be tried, and spad does not start', async (reason, daemon) => {
  spad.configure({ daemon, access: { alice: { key: alice.base64, allow: 'tcp/22' } } });
  await spad.start({
    args: ['start', '-c', spad.confFile, '--confirm', '30s'],
    until: new RegExp(`error: ${reason}, so there is nothing to confirm: start spad without --confirm`),
  });
  expect(await spad.process.exited).toMatchObject({ code: 1 });
});

test.each(['4s', '2h', 'soon', ''])('--confirm %j is refused', async (time) => {
  spad.configure({ access: { alice: { key: alice.base64, allow: 'tcp/22' } } });
  await spad.start({ args: ['start', '-c', spad.confFile, '--confirm', time], until: /from 5s to 1h/ });
  expect(await spad.process.exited).toMatchObject({ code: 2 });
});
