/** Operating a running daemon: how it is, and what is done to it through the control socket. */
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openInKernel } from '../support/grant-list.ts';
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

describe('spad open and spad revoke', () => {
  const open = (...words: readonly string[]) => spad.exec('open', '-c', spad.confFile, ...words);
  const revoke = (...words: readonly string[]) => spad.exec('revoke', '-c', spad.confFile, ...words);

  test('a grant by hand is in the kernel at once, survives reload and restart, and goes at once when it is revoked', async () => {
    expect((await revoke('--all')).code).toBe(0);
    const mark = spad.audit.mark();
    const { code, stdout } = await open('--for', '5m', '192.0.2.7', 'tcp/22', 'tcp/2222');
    expect({ code, stdout }).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^operator +192\.0\.2\.7 /m) as string,
    });
    const both = ['192.0.2.7 tcp/22', '192.0.2.7 tcp/2222'];
    expect(await openInKernel(server)).toEqual(both);
    await spad.audit.waitFor({ event: 'granted', stanza: 'operator', format: 'control', allow: '192.0.2.7' }, mark);
    await spad.reload();
    expect(await openInKernel(server)).toEqual(both);
    await spad.stop();
    await spad.start();
    await spad.audit.waitFor({ event: 'restored', stanza: 'operator' }, mark);
    expect(await openInKernel(server)).toEqual(both);
    expect((await revoke('192.0.2.7')).stdout).toMatch(/^1 grant revoked/m);
    expect(await openInKernel(server)).toEqual([]);
    expect(spad.audit.all({ event: 'revoked', stanza: 'operator', reason: 'operator' }, mark)).toHaveLength(1);
  });

  test('what a client has opened is revoked by its stanza, and can be opened again', async () => {
    const mark = spad.audit.mark();
    await spad.send(client, alice.seal({ ports: 'tcp/22' }));
    await spad.audit.waitFor({ event: 'granted', stanza: 'alice' }, mark);
    expect(await openInKernel(server)).toEqual([`${client.address4} tcp/22`]);
    const { revoked } = await ask('revoke', 'alice');
    expect(revoked).toMatchObject([{ stanza: 'alice', address: client.address4, ports: ['tcp/22'] }]);
    expect(await openInKernel(server)).toEqual([]);
    await spad.send(client, alice.seal({ ports: 'tcp/22' }));
    await waitFor('the port to open again', async () => (await openInKernel(server))[0]);
    expect((await revoke('--all')).code).toBe(0);
  });

  test.each([
    [['revoke', 'nobody'], 1, /^spad: error: no live grant has the id, stanza or address nobody/],
    [['revoke'], 2, /^error: name what to revoke/],
    [['revoke', 'alice', '--all'], 2, /^error: name what to revoke/],
    [['revoke', 'alice', '--as', 'door'], 2, /It is one of id, stanza, address\./],
    [['open', '--for', '5m', 'gw', 'tcp/22'], 2, /It is an address such as/],
    [['open', '--for', '5m', '192.0.2.7', 'ssh'], 2, /It is a port such as tcp\/22/],
    [['open', '--for', 'ever', '192.0.2.7', 'tcp/22'], 2, /It is a time from 1s to 365d/],
    [['open', '192.0.2.7', 'tcp/22'], 2, /required option '--for <time>'/],
    [['open', '--for', '5m', '224.0.0.1', 'tcp/22'], 1, /^spad: error: no other host has the address 224\.0\.0\.1/],
  ])('%j is refused', async ([command = '', ...words], code, sentence) => {
    const result = await spad.exec(command, '-c', spad.confFile, ...words);
    expect(result).toMatchObject({ code, stdout: '', stderr: expect.stringMatching(sentence) as string });
  });
});

describe('spad reload', () => {
  test('tells who is new and who is gone, once it is in force', async () => {
    spad.configure({ access: { bob: { key: new Keyholder().base64, allow: 'tcp/22' } } });
    const { code, stdout } = await spad.exec('reload', '-c', spad.confFile);
    expect({ code, stdout }).toEqual({
      code: 0,
      stdout: 'new: bob\ngone: alice\nthe new configuration is in force: 1 client\n',
    });
    configure();
    expect(await ask('reload')).toEqual({ taken: true, problems: [], clients: 1, added: ['alice'], removed: ['bob'] });
  });

  test('tells every problem with its line, and what stands', async () => {
    configure({ allw: 'tcp/22', open_for: 'ever' });
    const { code, stdout } = await spad.exec('reload', '-c', spad.confFile);
    configure();
    expect(code).toBe(1);
    const lines = stdout.trimEnd().split('\n');
    expect(lines).toHaveLength(3);
    for (const line of lines.slice(0, 2)) expect(line).toMatch(/^.*spad\.conf:\d+: error: /);
    expect(lines[2]).toMatch(/^the configuration before it stands: 1 client/);
    expect((await ask('status'))['reload']).toMatchObject({ taken: false, clients: 1 });
  });
});
