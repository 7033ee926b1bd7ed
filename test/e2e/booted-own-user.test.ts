/** The daemon as its own user under a real systemd, which starts its receivers: one capability, and no other. */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { BootedSpad } from '../support/booted-spad.ts';
import { openInKernel } from '../support/grant-list.ts';
import { repositoryRoot } from '../support/paths.ts';
import { statusOf } from '../support/proc-status.ts';
import { waitFor, waitUntil } from '../support/wait.ts';

let spad: BootedSpad;
/** By `spad init`. */
let said = '';
beforeAll(async () => {
  spad = await BootedSpad.create();
  await spad.install();
  said = await spad.init();
}, 120_000);
afterAll(() => spad.close());

const systemctl = (...words: readonly string[]): Promise<string> => spad.machine.run('systemctl', ...words);
const shell = (script: string): Promise<string> => spad.machine.run('sh', '-c', script);

/** The receivers' process ids, outside. */
const receivers = async (): Promise<readonly number[]> => {
  const lines = (await systemctl('show', '--property', 'MainPID', '--value', 'spad-receiver@*.service')).split('\n');
  const pids = lines.map(Number).filter((pid) => pid > 0);
  // One that ends between the two questions is none.
  const found = await Promise.all(pids.map((pid) => spad.machine.outside(pid).catch(() => undefined)));
  return found.filter((pid) => pid !== undefined);
};
const oneReceiver = (): Promise<number> =>
  waitFor('one receiver', async () => {
    const all = await receivers();
    return all.length === 1 ? all[0] : undefined;
  });

const sets = (pid: number): readonly number[] =>
  ['Bnd', 'Prm', 'Eff', 'Inh', 'Amb'].map((set) => Number.parseInt(statusOf(pid)[`Cap${set}`] ?? '', 16));
/** include/uapi/linux/capability.h */
const NET_ADMIN = 1 << 12;

test('what "spad init" writes, the group of that user may read, and nobody else', async () => {
  expect(await shell('stat -c "%U:%G %a" /etc/spad /etc/spad/spad.conf')).toBe('root:spad 750\nroot:spad 640\n');
});

test('as docs/package.md says: it starts as its own user, and opens', async () => {
  const page = readFileSync(join(repositoryRoot(), 'docs/package.md'), 'utf8');
  const lines = [
    ...page.matchAll(/^ {4}(sudo .*own-user\.conf|sudo systemctl daemon-reload && sudo systemctl restart spad)$/gm),
  ];
  expect(lines).toHaveLength(2);
  expect(said).toContain(lines[0]?.[0]);
  for (const [, line = ''] of lines) await shell(line.replaceAll('sudo ', ''));
  expect(await spad.ssh()).toBe('filtered');
  await spad.ask('5m');
  expect(await spad.ssh()).toBe('open');
  expect(await openInKernel(spad.server)).toEqual([`${spad.client.address4} tcp/22`]);
});

test('the kernel says: its own user and CAP_NET_ADMIN in all threads; receivers nobody and nothing', async () => {
  const uid = (await shell('id -u spad')).trim();
  const main = await spad.machine.outside(await spad.mainPid());
  for (const thread of readdirSync(`/proc/${String(main)}/task`)) {
    const pid = Number(thread);
    expect(statusOf(pid)).toMatchObject({ Uid: Array(4).fill(uid).join('\t'), NoNewPrivs: '1', Seccomp: '2' });
    expect(sets(pid)).toEqual([NET_ADMIN, NET_ADMIN, NET_ADMIN, NET_ADMIN, NET_ADMIN]);
  }
  // What cannot be dumped is root's, so that no other process of this user looks into it.
  expect(statSync(`/proc/${String(main)}/environ`).uid).toBe(0);
  const receiver = await oneReceiver();
  expect(statusOf(receiver)).toMatchObject({ Uid: '65534\t65534\t65534\t65534', NoNewPrivs: '1', Seccomp: '2' });
  expect(sets(receiver).slice(1)).toEqual([0, 0, 0, 0]);
});

