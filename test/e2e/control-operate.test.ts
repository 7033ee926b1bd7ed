/** Operating a running daemon: how it is, and what is done to it through the control socket. */
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Host } from '../support/host.ts';
import { Keyholder } from '../support/keyholder.ts';
import { Lab } from '../support/lab.ts';
import { Spad } from '../support/spad.ts';
import { waitFor } from '../support/wait.ts';

const alice = new Keyholder();

let lab: Lab;
let client: Host;
let server: Host;
let spad: Spad;

const configure = (more: Readonly<Record<string, string>> = {}): void =>
  spad.configure({
    daemon: { guard: 'tcp/22, tcp/2222' },
    access: { alice: { key: alice.base64, allow: 'tcp/22, tcp/2222', open_for: '2m', ...more } },
  });

beforeAll(async () => {
  lab = await Lab.create({ hosts: ['client', 'server'] });
  [client, server] = [lab.host('client'), lab.host('server')];
  spad = new Spad(lab, server);
  configure();
  await spad.start();
});
afterAll(() => lab.close());

interface Answer {
  readonly [member: string]: unknown;
  readonly counts: Readonly<Record<string, { readonly total: number; readonly per10s: number }>>;
}

const ask = async (...words: readonly string[]): Promise<Answer> => {
  const { code, stdout, stderr } = await spad.exec(...words, '--json', '-c', spad.confFile);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return JSON.parse(stdout) as Answer;
};

describe('spad status', () => {
  test('tells how the daemon is, and what came in', async () => {
    const packet = alice.seal({ ports: 'tcp/22' });
    const mark = spad.audit.mark();
    await spad.send(client, packet);
    await spad.send(client, packet);
    await spad.audit.waitFor({ event: 'rejected', reason: 'replayed' }, mark);
    const status = await ask('status');
    const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { readonly version: string };
    expect(status).toMatchObject({
      ...{
        running: true,
        version,
        pid: spad.process.pid,
        receiverPid: await spad.receiverPid(),
        clients: 1,
        grants: 1,
      },
      ...{
        firewall: { kind: 'agrees' },
        guard: expect.arrayContaining(['tcp/22', 'tcp/2222']) as string[],
        replay: { entries: 1 },
      },
      ...{ capture: { restarts: 0 }, counts: { granted: { total: 1 }, replayed: { total: 1 } } },
    });
    expect(status.counts['granted']?.per10s).toBeGreaterThan(0);
    expect(status['reload']).toBeUndefined();
  });

  test('is one page for people', async () => {
    const { code, stdout } = await spad.exec('status', '-c', spad.confFile);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^firewall +agrees \(nftables through libnftables\)$/m);
    expect(stdout).toMatch(/^granted +1 +0\.\d +0\.\d$/m);
  });

  test('counts another receiver, and tells of the reload', async () => {
    await spad.reload();
    const status = await waitFor('another receiver', async () => {
      const now = await ask('status');
      return (now['capture'] as { restarts: number }).restarts > 0 ? now : undefined;
    });
    expect(status['reload']).toMatchObject({ taken: true, problems: [] });
  });

  test('says what to do where no daemon is running', async () => {
    const nobody = ['status', '--state-dir', lab.dir];
    const { code, stderr } = await spad.exec(...nobody);
    expect({ code, stderr }).toEqual({
      code: 1,
      stderr: `spad: error: spad is not running on ${lab.dir}: start it (systemctl start spad), or name its state folder with --state-dir\n`,
    });
    expect(await spad.exec(...nobody, '--json')).toMatchObject({ code: 1, stdout: '{"running":false}\n' });
  });
});
