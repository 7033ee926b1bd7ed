/** `spa-client exec`: open while a command runs, and not longer. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Home } from '../support/home.ts';
import type { Host } from '../support/host.ts';
import { Keyholder } from '../support/keyholder.ts';
import { openInKernel } from '../support/grant-list.ts';
import { Lab } from '../support/lab.ts';
import { builtFile } from '../support/paths.ts';
import { startTcpService, tcpState } from '../support/probe.ts';
import { SPA_PORT, Spad } from '../support/spad.ts';
import { waitFor } from '../support/wait.ts';

const [alice, mute] = [new Keyholder(), new Keyholder()];

let lab: Lab;
let client: Host;
let server: Host;
let spad: Spad;
let home: Home;

beforeAll(async () => {
  lab = await Lab.create({ hosts: ['client', 'server'] });
  [client, server] = [lab.host('client'), lab.host('server')];
  await startTcpService(server, [22]);
  spad = new Spad(lab, server);
  spad.configure({
    access: {
      alice: { key: alice.base64, allow: 'tcp/22', open_for: '6s' },
      mute: { key: mute.base64, allow: 'tcp/22', open_for: '6s', reply: 'no' },
    },
  });
  await spad.start();
  home = new Home(lab, client);
  home.addProfile('gw1', server.address4, alice, { access: 'tcp/22' });
  home.addProfile('mute', server.address4, mute, { access: 'tcp/22', reply: 'no' });
});
afterAll(() => lab.close());

/** A command that connects to the port and fails where it is shut. */
const connect = (): string => `${process.execPath} ${builtFile('test/support/tcp-connect.js')} ${server.address4} 22`;

/** How often `event` is in the audit log from `mark` on. */
const count = (event: string, mark: number): number =>
  spad.audit
    .entries()
    .slice(mark)
    .filter((entry) => entry.event === event).length;

test('the port is open, also after the first grant would have ended, and shut when the command has ended', async () => {
  const from = spad.audit.mark();
  expect(await tcpState(client, server.address4, 22)).toBe('filtered');
  const started = performance.now();
  const ran = await home.exec('spa-client', ['exec', 'gw1', '--', 'sh', '-c', `sleep 11; ${connect()}; exit 7`]);
  expect(performance.now() - started).toBeGreaterThan(11_000);
  expect(ran).toMatchObject({ code: 7, stdout: 'open: hello from 22\n', stderr: '' });
  expect(count('extended', from)).toBeGreaterThan(1);
  expect(count('expired', from)).toBe(0);
  await spad.audit.waitFor({ event: 'closed', stanza: 'alice', ports: ['tcp/22'] }, from);
  expect(await tcpState(client, server.address4, 22)).toBe('filtered');
  // Nothing asks again once it has ended.
  const after = spad.audit.mark();
  await new Promise((resolve) => setTimeout(resolve, 4000));
  expect(count('granted', after) + count('extended', after)).toBe(0);
});

test('a server that answers nobody is asked again by the time that was asked for', async () => {
  const from = spad.audit.mark();
  const words = ['exec', '-f', '3s', 'mute', '--', 'sh', '-c', `sleep 7; ${connect()}`];
  expect(await home.exec('spa-client', words)).toMatchObject({ code: 0, stdout: 'open: hello from 22\n', stderr: '' });
  expect(count('granted', from) + count('extended', from)).toBeGreaterThan(2);
  await spad.audit.waitFor({ event: 'closed', stanza: 'mute' }, from);
});

test('--leave-open leaves it to its end', async () => {
  const from = spad.audit.mark();
  expect(await home.exec('spa-client', ['exec', '--leave-open', 'gw1', '--', 'true'])).toMatchObject({ code: 0 });
  expect(await openInKernel(server)).toEqual([`${client.address4} tcp/22`]);
  await spad.audit.waitFor({ event: 'expired', stanza: 'alice' }, from);
  expect(count('closed', from)).toBe(0);
});

test('standard input and output are those of the command; what is not there is said', async () => {
  const ran = await home.exec('spa-client', ['exec', 'gw1', '--', 'cat'], { input: 'through\n' });
  expect(ran).toMatchObject({ code: 0, stdout: 'through\n', stderr: '' });
  const absent = await home.exec('spa-client', ['exec', 'gw1', '--', 'no-such-command']);
  expect(absent).toMatchObject({ code: 127, stdout: '' });
  expect(absent.stderr).toBe('spa-client: no-such-command: there is no such command: check its spelling and PATH\n');
  expect(await openInKernel(server)).toEqual([]);
});

