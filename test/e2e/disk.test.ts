/** A disk that is full or cannot be written: nothing opens that was not remembered, spad says so, and recovers by itself. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { AuditReader } from '../support/audit-reader.ts';
import { fillJournal } from '../support/fill-journal.ts';
import { openInKernel } from '../support/grant-list.ts';
import type { Host } from '../support/host.ts';
import { Keyholder } from '../support/keyholder.ts';
import { Lab } from '../support/lab.ts';
import { MemoryDisk } from '../support/memory-disk.ts';
import { startTcpService, tcpState } from '../support/probe.ts';
import { Spad } from '../support/spad.ts';
import { waitUntil } from '../support/wait.ts';

const alice = new Keyholder();

let lab: Lab;
let client: Host;
let server: Host;
let spad: Spad;
let runs = 0;

beforeAll(async () => {
  lab = await Lab.create({ hosts: ['client', 'server'] });
  [client, server] = [lab.host('client'), lab.host('server')];
  await startTcpService(server, [22]);
});
afterAll(() => lab.close());
beforeEach(() => {
  runs += 1;
  spad = new Spad(lab, server, `run${runs}`);
  configure();
});
afterEach(async () => {
  await spad.stop();
  await spad.exec('flush');
});

function configure(daemon: Record<string, string> = {}): void {
  spad.configure({ daemon, access: { alice: { key: alice.base64, allow: 'tcp/22' } } });
}

function isWhole(line: string): boolean {
  try {
    return typeof JSON.parse(line) === 'object';
  } catch {
    return false;
  }
}

describe('a state folder that cannot be written', () => {
  test('keeps the daemon from starting, and it says why', async () => {
    const disk = new MemoryDisk(spad.stateDir, '1m');
    await spad.start({ through: disk.through(':', 'ro'), until: /spad: error: .*state.*read-only/ });
    expect(await spad.process.exited).toMatchObject({ code: 1 });
    expect(await openInKernel(server)).toEqual([]);
  });

  test('be it a file', async () => {
    writeFileSync(spad.stateDir, '');
    await spad.start({ until: /spad: error: .*state/ });
    expect(await spad.process.exited).toMatchObject({ code: 1 });
  });

  test('be it full', async () => {
    const disk = new MemoryDisk(spad.stateDir, '64k');
    await spad.start({ through: disk.through(), until: /spad: error: .*(?:ENOSPC|no space left)/i });
    expect(await spad.process.exited).toMatchObject({ code: 1 });
  });
});

describe('a disk that fills up while the daemon runs', () => {
  test('so that a packet cannot be remembered: nothing opens; with room again, the next packet opens', async () => {
    const disk = new MemoryDisk(spad.stateDir, '1m');
    await spad.start({ through: disk.through() });
    const { pid } = spad.process;
    await fillJournal(spad, client, () => alice.seal({ ports: 'tcp/443' }));
    disk.fill(pid);
    for (const attempt of [1, 2]) {
      const mark = spad.audit.mark();
      await spad.send(client, alice.seal({ ports: 'tcp/22' }));
      const failed = await spad.audit.waitFor({ event: 'failed', reason: 'journal-failed', ports: ['tcp/22'] }, mark);
      expect(failed.detail).toMatch(/ENOSPC|no space left/i);
      expect(spad.audit.all({ event: 'granted' }), `attempt ${attempt}`).toEqual([]);
      expect(await openInKernel(server)).toEqual([]);
    }
    expect(await tcpState(client, server.address4, 22)).toBe('filtered');
    await spad.process.waitForLine(/could not be remembered/);
    const told = spad.process.output.split('\n').filter((line) => line.includes('could not be remembered'));
    expect(told).toHaveLength(1);
    disk.clear(pid);
    const packet = alice.seal({ ports: 'tcp/22' });
    await spad.send(client, packet);
    await spad.audit.waitFor({ event: 'granted', allow: client.address4 });
    expect(await tcpState(client, server.address4, 22)).toBe('open');
    await spad.send(client, packet);
    await spad.audit.waitFor({ event: 'rejected', reason: 'replayed' });
  });

  test('so that the audit log cannot be written: grants open all the same; with room again, lines are written', async () => {
    const disk = new MemoryDisk(join(spad.dir, 'log'), '64k');
    configure({ audit_log: join(disk.folder, 'audit.jsonl') });
    await spad.start({ through: disk.through() });
    const { pid } = spad.process;
    const audit = new AuditReader(disk.path(pid, 'audit.jsonl'));
    await audit.waitFor({ event: 'started' });
    disk.fill(pid);
    const fillers = Array.from({ length: 60 }, (_, index) =>
      alice.seal({ ports: 'tcp/22', allow: `192.0.2.${index + 1}`, openFor: 300 }),
    );
    await spad.sendAll(client, fillers);
    await spad.process.waitForLine(/the audit log could not be written/);
    await waitUntil('all of them to open', async () => (await openInKernel(server)).length === fillers.length);
    disk.clear(pid);
    await spad.send(client, alice.seal({ ports: 'tcp/22' }));
    const lines = (): string[] => readFileSync(audit.path, 'utf8').split('\n').slice(0, -1);
    const about = `"source":"${client.address4}","allow":"${client.address4}"`;
    await waitUntil('the line', () => lines().some((line) => isWhole(line) && line.includes(about)));
    expect(await tcpState(client, server.address4, 22)).toBe('open');
    // The line during which the room gave out may be left in part, and stands alone.
    expect(lines().filter((line) => !isWhole(line)).length).toBeLessThanOrEqual(1);
  });
});

test('what is in the state folder is for its owner alone', async () => {
  await spad.start();
  await spad.send(client, alice.seal({ ports: 'tcp/22' }));
  await spad.audit.waitFor({ event: 'granted' });
  expect(await server.run('stat', ['-c', '%a', spad.stateDir])).toBe('700\n');
  const files = ['replay.journal', 'grants.log'].map((name) => join(spad.stateDir, name));
  expect(await server.run('stat', ['-c', '%a', ...files])).toBe('600\n600\n');
  expect(await server.run('stat', ['-c', '%a', spad.audit.path])).toMatch(/^6[04]0\n$/);
  expect(files.filter((file) => existsSync(`${file}.new`))).toEqual([]);
  expect(readFileSync(files[0] ?? '').length % 32).toBe(0);
});
