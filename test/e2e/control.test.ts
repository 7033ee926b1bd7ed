/** `spad grants` beside the kernel: through opening, extending, overlapping, closing, ending and being flushed they agree. */
import { statSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { kernelGrants, openInKernel } from '../support/grant-list.ts';
import type { Host } from '../support/host.ts';
import { Keyholder, type Wish } from '../support/keyholder.ts';
import { Lab } from '../support/lab.ts';
import { Spad } from '../support/spad.ts';
import { waitUntil } from '../support/wait.ts';

const holders = { alice: new Keyholder(), bob: new Keyholder() } as const;

let lab: Lab;
let client: Host;
let server: Host;
let spad: Spad;

beforeAll(async () => {
  lab = await Lab.create({ hosts: ['client', 'server'] });
  [client, server] = [lab.host('client'), lab.host('server')];
  spad = new Spad(lab, server);
  const allow = { allow: 'tcp/22, tcp/2222, tcp/8000-8010', forward: 'local:8022' };
  spad.configure({
    daemon: { guard: 'tcp/22, tcp/2222, tcp/8000-8010' },
    access: { alice: { key: holders.alice.base64, ...allow }, bob: { key: holders.bob.base64, ...allow } },
  });
  await spad.start();
});
afterAll(() => lab.close());

interface Listed {
  readonly running: boolean;
  readonly firewall: { readonly kind: string };
  readonly grants: readonly {
    readonly stanza: string;
    readonly address: string;
    readonly ports: readonly string[];
    readonly forward?: string;
    readonly left: number;
  }[];
}

async function list(...args: readonly string[]): Promise<Listed> {
  const { code, stdout, stderr } = await spad.exec('grants', '--json', '-c', spad.confFile, ...args);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return JSON.parse(stdout) as Listed;
}

const table = async (): Promise<readonly string[]> =>
  (await spad.exec('grants', '-c', spad.confFile)).stdout.trimEnd().split('\n');

async function send(name: keyof typeof holders, wish: Wish, event: string): Promise<void> {
  const mark = spad.audit.mark();
  await spad.send(client, holders[name].seal(wish));
  await spad.audit.waitFor({ event, stanza: name }, mark);
}

/** What the grants come to, port range by port range, for comparison with the kernel. */
async function expectAgreement(state = 'agrees'): Promise<Listed> {
  const listed = await list();
  expect(listed).toMatchObject({ running: true, firewall: { kind: state } });
  const kernel = await kernelGrants(server);
  const whats = listed.grants.flatMap(({ address, ports }) => ports.map((port) => `${address} ${port}`));
  expect([...new Set(whats)].sort()).toEqual(kernel.map(({ what }) => what));
  for (const { what, expires } of kernel) {
    const left = listed.grants
      .filter(({ address, ports }) => ports.some((port) => `${address} ${port}` === what))
      .map((grant) => grant.left);
    // The kernel is asked a moment later, and a pass of a forwarded port goes 20 ms before its grant.
    expect(Math.max(...left) - expires).toBeGreaterThanOrEqual(-20);
    expect(Math.max(...left) - expires).toBeLessThan(2000);
  }
  return listed;
}

beforeEach(() => waitUntil('all grants to be over', async () => (await openInKernel(server)).length === 0, 30_000));

test('nothing is open', async () => {
  expect((await expectAgreement()).grants).toEqual([]);
  expect(await table()).toEqual(['nothing is open', '0 grants; the firewall agrees (nftables through libnftables)']);
});

test('opened, extended, overlapped, closed and over, they agree', async () => {
  const from = { allow: '192.0.2.1' };
  await send('alice', { ...from, ports: 'tcp/22', openFor: 100 }, 'granted');
  expect((await expectAgreement()).grants).toMatchObject([
    { stanza: 'alice', address: '192.0.2.1', ports: ['tcp/22'] },
  ]);
  await send('alice', { ...from, ports: 'tcp/22', openFor: 200 }, 'extended');
  expect((await expectAgreement()).grants.map(({ left }) => Math.ceil(left / 10_000))).toEqual([20]);
  await send('bob', { ...from, ports: 'tcp/22', openFor: 300 }, 'granted');
  await send('bob', { allow: '2001:db8::1', ports: 'tcp/8000-8010', openFor: 15 }, 'granted');
  await send('bob', { allow: '192.0.2.2', ports: 'tcp/2222', forward: 'local:8022', openFor: 100 }, 'granted');
  const all = await expectAgreement();
  expect(all.grants.map(({ stanza, forward }) => [stanza, forward])).toEqual([
    ['bob', undefined],
    ['bob', 'local:8022'],
    ['alice', undefined],
    ['bob', undefined],
  ]);
  const [head, first] = await table();
  expect(head).toMatch(/^STANZA +ADDRESS +PORTS +FORWARD +UNTIL +LEFT$/);
  expect(first).toMatch(/^bob +2001:db8::1 +tcp\/8000-8010 +- +20\d\d-\d\d-\d\d \d\d:\d\d:\d\d UTC +1?\ds$/);
  await send('bob', { ...from, type: 'close', ports: 'tcp/22' }, 'closed');
  expect((await expectAgreement()).grants).toHaveLength(3);
  await waitUntil('the shortest to be over', async () => (await list()).grants.length === 2, 25_000);
  await expectAgreement();
  await send('alice', { ...from, type: 'close' }, 'closed');
  await send('bob', { allow: '192.0.2.2', type: 'close' }, 'closed');
  expect((await expectAgreement()).grants).toEqual([]);
});

test('flushed, they agree again as soon as somebody asks, and it is said', async () => {
  await send('alice', { allow: '192.0.2.3', ports: 'tcp/22', openFor: 100 }, 'granted');
  const states: string[] = [];
  for (let turn = 0; turn < 20 && !states.includes('repaired'); turn += 1) {
    // Straight after one another, or the daemon's own look, twice a second, comes first.
    const path = join(spad.stateDir, 'control.sock');
    const before = await kernelGrants(server);
    expect(before).toHaveLength(1);
    const flushed = server.run('nft', ['flush', 'ruleset']);
    await flushed;
    states.push(await stateBySocket(path));
    expect(await openInKernel(server)).toEqual(['192.0.2.3 tcp/22']);
  }
  expect(states).toContain('repaired');
  await expectAgreement();
  await send('alice', { allow: '192.0.2.3', type: 'close' }, 'closed');
});

/** Asks without starting a program, which takes longer than the daemon's own next look. */
const stateBySocket = (path: string): Promise<string> =>
  new Promise((resolve, reject) => {
    const socket = connect(path, () => socket.write('{"command":"grants"}\n'));
    let text = '';
    socket.on('data', (chunk) => (text += chunk.toString()));
    socket.on('error', reject);
    socket.on('close', () => resolve((JSON.parse(text) as { ok: Listed }).ok.firewall.kind));
  });

test('a daemon that was killed: its grant log says what is open, and the kernel says the same', async () => {
  await send('alice', { allow: '192.0.2.4', ports: 'tcp/22', openFor: 100 }, 'granted');
  await spad.stop('SIGKILL');
  const listed = await list();
  expect(listed).toMatchObject({ running: false, grants: [{ address: '192.0.2.4', ports: ['tcp/22'] }] });
  expect(await openInKernel(server)).toEqual(['192.0.2.4 tcp/22']);
  const [sentence, , line] = await table();
  expect(sentence).toBe(
    `spad is not running on ${spad.stateDir}; by its grant log these are still open, and the kernel closes on time all the same:`,
  );
  expect(line).toMatch(/^alice +192\.0\.2\.4 +tcp\/22 +20/);
  const byFolder = await spad.exec('grants', '--json', '--state-dir', spad.stateDir);
  expect(JSON.parse(byFolder.stdout)).toMatchObject({ running: false });
  await spad.start();
  expect((await list()).grants).toHaveLength(1);
  await send('alice', { allow: '192.0.2.4', type: 'close' }, 'closed');
});

test('who may not enter the state folder is told so in one sentence', async () => {
  expect(statSync(join(spad.stateDir, 'control.sock')).mode & 0o777).toBe(0o600);
  const words = ['--reuid', '65534', '--regid', '65534', '--clear-groups', process.execPath];
  const script = join(process.cwd(), 'dist/bin/spad.cjs');
  const { code, stderr } = await server.exec('setpriv', [...words, script, 'grants', '--state-dir', spad.stateDir]);
  expect(code).toBe(1);
  expect(stderr).toMatch(/^spad: error: only root, or the user that spad runs as, may ask it: [^\n]+; try sudo\n$/);
});

test('a configuration that cannot be read is told, and how to go on without it', async () => {
  const good = spad.confFile;
  const bad = join(spad.dir, 'bad.conf');
  await server.run('sh', ['-c', `umask 077; echo '[spad]' > ${bad}`]);
  const { code, stderr } = await spad.exec('grants', '-c', bad);
  expect({ code, stderr }).toMatchObject({ code: 1 });
  expect(stderr).toMatch(/has errors, so state_dir cannot be told: name it with --state-dir/);
  expect((await spad.exec('grants', '-c', good)).code).toBe(0);
});
