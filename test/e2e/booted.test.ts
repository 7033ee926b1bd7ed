/** The unit as a real systemd runs it: process 1 of a Debian that is booted in namespaces of its own. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { BootedSpad } from '../support/booted-spad.ts';
import { kernelGrants, openInKernel } from '../support/grant-list.ts';
import { repositoryRoot } from '../support/paths.ts';
import { waitForTcpState } from '../support/probe.ts';
import { statusOf } from '../support/proc-status.ts';
import { waitFor, waitUntil } from '../support/wait.ts';

let spad: BootedSpad;
beforeAll(async () => {
  spad = await BootedSpad.create();
  await spad.install();
}, 120_000);
afterAll(() => spad.close());

const systemctl = (...words: readonly string[]): Promise<string> => spad.machine.run('systemctl', ...words);

const restarts = async (): Promise<number> => Number(await spad.property('NRestarts'));

/** The main process and the receiver that it has now, by their ids outside. */
const processes = async (): Promise<{ readonly main: number; readonly receiver: number }> => {
  const main = await spad.machine.outside(await spad.mainPid());
  const receiver = await waitFor('one receiver', () => {
    const children = readdirSync(`/proc/${main}/task`).flatMap((thread) =>
      readFileSync(`/proc/${main}/task/${thread}/children`, 'latin1').trim().split(' '),
    );
    const found = children.filter((pid) => pid !== '');
    return found.length === 1 ? Number(found[0]) : undefined;
  });
  return { main, receiver };
};

describe('starting', () => {
  test('systemd is process 1; without a configuration nothing starts, and nothing fails', async () => {
    expect(await spad.machine.run('cat', '/proc/1/comm')).toBe('systemd\n');
    await systemctl('start', 'spad');
    expect(await spad.property('ConditionResult')).toBe('no');
    expect(await spad.property('ActiveState')).toBe('inactive');
    expect(await spad.ssh()).toBe('open');
  });

  test('comes back once the guard stands and packets are captured', async () => {
    await spad.init();
    await systemctl('start', 'spad');
    expect(await spad.ssh()).toBe('filtered');
    expect(await spad.property('Type')).toBe('notify');
    expect(await systemctl('status', 'spad')).toMatch(
      /Active: active \(running\)[^]*Status: "capturing on eth0 \(nflog:\d+; the kernel drops junk\)"/,
    );
  });

  test('a packet from another host opens the port, and the journal has the line', async () => {
    await spad.ask('1m');
    expect(await spad.ssh()).toBe('open');
    expect(await openInKernel(spad.server)).toEqual([`${spad.client.address4} tcp/22`]);
    const granted = `"event":"granted","stanza":"alice","format":"native","source":"${spad.client.address4}"`;
    expect(await spad.journal('SPAD_EVENT=granted', 'SPAD_STANZA=alice')).toContain(granted);
    expect(await spad.journal()).toMatch(/spad\[\d+\]: ready: capturing on eth0/);
    await spad.machine.run('spad', 'revoke', '--all');
  });
});

describe('the sandbox, as the kernel tells it', () => {
  /** KILL, SETGID, SETUID, NET_ADMIN, NET_RAW: bits of include/uapi/linux/capability.h. */
  const five = [5, 6, 7, 12, 13].reduce((mask, bit) => mask | (1 << bit), 0);

  test('both processes: no new privileges, a system call filter, five capabilities at most', async () => {
    const { main, receiver } = await processes();
    const sets = (pid: number): readonly number[] =>
      ['Bnd', 'Prm', 'Eff', 'Inh', 'Amb'].map((set) => Number.parseInt(statusOf(pid)[`Cap${set}`] ?? '', 16));
    expect(statusOf(main)).toMatchObject({ Uid: '0\t0\t0\t0', NoNewPrivs: '1', Seccomp: '2', Umask: '0077' });
    expect(statusOf(receiver)).toMatchObject({ Uid: '65534\t65534\t65534\t65534', NoNewPrivs: '1', Seccomp: '2' });
    expect(sets(main)).toEqual([five, five, five, 0, 0]);
    expect(sets(receiver)).toEqual([five, 0, 0, 0, 0]);
    const filters = (pid: number): number => Number(statusOf(pid)['Seccomp_filters']);
    // What the unit sets, and the receiver's own on top.
    expect(filters(main)).toBeGreaterThan(0);
    expect(filters(receiver)).toBe(filters(main) + 1);
  });

  test('both processes: files are read-only but for their own, and homes and devices are away', async () => {
    for (const pid of Object.values(await processes())) {
      const lines = readFileSync(`/proc/${pid}/mounts`, 'utf8').trim().split('\n');
      const mounts = new Map(lines.map((line) => [line.split(' ')[1], line.split(' ')] as const));
      const isWritable = (path: string): boolean => /^rw\b/.test(mounts.get(path)?.[3] ?? '');
      for (const path of ['/', '/dev', '/home', '/root', '/sys', '/sys/fs/cgroup', '/proc/sys']) {
        expect([...mounts.keys()]).toContain(path);
        expect({ path, writable: isWritable(path) }).toEqual({ path, writable: false });
      }
      for (const path of ['/var/lib/spad', '/var/log/spad', '/tmp']) expect(isWritable(path), path).toBe(true);
      expect(readdirSync(`/proc/${pid}/root/root`)).toEqual([]);
      expect(readdirSync(`/proc/${pid}/root/tmp`)).toEqual([]);
      expect(readdirSync(`/proc/${pid}/root/dev`)).not.toContain('kmsg');
    }
  });

  test('what it forbids is nothing that the daemon needs: it can ask whether the clock is kept', async () => {
    expect(await spad.machine.run('spad', 'status')).toMatch(/^clock +(?:not )?synchronised/m);
  });

  test('systemd-analyze says what docs/package.md says', async () => {
    const told = await spad.machine.run('systemd-analyze', 'security', '--no-pager', 'spad.service');
    const [, figure, word] = /exposure level for spad\.service: (\S+) (\w+)/.exec(told) ?? [];
    const page = readFileSync(join(repositoryRoot(), 'docs/package.md'), 'utf8');
    expect(page).toContain(`\`systemd-analyze security spad\` gives the unit ${figure ?? ''} ("${word ?? ''}"`);
  });
});

