/** The package where systemd is really up: it is enabled, the machine starts anew, it is upgraded, removed and purged. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { BootedSpad } from '../support/booted-spad.ts';
import { nextDeb } from '../support/deb.ts';
import { openInKernel } from '../support/grant-list.ts';
import { builtFile } from '../support/paths.ts';
import { sendDatagram, waitForTcpState } from '../support/probe.ts';
import { SPA_PORT } from '../support/spad.ts';
import { waitUntil } from '../support/wait.ts';

/** What systemd, apt and man keep for themselves wherever they run, and what the test has put there. */
const OTHERS =
  /^\/(?:proc|sys|dev|run|tmp|root)\/|^\/etc\/(?:(?:passwd|g?shadow|group|sub[ug]id)-?|\.pwd\.lock|machine-id|(?:default\/)?knockd(?:\.conf)?)$|^\/var\/(?:cache|lib\/(?:apt|dpkg|systemd|logrotate)|log\/(?:apt|dpkg|alternatives|journal|wtmp)|tmp\/systemd-)/;

let spad: BootedSpad;
let next = '';
let before: ReadonlySet<string>;
beforeAll(async () => {
  spad = await BootedSpad.create();
  next = nextDeb(spad.deb, spad.lab.dir, '9.9.9');
  before = await spad.debian.changes(OTHERS);
}, 120_000);
afterAll(() => spad.close());

const KNOCKD_CONF = `[options]
  interface = eth0
[door]
  sequence = 7000,8000,9000
  seq_timeout = 10
  tcpflags = syn
  start_command = /usr/sbin/nft add element inet doors open { %IP% }
  cmd_timeout = 1
  stop_command = /usr/sbin/nft delete element inet doors open { %IP% }
`;

const systemctl = (...words: readonly string[]): Promise<string> => spad.machine.run('systemctl', ...words);
const state = async (unit: string, asked = 'is-active'): Promise<string> =>
  (await spad.machine.exec('systemctl', [asked, unit])).stdout.trim();

test('installed, it neither runs nor is enabled', async () => {
  await spad.install();
  for (const unit of ['spad', 'spad-knockd']) {
    expect([await state(unit), await state(unit, 'is-enabled')]).toEqual(['inactive', 'disabled']);
  }
  // Known to systemd by the installation alone.
  expect(await spad.property('LoadState')).toBe('loaded');
  const { stderr } = await spad.machine.exec('systemd-analyze', ['verify', 'spad.service', 'spad-knockd.service']);
  expect(stderr).toBe('');
});

test('enabled, it is there when the machine starts anew, with what was open', async () => {
  await spad.init();
  await systemctl('enable', '--now', 'spad');
  await spad.ask('10m');
  await spad.machine.powerOff();
  // A network namespace outlives the system that runs in it; a machine's rules do not.
  await spad.server.run('nft', ['flush', 'ruleset']);
  await spad.boot();
  expect(await state('spad')).toBe('active');
  expect(await spad.journal('--boot')).toMatch(/ready: capturing on eth0/);
  expect(await spad.journal('--boot=-1', 'SPAD_EVENT=stopped')).toContain('"event":"stopped"');
  expect(await openInKernel(spad.server)).toEqual([`${spad.client.address4} tcp/22`]);
  expect(await spad.ssh()).toBe('open');
  await spad.machine.run('spad', 'revoke', '--all');
  expect(await spad.ssh()).toBe('filtered');
});

test('upgraded, it runs anew as the new version; what was open stays, and so does what was changed by hand', async () => {
  const packet = await spad.ask('10m');
  const pid = await spad.mainPid();
  await spad.machine.run('sed', '-i', 's/rotate 12/rotate 52/', '/etc/logrotate.d/spad');
  const sums = (): Promise<string> => spad.machine.run('sha256sum', '/etc/spad/spad.conf', '/etc/logrotate.d/spad');
  const kept = await sums();
  await spad.install(next);
  expect(await state('spad')).toBe('active');
  expect(await spad.mainPid()).not.toBe(pid);
  expect(await spad.machine.run('spad', '--version')).toContain('9.9.9');
  expect(await spad.machine.run('spad', 'status')).toContain('9.9.9');
  expect(await sums()).toBe(kept);
  expect(await spad.machine.run('tail', '-1', '/etc/logrotate.d/spad.dpkg-dist')).toBe('# of version 9.9.9\n');
  expect(await spad.ssh()).toBe('open');
  expect(await spad.property('NRestarts')).toBe('0');
  await sendDatagram(spad.client, spad.server.address4, SPA_PORT, packet);
  const rejected = (): Promise<string> => spad.journal('SPAD_EVENT=rejected', 'SPAD_REASON=replayed');
  await waitUntil('the packet to be refused', async () => (await rejected()).includes('"stanza":"alice"'));
  await spad.machine.run('spad', 'revoke', '--all');
});

