/** The reply, as the real client hears it: what it prints, how it ends, and when it asks again. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Host } from '../support/host.ts';
import { Keyholder } from '../support/keyholder.ts';
import { Lab } from '../support/lab.ts';
import type { ExecResult } from '../support/lab-process.ts';
import { SpaClient } from '../support/spa-client.ts';
import { SPA_PORT, Spad } from '../support/spad.ts';

const [alice, mute, stranger] = [new Keyholder(), new Keyholder(), new Keyholder()];

let lab: Lab;
let client: Host;
let server: Host;
let spad: Spad;
let clients: Readonly<Record<'alice' | 'mute' | 'stranger', SpaClient>>;

beforeAll(async () => {
  lab = await Lab.create({ hosts: ['client', 'server', 'broken'] });
  [client, server] = [lab.host('client'), lab.host('server')];
  spad = new Spad(lab, server);
  spad.configure({
    access: {
      alice: { key: alice.base64, allow: 'tcp/22, tcp/8000-8010' },
      mute: { key: mute.base64, allow: 'tcp/22', reply: 'no' },
    },
  });
  await spad.start();
  clients = {
    alice: new SpaClient(lab, client, alice, 'alice'),
    mute: new SpaClient(lab, client, mute, 'mute'),
    stranger: new SpaClient(lab, client, stranger, 'stranger'),
  };
});
afterAll(() => lab.close());

/** As the client writes it, by the time zone of this machine. */
const localTime = (text: string | undefined): string => new Date(text ?? '').toTimeString().slice(0, 8);

describe.each(['address4', 'address6'] as const)('%s', (family) => {
  const ask = (...args: readonly string[]): Promise<ExecResult> => clients.alice.exec(...args, server[family]);

  test('opened: for whom and until when; closed', async () => {
    const from = spad.audit.mark();
    const opened = await ask('-A', 'tcp/22', '-s', '-f', '40s');
    const { until } = await spad.audit.waitFor({ event: 'granted', allow: client[family] }, from);
    expect(opened).toMatchObject({ code: 0, stderr: '' });
    expect(opened.stdout).toContain(`\nopen: tcp/22 for ${client[family]} until ${localTime(until)} (40s)\n`);
    const closed = await ask('--close', '-s', '-A', 'tcp/22');
    expect(closed).toMatchObject({ code: 0, stderr: '' });
    expect(closed.stdout).toContain(`\nclosed: tcp/22 for ${client[family]}\n`);
  });

  test('refused: why, and what to do', async () => {
    const port = await ask('-A', 'tcp/443');
    expect(port.code).toBe(4);
    expect(port.stderr).toContain(
      'gw1 has refused (port-not-allowed): this key does not open tcp/443; name other ports',
    );
    const close = await ask('--close', '-s');
    expect(close.code).toBe(4);
    expect(close.stderr).toContain('gw1 has refused (nothing-to-close)');
  });

  test('a packet that names another address: a note says whom the server saw', async () => {
    const other = family === 'address4' ? '9.9.9.9' : '2a00::9';
    const { code, stdout, stderr } = await ask('-A', 'tcp/22', '-a', other);
    expect(code).toBe(0);
    expect(stdout).toContain(`\nopen: tcp/22 for ${other} until`);
    expect(stderr).toContain(`note: the server saw the packet come from ${client[family]}, which is not let in`);
    await ask('--close', '-a', other);
  });

  test('one packet, lost on the way: the next one opens', async () => {
    const from = spad.audit.mark();
    await loseFirst('egress', `udp dport ${String(SPA_PORT)}`);
    const { code, stdout, stderr } = await ask('-A', 'tcp/22', '-s');
    expect({ code, stderr }).toEqual({ code: 0, stderr: 'no answer after 1 s; asking again\n' });
    expect(stdout).toContain(`\nopen: tcp/22 for ${client[family]} until`);
    await spad.audit.waitFor({ event: 'granted', allow: client[family] }, from);
    await ask('--close', '-s');
    await loseNone();
  });

  test('one answer, lost on the way back: the next packet finds done what was asked for', async () => {
    await loseFirst('ingress', `udp sport ${String(SPA_PORT)}`);
    const opened = await ask('-A', 'tcp/22', '-s');
    expect(opened).toMatchObject({ code: 0, stderr: 'no answer after 1 s; asking again\n' });
    await loseNone();
    await loseFirst('ingress', `udp sport ${String(SPA_PORT)}`);
    const closed = await ask('--close', '-s');
    expect(closed).toMatchObject({ code: 0 });
    expect(closed.stdout).toContain(`\nclosed: nothing is open any more for ${client[family]}\n`);
    await loseNone();
  });

  test('silence: tries again, and ends with 3 and the likeliest causes', async () => {
    const { code, stderr } = await clients.stranger.exec('-A', 'tcp/22', '--timeout', '2', server[family]);
    expect(code).toBe(3);
    expect(stderr).toMatch(
      /^no answer after 1 s; asking again\nspa-client: gw1 at .* has not answered 2 packets within 2 s; /,
    );
  });

  test('a stanza that answers nobody: silence all the same, and --no-reply is for it', async () => {
    const from = spad.audit.mark();
    const unheard = await clients.mute.exec('-A', 'tcp/22', '-s', '--timeout', '1', server[family]);
    expect(unheard.code).toBe(3);
    expect(unheard.stderr).toContain('or the server answers nobody, which --no-reply is for');
    await spad.audit.waitFor({ event: 'granted', stanza: 'mute' }, from);
    const sent = await clients.mute.exec('--close', '-s', '--no-reply', server[family]);
    expect(sent).toMatchObject({ code: 0, stderr: '' });
    expect(sent.stdout).toContain('; no answer was asked for\n');
    await spad.audit.waitFor({ event: 'closed', stanza: 'mute' }, from);
  });
});

