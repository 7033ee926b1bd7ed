/** The machine fails, or somebody makes it: nothing opens that should not, it is said once, and it goes on by itself. */
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { fillJournal } from '../support/fill-journal.ts';
import { openInKernel } from '../support/grant-list.ts';
import type { Host } from '../support/host.ts';
import { Lab } from '../support/lab.ts';
import { MemoryDisk } from '../support/memory-disk.ts';
import { startTcpService, tcpState } from '../support/probe.ts';
import { Spad, type SpadConfig, type StartOptions } from '../support/spad.ts';
import { waitFor, waitUntil } from '../support/wait.ts';
import { fwknopSender, nativeSender } from './scene.ts';

const [alice, carol] = [nativeSender(), fwknopSender()];

let lab: Lab;
let client: Host;
let attacker: Host;
let server: Host;
let spad: Spad;
let runs = 0;

beforeAll(async () => {
  lab = await Lab.create({ hosts: ['client', 'attacker', 'server'] });
  [client, attacker, server] = [lab.host('client'), lab.host('attacker'), lab.host('server')];
  await startTcpService(server, [22]);
});
afterAll(() => lab.close());
beforeEach(() => {
  runs += 1;
  spad = new Spad(lab, server, `run${runs}`);
});
afterEach(async () => {
  if (spad.process.running) await spad.stop();
  await spad.exec('flush');
});

async function start(daemon: SpadConfig['daemon'] = {}, options: StartOptions = {}): Promise<void> {
  spad.configure({
    daemon,
    access: { alice: { ...alice.keys, allow: 'tcp/22' }, carol: { ...carol.keys, allow: 'tcp/22' } },
  });
  await spad.start(options);
  // A first start refuses what is older than itself, and the time in a packet of fwknop's is a whole second.
  if (options.until === undefined) await sleep(1000);
}

/** Each client sends honest packets, as a person would try again, until one opens. */
async function recovers(): Promise<void> {
  for (const [stanza, { seal }] of Object.entries({ alice, carol })) {
    const mark = spad.audit.mark();
    const opened = (): unknown =>
      spad.audit.all({ stanza }, mark).find(({ event }) => event === 'granted' || event === 'extended');
    await waitFor(
      `an honest packet of ${stanza} to open`,
      async () => {
        await spad.send(client, seal({ openFor: 30 }));
        return waitFor('a line', opened, 1500).catch(() => undefined);
      },
      40_000,
    );
  }
  expect(await tcpState(client, server.address4, 22)).toBe('open');
  expect(await tcpState(attacker, server.address4, 22)).toBe('filtered');
}

const linesLike = (pattern: RegExp): number =>
  spad.process.output.split('\n').filter((line) => pattern.test(line)).length;

describe('the state folder', () => {
  test.each([
    ['read-only', '1m', 'ro', /spad: error: .*read-only/],
    ['full', '64k', 'rw', /spad: error: .*(?:ENOSPC|no space left)/i],
  ])('A21 both: %s at the start: the daemon does not start, and opens nothing', async (_, size, options, until) => {
    const disk = new MemoryDisk(spad.stateDir, size);
    await start({}, { through: disk.through(':', options), until });
    expect(await spad.process.exited).toMatchObject({ code: 1 });
    expect(await openInKernel(server)).toEqual([]);
  });

  test('A21 both: full while it runs: what cannot be remembered is not opened, and with room again it is', async () => {
    const disk = new MemoryDisk(spad.stateDir, '1m');
    await start({}, { through: disk.through() });
    await fillJournal(spad, client, () => alice.seal({ ports: 'tcp/443' }));
    disk.fill(spad.process.pid);
    for (const packet of [alice.seal(), carol.seal()]) {
      const mark = spad.audit.mark();
      await spad.send(client, packet);
      await waitFor('a failure', () => spad.audit.all({ event: 'failed', reason: 'journal-failed' }, mark)[0]);
      expect(spad.audit.all({ event: 'granted' }, mark)).toEqual([]);
      expect(await openInKernel(server)).toEqual([]);
    }
    expect(linesLike(/could not be remembered/)).toBe(1);
    disk.clear(spad.process.pid);
    await recovers();
  });
});

describe('the firewall', () => {
  test('A21 both: the ruleset flushed: it is made again with the grants in it, and that is said', async () => {
    await start();
    await recovers();
    const mark = spad.audit.mark();
    await server.run('nft', ['flush', 'ruleset']);
    await spad.audit.waitFor({ event: 'repaired' }, mark);
    expect(await openInKernel(server)).toEqual([`${client.address4} tcp/22`]);
    expect(await tcpState(attacker, server.address4, 22)).toBe('filtered');
    expect(spad.audit.all({ event: 'repaired' }, mark)).toHaveLength(1);
    await recovers();
  });

  test('A21 both: its program killed each time it is run: nothing is granted, and once it lives, packets open', async () => {
    const [program, kill] = [join(spad.dir, 'open'), join(spad.dir, 'kill')];
    const rule = 'INPUT -p tcp -s "$2" --dport 22 -j ACCEPT';
    writeFileSync(program, `#!/bin/sh\n[ -e ${kill} ] && kill -9 $$\nexec iptables "$1" ${rule}\n`, { mode: 0o755 });
    await server.run('iptables', ['-A', 'INPUT', '-p', 'tcp', '--dport', '22', '-j', 'DROP']);
    const commands = { open_command: `${program} -I {address}`, close_command: `${program} -D {address}` };
    await start({ firewall: 'command', guard: undefined, ...commands });
    writeFileSync(kill, '');
    for (const packet of [alice.seal(), carol.seal()]) {
      const mark = spad.audit.mark();
      await spad.send(client, packet);
      await spad.audit.waitFor({ event: 'failed', reason: 'firewall-failed' }, mark);
      expect(spad.audit.all({ event: 'granted' }, mark)).toEqual([]);
    }
    expect(await tcpState(client, server.address4, 22)).toBe('filtered');
    rmSync(kill);
    await recovers();
    await spad.stop();
    await server.run('iptables', ['-F', 'INPUT']);
  });
});

test('A21 both: the receiver killed: another takes its place', async () => {
  await start();
  await recovers();
  const before = await spad.receiverPid();
  process.kill(before, 'SIGKILL');
  await waitUntil('another receiver', async () => (await spad.receiverPid()) !== before);
  await recovers();
});

test.each(['any', 'eth0'])('A21 both: the interface down and up, capturing on %s: packets open again', async (link) => {
  await start({ interface: link });
  await recovers();
  await server.linkDown();
  await server.linkUp();
  await recovers();
  expect(spad.process.running).toBe(true);
});
