/** Receivers that somebody else starts, so that the authorizer needs one capability alone: what systemd does for spad's own user. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import type { Host } from '../support/host.ts';
import { Keyholder } from '../support/keyholder.ts';
import { Lab } from '../support/lab.ts';
import type { LabProcess } from '../support/lab-process.ts';
import { builtFile } from '../support/paths.ts';
import { startTcpService, waitForTcpState } from '../support/probe.ts';
import { statusOf } from '../support/proc-status.ts';
import { Spad } from '../support/spad.ts';
import { waitUntil } from '../support/wait.ts';

const alice = new Keyholder();
let lab: Lab;
let client: Host;
let server: Host;
beforeAll(async () => {
  lab = await Lab.create({ hosts: ['client', 'server'] });
  [client, server] = [lab.host('client'), lab.host('server')];
  await startTcpService(server, [22]);
});
afterAll(() => lab.close());

let count = 0;
let socket = '';
beforeEach(() => {
  socket = join(lab.dir, `receivers-${String(++count)}`);
});

const startStarter = async (): Promise<LabProcess> => {
  const starter = server.spawn(process.execPath, [builtFile('test/support/receiver-starter.js'), socket]);
  await starter.waitForLine(/^listening$/);
  return starter;
};

const started = (starter: LabProcess): number[] =>
  [...starter.stdout.matchAll(/^started (\d+)$/gm)].map(([, pid]) => Number(pid));
const isAlive = (pid: number): boolean => existsSync(`/proc/${String(pid)}/fd/0`);
const alive = (starter: LabProcess): number[] => started(starter).filter(isAlive);

/** What all threads of a process have of each set, as they all must have the same. */
const capabilities = (pid: number): readonly string[] => {
  const all = readdirSync(`/proc/${String(pid)}/task`).map((thread) =>
    ['Eff', 'Prm', 'Inh', 'Amb'].map((set) => statusOf(thread)[`Cap${set}`] ?? ''),
  );
  for (const one of all) expect(one).toEqual(all[0]);
  return all[0] ?? [];
};

const NONE = '0000000000000000';
const NET_ADMIN = '0000000000001000';
/** As root in the laboratory, for a checkout need not be readable to others; under systemd it is another user, too. */
const ONE_CAPABILITY = 'exec setpriv --no-new-privs --inh-caps=-all --bounding-set=-all,+net_admin "$@"';

const newSpad = (name: string, daemon: Readonly<Record<string, string>>): Spad => {
  const spad = new Spad(lab, server, name);
  spad.configure({ daemon, access: { alice: { key: alice.base64, allow: 'tcp/22, tcp/9' } } });
  return spad;
};

test.each(['nflog', 'pcap', 'udp'])(
  'with CAP_NET_ADMIN alone it opens, reloads, loses and replaces receivers (capture = %s)',
  async (capture) => {
    const starter = await startStarter();
    const spad = newSpad(capture, { capture });
    const args = ['-c', spad.confFile, '--receiver-socket', socket];
    const { pid } = await spad.start({ through: ONE_CAPABILITY, args });
    expect(capabilities(pid)).toEqual([NET_ADMIN, NET_ADMIN, NONE, NONE]);
    expect(readFileSync(`/proc/${String(pid)}/task/${String(pid)}/children`, 'latin1')).toBe('');
    const [first = 0] = started(starter);
    expect(capabilities(first)).toEqual([NONE, NONE, NONE, NONE]);
    expect(statusOf(first)).toMatchObject({
      Uid: '65534\t65534\t65534\t65534',
      NoNewPrivs: '1',
      Seccomp: '2',
    });

    await spad.send(client, alice.seal({ ports: 'tcp/22', openFor: 60 }));
    await waitForTcpState(client, { address: server.address4, port: 22 }, 'open');
    const mark = spad.process.mark();
    process.kill(first, 'SIGKILL');
    await spad.process.waitForLine(
      /spad: warning: the receiver ended \(it closed the connection\); starting another/,
      20_000,
      mark,
    );
    await spad.process.waitForLine(/spad: capturing again on/, 20_000, mark);
    await spad.settle(client, alice);
    const [second] = alive(starter);
    await spad.reload();
    await waitUntil('the next receiver alone', () => alive(starter).length === 1 && alive(starter)[0] !== second);
    await spad.settle(client, alice, 5);
    expect((await spad.stop()).code).toBe(0);
    await waitUntil('no receiver to be left', () => alive(starter).length === 0);
    await starter.stop();
  },
);

test('killed, it leaves no receiver', async () => {
  const starter = await startStarter();
  const spad = newSpad('killed', {});
  await spad.start({ through: ONE_CAPABILITY, args: ['-c', spad.confFile, '--receiver-socket', socket] });
  expect(alive(starter)).toHaveLength(1);
  await spad.stop('SIGKILL');
  await waitUntil('no receiver to be left', () => alive(starter).length === 0);
  await starter.stop();
});

test('where nobody starts receivers it says so once, and goes on by itself when somebody does', async () => {
  const spad = newSpad('nobody-there', {});
  const args = ['-c', spad.confFile, '--receiver-socket', socket];
  const trouble =
    /^spad: warning: there is no receiver to be had at \S+: connect ENOENT \S+; trying again until it works$/;
  await spad.start({ args, until: trouble });
  const starter = await startStarter();
  await spad.process.waitForLine(/^spad: ready\b/);
  expect(spad.process.output.match(/there is no receiver/g)).toHaveLength(1);
  await spad.settle(client, alice);
  expect((await spad.stop()).code).toBe(0);
  await starter.stop();
});

test('a receiver that was asked for over a socket opens no file', async () => {
  const starter = await startStarter();
  const spad = newSpad('file', { capture: 'file', capture_file: '/etc/shadow', firewall: 'dry-run' });
  const refusal =
    /^spad: warning: cannot capture: a capture file is read by a receiver that spad starts itself; trying again/;
  await spad.start({ args: ['-c', spad.confFile, '--receiver-socket', socket], until: refusal });
  await spad.stop();
  await starter.stop();
});

test('doors have their receivers there, too', async () => {
  const starter = await startStarter();
  const spad = newSpad('doors', {});
  const door = `[door ssh]\nsequence = 7000,8000\ntcpflags = syn\nopen = tcp/22\n`;
  spad.writeConf(`${readFileSync(spad.confFile, 'utf8')}\n${door}`);
  await spad.start({ through: ONE_CAPABILITY, args: ['-c', spad.confFile, '--receiver-socket', socket] });
  await spad.process.waitForLine(/^spad: doors: 1 door on/);
  expect(alive(starter)).toHaveLength(2);
  for (const pid of alive(starter)) expect(capabilities(pid)).toEqual([NONE, NONE, NONE, NONE]);
  expect((await spad.stop()).code).toBe(0);
  await waitUntil('no receiver to be left', () => alive(starter).length === 0);
  await starter.stop();
});