test('root may ask it and change its keys, which it reads again', async () => {
  expect(await spad.machine.run('spad', 'status')).toMatch(/^clients +1$/m);
  expect(await spad.machine.run('spad', 'grants')).toMatch(/alice.*tcp\/22/);
  await spad.machine.run('spa-keys', 'invite', 'bob', '--allow', 'tcp/22', '--host', spad.server.address4);
  expect(await shell('stat -c "%U:%G %a" /etc/spad/spad.conf')).toBe('root:spad 640\n');
  const before = await oneReceiver();
  await systemctl('reload', 'spad');
  await waitUntil('two clients', async () => /read again: 2 clients$/.test(await spad.property('StatusText')));
  await waitUntil('another receiver', async () => !(await receivers()).includes(before));
  await spad.machine.run('spad', 'revoke', '--all');
  await spad.ask('5m');
  expect(await spad.ssh()).toBe('open');
});

test('logs are rotated, and it goes on in the new one', async () => {
  const old = `printf 'logrotate state -- version 2\\n"/var/log/spad/audit.jsonl" 2026-1-1-0:0:0\\n' > /var/lib/logrotate/status`;
  await shell(old);
  await systemctl('start', 'logrotate.service');
  await waitUntil('a new file', async () => (await shell('ls /var/log/spad')).includes('audit.jsonl.1'));
  await spad.machine.run('spad', 'revoke', '--all');
  await spad.ask('5m');
  expect(await shell('cat /var/log/spad/audit.jsonl')).toContain('"event":"granted"');
  expect(await shell('stat -c "%U:%G %a" /var/log/spad/audit.jsonl')).toBe('spad:spad 600\n');
});

test('a receiver that dies is replaced; a daemon that dies comes back, and no receiver outlives it', async () => {
  const first = await oneReceiver();
  process.kill(first, 'SIGKILL');
  await waitUntil('another receiver', async () => {
    const all = await receivers();
    return all.length === 1 && all[0] !== first;
  });
  const [second, main] = [await oneReceiver(), await spad.mainPid()];
  process.kill(await spad.machine.outside(main), 'SIGKILL');
  await spad.startedAnew(main);
  await waitUntil('the receiver to go', () => statusOf(second)['Pid'] === undefined);
  expect(await spad.machine.run('spad', 'grants')).toMatch(/alice.*tcp\/22/);
  await systemctl('stop', 'spad');
  expect(await spad.property('Result')).toBe('success');
  await waitUntil('no receiver', async () => (await receivers()).length === 0);
  const failed = await systemctl('list-units', '--failed', '--no-legend', '--plain', 'spad*');
  expect(failed).toBe('');
});

test('systemd-analyze says what docs/package.md says, and finds no fault with the units', async () => {
  const told = await spad.machine.run('systemd-analyze', 'security', '--no-pager', 'spad.service');
  const [, figure, word] = /exposure level for spad\.service: (\S+) (\w+)/.exec(told) ?? [];
  const page = readFileSync(join(repositoryRoot(), 'docs/package.md'), 'utf8');
  expect(page).toContain(`as its own user ${figure ?? ''} ("${word ?? ''}")`);
  const { stderr } = await spad.machine.exec('systemd-analyze', ['verify', 'spad.service', 'spad-receiver.socket']);
  expect(stderr).toBe('');
});

test('a firewall that takes root is refused with a sentence that says what to do', async () => {
  await shell('cp /etc/spad/spad.conf /root/; sed -i "s/^\\[spad\\]$/&\\nfirewall = ufw/" /etc/spad/spad.conf');
  const since = (await shell('date +%s.%N')).trim();
  await systemctl('start', '--no-block', 'spad');
  await waitUntil('the sentence', async () =>
    (await spad.journal(`--since=@${since}`)).includes(
      'firewall = ufw takes root: run spad as root (without own-user.conf), or set firewall = nftables in /etc/spad/spad.conf',
    ),
  );
  await systemctl('stop', 'spad');
});