/** The first packet of this kind is lost on the client's interface, unseen by its own firewall, which would tell the sender. */
async function loseFirst(hook: 'egress' | 'ingress', what: string): Promise<void> {
  const chain = `type filter hook ${hook} device "eth0" priority 0;`;
  const script = `table netdev lossy { chain c { ${chain} ${what} numgen inc mod 1000 0 drop; }; }`;
  await client.run('nft', ['-f', '-'], { input: script });
}

async function loseNone(): Promise<void> {
  await client.run('nft', ['delete', 'table', 'netdev', 'lossy']);
}

test('failed: exit code 4, and no word that it was the packet', async () => {
  const broken = new Spad(lab, lab.host('broken'));
  broken.configure({
    daemon: {
      ...{ firewall: 'command', guard: undefined },
      ...{ open_command: '/bin/false {address}', close_command: '/bin/true {address}' },
    },
    access: { alice: { key: alice.base64, allow: 'tcp/22' } },
  });
  await broken.start();
  const { code, stderr } = await clients.alice.exec('-A', 'tcp/22', '-s', broken.host.address4);
  expect(code).toBe(4);
  expect(stderr).toContain('gw1 could not do it, though this key may ask for it');
  await broken.stop();
});

test('a clock that is off, though not too far: said, remembered, and the end by the clock of this host', async () => {
  const from = spad.audit.mark();
  // Ahead, for a server that has just begun takes nothing from before that.
  const fast = new SpaClient(lab, client, alice, 'fast', 60_000);
  const { code, stdout, stderr } = await fast.exec('-A', 'tcp/22', '-s', '-f', '40s', server.address4);
  const { until } = await spad.audit.waitFor({ event: 'granted' }, from);
  expect(code).toBe(0);
  expect(stderr).toMatch(/^note: this host's clock is (59|60|61) s ahead of that of gw1/);
  const [, shown = ''] = /until (\S+) \(40s\)/.exec(stdout) ?? [];
  const near = [-1, 0, 1].map((s) => localTime(new Date(Date.parse(until ?? '') + 60_000 + s * 1000).toISOString()));
  expect(near).toContain(shown);
  await clients.alice.run('--close', '-s', server.address4);
  const again = await fast.exec('-A', 'tcp/22', '-s', '-v', server.address4);
  expect(again.stderr).toMatch(/^note: this host's clock is (59|60|61) s ahead of that of gw1; allowed for\n$/);
  const [, packetTime = ''] = /time in the packet: (\S+ \S+) UTC/.exec(again.stdout) ?? [];
  expect(Math.abs(Date.parse(`${packetTime.replace(' ', 'T')}Z`) - Date.now())).toBeLessThan(30_000);
});