test('where nothing is opened the command is not run', async () => {
  const ran = await home.exec('spa-client', ['exec', '-A', 'tcp/23', 'gw1', '--', 'echo', 'ran']);
  expect(ran).toMatchObject({ code: 4, stdout: '' });
  expect(ran.stderr).toMatch(/^spa-client: gw1 has refused \(port-not-allowed\): [^\n]*\n$/);
});

test.each(['SIGTERM', 'SIGINT', 'SIGHUP'] as const)('%s goes to the command, whose end counts', async (signal) => {
  const from = spad.audit.mark();
  const script = `trap 'echo got; exit 9' ${signal.slice(3)}; echo up; while :; do sleep 0.1; done`;
  const child = home.spawn('spa-client', ['exec', 'gw1', '--', 'sh', '-c', script]);
  await child.waitForLine(/^up$/);
  child.kill(signal);
  await child.waitForLine(/^got$/);
  expect((await child.exited).code).toBe(9);
  await spad.audit.waitFor({ event: 'closed', stanza: 'alice' }, from);
});

test('a command that a signal has ended: 128 and its number', async () => {
  const ran = await home.exec('spa-client', ['exec', 'gw1', '--', 'sh', '-c', 'kill -KILL $$']);
  expect(ran.code).toBe(137);
});

test('where it cannot be kept open that is said once, and once more when it can', async () => {
  const from = spad.audit.mark();
  const child = home.spawn('spa-client', ['exec', 'gw1', '--', 'cat']);
  await spad.audit.waitFor({ event: 'granted', stanza: 'alice' }, from);
  const script = `table netdev lossy { chain c { type filter hook egress device "eth0" priority 0; udp dport ${String(SPA_PORT)} drop; }; }`;
  await client.run('nft', ['-f', '-'], { input: script });
  await child.waitForLine(/^spa-client: note: tcp\/22 could not be kept open, .* \(gw1 at .* has not answered/, 30_000);
  await client.run('nft', ['delete', 'table', 'netdev', 'lossy']);
  await child.waitForLine(/^spa-client: note: tcp\/22 is open again$/, 30_000);
  expect(await waitFor('the port', async () => ((await openInKernel(server)).length > 0 ? true : undefined))).toBe(
    true,
  );
  child.endInput();
  expect((await child.exited).code).toBe(0);
  expect(child.stderr.split('\n')).toHaveLength(3);
});

test('a question that is under way when the command ends is asked no more, and opens nothing again', async () => {
  const from = spad.audit.mark();
  const child = home.spawn('spa-client', ['exec', 'gw1', '--', 'cat']);
  await spad.audit.waitFor({ event: 'granted', stanza: 'alice' }, from);
  const script = `table netdev deaf { chain c { type filter hook ingress device "eth0" priority 0; udp sport ${String(SPA_PORT)} drop; }; }`;
  await client.run('nft', ['-f', '-'], { input: script });
  await spad.audit.waitFor({ event: 'extended', stanza: 'alice' }, from);
  child.endInput();
  await spad.audit.waitFor({ event: 'closed', stanza: 'alice' }, from);
  const closed = spad.audit.mark();
  expect((await child.exited).code).toBe(0);
  // The third packet of the question would go out after three seconds.
  await new Promise((resolve) => setTimeout(resolve, 4000));
  await client.run('nft', ['delete', 'table', 'netdev', 'deaf']);
  expect(count('granted', closed) + count('extended', closed)).toBe(0);
  expect(await openInKernel(server)).toEqual([]);
});

test('on a terminal its keys reach the command once', async () => {
  const from = spad.audit.mark();
  const script = "trap 'echo got' INT; echo up; read -r line; echo end";
  const line = `spa-client exec gw1 -- sh -c "${script}"`;
  const child = home.spawn('script', ['-qec', line, '/dev/null']);
  await child.waitForLine(/up/);
  child.write('\u0003');
  await child.waitForLine(/got/);
  child.write('\n');
  await child.waitForLine(/end/);
  await child.exited;
  expect(child.stdout.match(/got/g)).toHaveLength(1);
  // Progress was shown there, and wiped away.
  expect(child.stdout).toContain('\r\u001b[K');
  await spad.audit.waitFor({ event: 'closed', stanza: 'alice' }, from);
});