describe('reloading', () => {
  test('reads the configuration again, in the same process, and says how that went', async () => {
    const before = await spad.mainPid();
    const text = async (pattern: RegExp): Promise<void> =>
      waitUntil(String(pattern), async () => pattern.test(await spad.property('StatusText')));
    await systemctl('reload', 'spad');
    await text(/^\/etc\/spad\/spad\.conf read again: 1 client$/);
    await spad.machine.run('sh', '-c', 'cp /etc/spad/spad.conf /root/; echo nonsense = 1 >> /etc/spad/spad.conf');
    await systemctl('reload', 'spad');
    await text(/^\/etc\/spad\/spad\.conf has errors; the old policy stands$/);
    await spad.machine.run('cp', '/root/spad.conf', '/etc/spad/spad.conf');
    await systemctl('reload', 'spad');
    await text(/read again: 1 client$/);
    expect(await spad.mainPid()).toBe(before);
    expect(await restarts()).toBe(0);
  });

  test('logrotate.service rotates the audit log, and the daemon goes on in the new one', async () => {
    const old = `printf 'logrotate state -- version 2\\n"/var/log/spad/audit.jsonl" 2026-1-1-0:0:0\\n' > /var/lib/logrotate/status`;
    await spad.machine.run('sh', '-c', old);
    const { main } = await processes();
    const open = (): Promise<string> =>
      spad.machine.run('sh', '-c', 'ls -l /proc/$0/fd', String(statusOf(main)['NSpid']?.split('\t')[1]));
    await systemctl('start', 'logrotate.service');
    await waitUntil('the new file to be open', async () => {
      const files = await open();
      return files.includes('/var/log/spad/audit.jsonl\n') && !files.includes('audit.jsonl.1');
    });
    expect(await spad.machine.run('cat', '/var/log/spad/audit.jsonl.1')).toContain('"event":"granted"');
    await spad.ask('1m');
    expect(await spad.machine.run('cat', '/var/log/spad/audit.jsonl')).toContain('"event":"granted"');
  });
});

describe('dying', () => {
  test('killed, it is started again; what was open is open meanwhile and after', async () => {
    const [before, { main, receiver }] = [await spad.mainPid(), await processes()];
    process.kill(main, 'SIGKILL');
    await waitUntil('systemd to see it', async () => (await spad.property('Result')) === 'signal');
    expect(await spad.ssh()).toBe('open');
    await spad.startedAnew(before);
    expect(await restarts()).toBe(1);
    expect(statusOf(receiver)).toEqual({});
    expect(await spad.ssh()).toBe('open');
    expect(await spad.machine.run('spad', 'grants')).toMatch(/alice.*tcp\/22/);
    expect(await spad.journal('SPAD_EVENT=restored')).toContain('"stanza":"alice"');
  });

  test('standing still, it is killed by the watchdog and started again', async () => {
    expect(await spad.property('WatchdogUSec')).toBe('30s');
    await spad.amend('WatchdogSec=3s');
    await systemctl('restart', 'spad');
    const [before, { main, receiver }] = [await spad.mainPid(), await processes()];
    process.kill(main, 'SIGSTOP');
    await spad.startedAnew(before);
    expect(await spad.journal()).toMatch(/Watchdog timeout \(limit 3s\)![^]*Failed with result 'watchdog'/);
    expect(statusOf(receiver)).toEqual({});
  });

  test('killed again and again, it is started again and again: nobody is locked out', async () => {
    await spad.amend('RestartSec=50ms');
    // Five in ten seconds are systemd's own limit. One that is killed early needs no second.
    for (let time = 1, last = await spad.mainPid(); time <= 7; time++) {
      process.kill(await spad.machine.outside(last), 'SIGKILL');
      last = await waitFor('another process', async () => {
        const pid = await spad.mainPid();
        return pid !== 0 && pid !== last ? pid : undefined;
      });
    }
    await waitUntil('it to be up', async () => (await spad.property('ActiveState')) === 'active');
    await spad.machine.run('spad', 'revoke', '--all');
    await spad.ask('1m');
    expect(await spad.ssh()).toBe('open');
  });
});

test('stopped, nothing of it runs, the guard stays, and what was open ends on time', async () => {
  await spad.machine.run('spad', 'revoke', '--all');
  await spad.ask('8s');
  const { main, receiver } = await processes();
  await systemctl('stop', 'spad');
  expect(await spad.property('Result')).toBe('success');
  expect([statusOf(main), statusOf(receiver)]).toEqual([{}, {}]);
  expect(await spad.journal('SPAD_EVENT=stopped')).toContain('"event":"stopped"');
  expect(await kernelGrants(spad.server)).toHaveLength(1);
  await waitForTcpState(spad.client, { address: spad.server.address4, port: 22 }, 'filtered', 15_000);
  expect(await kernelGrants(spad.server)).toEqual([]);
});
