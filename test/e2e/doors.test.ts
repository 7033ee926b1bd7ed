/** Doors in the daemon, beside SPA: what opens, for whom, how often, until when, and what is run. */
import { appendFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { unixMs } from '../../src/base/units.ts';
import { Secret } from '../../src/crypto/secret.ts';
import { formatSteps } from '../../src/knock/door.ts';
import { timedSequence, timedWindowOf } from '../../src/knock/timed-sequence.ts';
import { openInKernel } from '../support/grant-list.ts';
import type { Host } from '../support/host.ts';
import { Keyholder } from '../support/keyholder.ts';
import { Lab } from '../support/lab.ts';
import { builtFile } from '../support/paths.ts';
import { startTcpService, tcpState } from '../support/probe.ts';
import { Spad } from '../support/spad.ts';
import { waitFor, waitUntil } from '../support/wait.ts';

const alice = new Keyholder();
const SECRET = Buffer.from(Array.from({ length: 32 }, (_, index) => 7 * index)).toString('base64');
/** Long enough for what a refused or wrong knock would have done to have been done. */
const SETTLE_MS = 400;

let lab: Lab;
let client: Host;
let other: Host;
let server: Host;
let spad: Spad;
let ran: string;
let once: string;

const confOf = (doors: string): string => `
[spad]
name = gw1
guard = tcp/22, tcp/8000-8020
state_dir = ${spad.stateDir}
audit_log = ${spad.audit.path}
knockd_conf = ${join(spad.dir, 'knockd.conf')}

[access alice]
key = ${alice.base64}
allow = tcp/22
default = tcp/22
${doors}`;

const doors = (): string => `
[door front]
sequence = 7000, 7001:udp, 7002
tcpflags = syn
open = tcp/22
open_for = 3s

[door strict]
sequence = 7100,7101
tcpflags = syn
strict = yes
open = tcp/8001

[door local]
sequence = 7200,7201
open = tcp/8002
source = ${client.address4}, ${client.address6}

[door seldom]
sequence = 7300:udp,7301:udp
open = tcp/8003
rate = 2/1h

[door script]
sequence = 7400:udp,7401:udp
start_command = "echo start %IP% >> ${ran}; echo é >> ${ran}"
cmd_timeout = 1
stop_command = echo stop %IP% >> ${ran}

[door once]
one_time_sequences = ${once}
open = tcp/8004

[door minute]
sequence_secret = ${SECRET}
open = tcp/8005
open_for = 1h
`;

const knock = (from: Host, address: string, ...ports: string[]): Promise<string> =>
  from.run(process.execPath, [builtFile('test/support/knock.js'), address, ...ports]);

const linesRun = (): string[] => (existsSync(ran) ? readFileSync(ran, 'utf8').split('\n').slice(0, -1) : []);

/** Knocks, and waits for the line about it. */
async function open(door: string, event: string, from: Host, ...ports: string[]): Promise<void> {
  const mark = spad.audit.mark();
  await knock(from, server.address4, ...ports);
  await spad.audit.waitFor({ event, stanza: door, format: 'knock', source: from.address4 }, mark);
}

/** Knocks in vain. */
async function nothing(from: Host, ...ports: string[]): Promise<void> {
  const mark = spad.audit.mark();
  await knock(from, server.address4, ...ports);
  await sleep(SETTLE_MS);
  // What an earlier test has opened may end meanwhile, and counters are told once a minute.
  const decided = spad.audit.entries().slice(mark);
  expect(decided.filter(({ event }) => event !== 'expired' && event !== 'counted')).toEqual([]);
}

beforeAll(async () => {
  lab = await Lab.create({ hosts: ['client', 'other', 'server'] });
  [client, other, server] = [lab.host('client'), lab.host('other'), lab.host('server')];
  await startTcpService(server, [22, 8001, 8002]);
  spad = new Spad(lab, server);
  [ran, once] = [join(spad.dir, 'ran'), join(spad.dir, 'once')];
  writeFileSync(once, ' 7501:udp,7502:udp\n 7503:udp,7504:udp\n');
  const classic = `[options]\n UseSyslog\n[classic]\n sequence = 7600:udp,7601:udp\n command = echo classic %IP% >> ${ran}\n`;
  writeFileSync(join(spad.dir, 'knockd.conf'), classic);
  spad.writeConf(confOf(doors()));
  const child = await spad.start();
  await child.waitForLine(/^spad: doors: 8 doors on any/);
});
afterAll(() => lab.close());

describe('open =', () => {
  test('opens for the knocker alone, and the kernel closes', async () => {
    await open('front', 'granted', client, '7000', '7001:udp', '7002');
    expect(await tcpState(client, server.address4, 22)).toBe('open');
    expect(await tcpState(other, server.address4, 22)).toBe('filtered');
    await waitUntil('the kernel to close', async () => (await openInKernel(server)).length === 0);
    expect(await tcpState(client, server.address4, 22)).toBe('filtered');
  });

  test('opens over IPv6', async () => {
    const mark = spad.audit.mark();
    await knock(client, server.address6, '7000', '7001:udp', '7002');
    await spad.audit.waitFor({ event: 'granted', stanza: 'front', allow: client.address6 }, mark);
    expect(await tcpState(client, server.address6, 22)).toBe('open');
    await spad.audit.waitFor({ event: 'expired', stanza: 'front' }, mark);
  });

  test('leaves SPA as it is', async () => {
    const mark = spad.audit.mark();
    await spad.send(client, alice.seal({ ports: 'tcp/22', openFor: 60 }));
    await spad.audit.waitFor({ event: 'granted', stanza: 'alice', format: 'native' }, mark);
    await open('front', 'granted', client, '7000', '7001:udp', '7002');
    await spad.send(client, alice.seal({ type: 'close' }));
    await spad.audit.waitFor({ event: 'closed', stanza: 'alice' }, mark);
    expect(await openInKernel(server)).toEqual([`${client.address4} tcp/22`]);
    await spad.audit.waitFor({ event: 'expired', stanza: 'front' }, mark);
  });

  test('opens nothing for a wrong sequence', async () => {
    await nothing(client, '7000', '7002', '7001:udp');
    await nothing(client, '7000:udp', '7001:udp', '7002');
  });
});

describe('strict = yes', () => {
  test('a port of no door starts the sequence over; without it, it does not', async () => {
    await nothing(client, '7100', '9', '7101');
    await nothing(client, '7100', '9:udp', '7101');
    await open('strict', 'granted', client, '7100', '7101');
    await open('front', 'granted', client, '7000', '9', '7001:udp', '7002');
  });
});

test('source = says who may knock', async () => {
  await open('local', 'rejected', other, '7200', '7201');
  expect(spad.audit.all({ stanza: 'local', reason: 'source-not-allowed' })).toHaveLength(1);
  await open('local', 'granted', client, '7200', '7201');
  expect(await tcpState(other, server.address4, 8002)).toBe('filtered');
});

test('rate = says how often, from whatever addresses', async () => {
  await open('seldom', 'granted', client, '7300:udp', '7301:udp');
  await open('seldom', 'granted', other, '7300:udp', '7301:udp');
  await open('seldom', 'rejected', client, '7300:udp', '7301:udp');
  expect(spad.audit.all({ stanza: 'seldom', reason: 'rate-limited' })).toHaveLength(1);
});

describe('commands', () => {
  test('run when a door opens, and after the wait', async () => {
    await open('script', 'knocked', client, '7400:udp', '7401:udp');
    await waitUntil('the stop command', () => linesRun().length === 3);
    expect(linesRun()).toEqual([`start ${client.address4}`, 'é', `stop ${client.address4}`]);
  });

  test('run for the doors of knockd.conf', async () => {
    await open('classic', 'knocked', client, '7600:udp', '7601:udp');
    await waitUntil('the command', () => linesRun().includes(`classic ${client.address4}`));
  });
});

test('a one-time sequence opens once', async () => {
  await open('once', 'granted', client, '7501:udp', '7502:udp');
  expect(readFileSync(once, 'utf8')).toBe('#7501:udp,7502:udp\n 7503:udp,7504:udp\n');
  await nothing(client, '7501:udp', '7502:udp');
  await open('once', 'granted', other, '7503:udp', '7504:udp');
  await nothing(client, '7503:udp', '7504:udp');
});

test('a sequence of this minute opens, and one of some minutes ago does not', async () => {
  const secret = Secret.fromBase64(SECRET);
  if (secret === undefined) throw new Error('a constant of this test is wrong');
  const at = (offset: number): string[] =>
    formatSteps(timedSequence(secret, 'minute', timedWindowOf(unixMs(Date.now())) + offset)).split(',');
  await nothing(client, ...at(-4));
  await open('minute', 'granted', client, ...at(0));
  await open('minute', 'granted', other, ...at(1));
});

test('--check tells every problem at once, those of knockd.conf in its words', async () => {
  const file = join(spad.dir, 'bad.conf');
  const knockdConf = join(spad.dir, 'bad-knockd.conf');
  writeFileSync(knockdConf, '[a]\nsequence = 7000\nsequenze = 1\n');
  const first = '[door a]\none_time_sequences = /nowhere\nopen = tcp/22\n';
  const second = '[door b]\nsequence_secret_file = /nowhere\nopen = tcp/22\n';
  const head = `[spad]\nname = gw1\nguard = tcp/22\nknockd_conf = ${knockdConf}\n`;
  writeFileSync(file, head + first + second, { mode: 0o600 });
  const { code, stdout } = await spad.exec('--check', '-c', file);
  expect(code).toBe(1);
  const lines = stdout.split('\n');
  expect(lines[0]).toContain(`${file}:6: error: /nowhere: No such file or directory (`);
  expect(lines[1]).toContain(`${file}:8: error: there is no file /nowhere`);
  expect(lines[2]).toContain(`${knockdConf}:3: error: syntax error (`);
});

describe('SIGHUP', () => {
  test('a bad file leaves the old doors', async () => {
    spad.writeConf(confOf(`${doors()}\n[door bad]\nsequence = 70000\n`));
    await spad.reload();
    expect(spad.audit.all({ event: 'reloaded', reason: 'bad-configuration' })).toHaveLength(1);
    await open('front', 'granted', client, '7000', '7001:udp', '7002');
  });

  test('other doors take the place of the old ones, whose grants are taken back', async () => {
    await open('front', 'extended', client, '7000', '7001:udp', '7002');
    appendFileSync(join(spad.dir, 'knockd.conf'), ' seq_timeout = 5\n');
    const mark = spad.audit.mark();
    spad.writeConf(confOf('\n[door back]\nsequence = 7700,7701\nopen = tcp/22\nopen_for = 5m\n'));
    await spad.reload();
    expect(spad.audit.all({ event: 'revoked', stanza: 'front', reason: 'stanza-removed' }, mark)).toHaveLength(1);
    await waitFor('the new door', async () => {
      const from = spad.audit.mark();
      await knock(client, server.address4, '7700', '7701');
      await sleep(SETTLE_MS);
      return spad.audit.all({ event: 'granted', stanza: 'back' }, from)[0];
    });
    await nothing(client, '7000', '7001:udp', '7002');
  });
});

test('what a door has opened is known after a restart, and its pending stop command is run', async () => {
  const stop = 'start_command = true\ncmd_timeout = 1h\n';
  spad.writeConf(
    confOf(
      `\n[door back]\nsequence = 7700,7701\nopen = tcp/22\nopen_for = 5m\n${stop}stop_command = echo late %IP% >> ${ran}\n`,
    ),
  );
  await spad.reload();
  await sleep(SETTLE_MS);
  await open('back', 'extended', client, '7700', '7701');
  await waitUntil('the command', () => readFileSync(join(spad.stateDir, 'door-stops.log'), 'utf8').includes('late'));
  await spad.stop('SIGKILL');
  const mark = spad.audit.mark();
  await spad.start();
  await spad.audit.waitFor({ event: 'restored', stanza: 'back', allow: client.address4 }, mark);
  await spad.stop();
  expect(linesRun().filter((line) => line.startsWith('late'))).toEqual([`late ${client.address4}`]);
});