test('upgraded while it is stopped, it stays so', async () => {
  await systemctl('disable', '--now', 'spad');
  await spad.install(next);
  expect([await state('spad'), await state('spad', 'is-enabled')]).toEqual(['inactive', 'disabled']);
});

test('spad-knockd runs what knockd would, reloads it, and comes again when it is killed', async () => {
  await spad.server.run('nft', ['add table inet doors; add set inet doors open { type ipv4_addr; }']);
  const isOpen = async (): Promise<boolean> =>
    (await spad.server.run('nft', ['list', 'set', 'inet', 'doors', 'open'])).includes(spad.client.address4);
  // A reload is done some time after systemctl has come back.
  const knock = async (...ports: readonly string[]): Promise<void> => {
    const words = [builtFile('test/support/knock.js'), spad.server.address4, ...ports];
    await waitUntil('the door to open', async () => {
      await spad.client.run(process.execPath, words);
      return isOpen();
    });
    await waitUntil('the door to close', async () => !(await isOpen()));
  };
  const journal = (): Promise<string> => spad.machine.run('journalctl', '--no-pager', '--unit=spad-knockd');
  await spad.machine.run('sh', '-c', 'printf %s "$0" > /etc/knockd.conf', KNOCKD_CONF);
  await spad.machine.run('sh', '-c', 'echo KNOCKD_OPTS=-v > /etc/default/knockd');
  await systemctl('start', 'spad-knockd');
  await waitUntil('it to listen', async () => (await journal()).includes('listening'));
  await knock('7000', '8000', '9000');

  await spad.machine.run('sed', '-i', 's/7000/7001/', '/etc/knockd.conf');
  await systemctl('reload', 'spad-knockd');
  const pid = await spad.property('MainPID', 'spad-knockd');
  const receivers = async (): Promise<number> =>
    (await spad.machine.run('sh', '-c', 'cat /proc/$0/task/*/children', pid)).trim().split(' ').length;
  await knock('7001', '8000', '9000');
  await waitUntil('the receiver of before to be gone', async () => (await receivers()) === 1);

  process.kill(await spad.machine.outside(Number(pid)), 'SIGKILL');
  await waitUntil('another start', async () => (await spad.property('NRestarts', 'spad-knockd')) === '1');
  await systemctl('stop', 'spad-knockd');
  expect(await spad.property('Result', 'spad-knockd')).toBe('success');
  expect(await journal()).not.toMatch(/EPERM|cannot be/);
  await spad.server.run('nft', ['delete', 'table', 'inet', 'doors']);
});

test('removed, it takes its guard away and is not enabled; purged, nothing is left', async () => {
  await systemctl('enable', '--now', 'spad');
  await waitForTcpState(spad.client, { address: spad.server.address4, port: 22 }, 'filtered');
  await spad.machine.run('apt-get', '-qq', '-y', 'remove', 'spad');
  expect(await spad.ssh()).toBe('open');
  expect(await spad.server.run('nft', ['list', 'ruleset'])).not.toContain('spad');
  expect([await state('spad'), await spad.property('LoadState')]).toEqual(['inactive', 'not-found']);
  expect(await spad.machine.run('ls', '/etc/spad', '/var/lib/spad')).toMatch(/spad\.conf[^]*replay\.journal/);
  await spad.machine.run('apt-get', '-qq', '-y', 'purge', 'spad');
  const after = await spad.debian.changes(OTHERS);
  expect([...after].filter((path) => !before.has(path))).toEqual([]);
  expect([...before].filter((path) => !after.has(path))).toEqual([]);
  expect(await systemctl('--failed', '--plain', '--no-legend')).toBe('');
});
