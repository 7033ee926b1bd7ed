/** `spad tail` beside the audit log: what it shows of real packets, and that nobody who follows can hold the daemon up. */
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Host } from '../support/host.ts';
import { Keyholder } from '../support/keyholder.ts';
import { Lab } from '../support/lab.ts';
import type { LabProcess } from '../support/lab-process.ts';
import { builtFile } from '../support/paths.ts';
import { Spad } from '../support/spad.ts';
import { waitFor, waitUntil } from '../support/wait.ts';

const [alice, bob] = [new Keyholder(), new Keyholder()];

let lab: Lab;
let client: Host;
let server: Host;
let spad: Spad;

beforeAll(async () => {
  lab = await Lab.create({ hosts: ['client', 'server'] });
  [client, server] = [lab.host('client'), lab.host('server')];
  spad = new Spad(lab, server);
  const allow = { allow: 'tcp/22, tcp/9', open_for: '2m' };
  spad.configure({
    daemon: { guard: 'tcp/22' },
    access: { alice: { key: alice.base64, ...allow }, bob: { key: bob.base64, ...allow } },
  });
  await spad.start();
});
afterAll(() => lab.close());

const tail = (...args: readonly string[]): LabProcess =>
  server.spawn(process.execPath, [builtFile('bin/spad.cjs'), 'tail', '--state-dir', spad.stateDir, ...args]);

/** Has begun: the line of the start is there. */
const begun = async (process: LabProcess, line = /started/): Promise<LabProcess> => {
  await process.waitForLine(line, 20_000);
  return process;
};

const tailed = { timeoutMs: 30_000 };

describe('spad tail', () => {
  test('shows granted and refused packets as they come, and ends well by Ctrl-C', async () => {
    const people = await begun(tail());
    const programs = await begun(tail('--json'), /"started"/);
    const mark = spad.audit.mark();
    const packet = alice.seal({ ports: 'tcp/22' });
    await spad.send(client, packet);
    await spad.audit.waitFor({ event: 'granted' }, mark);
    await spad.send(client, packet);
    const from = client.address4.replaceAll('.', '\\.');
    await people.waitForLine(new RegExp(`^20\\S+ \\S+Z  granted +alice +${from} +tcp/22  until \\S+Z \\(2m\\)$`));
    await people.waitForLine(new RegExp(`^20\\S+ \\S+Z  rejected +alice +${from} .* replayed$`));
    await programs.waitForLine(/"replayed"/);
    expect(programs.stdout).toBe(readFileSync(spad.audit.path, 'utf8'));
    // No terminal, no colour.
    expect(people.stdout).not.toContain('\u001b');
    expect(await people.stop('SIGINT')).toMatchObject({ code: 0 });
    expect(await programs.stop('SIGTERM')).toMatchObject({ code: 0 });
    expect(people.stderr + programs.stderr).toBe('');
  });

  test('shows only what its options choose', async () => {
    await spad.settle(client, bob);
    const shown = async (...words: readonly string[]): Promise<readonly string[]> => {
      const process = tail('--json', '-n', '1000', ...words);
      await spad.settle(client, bob);
      await process.waitForLine(/"bob"/);
      await process.stop('SIGINT');
      return process.stdout.trimEnd().split('\n');
    };
    const only = await shown('--event', 'granted,extended', '--client', 'bob', '--source', '0.0.0.0/0');
    for (const line of only) expect(line).toMatch(/"event":"(?:granted|extended)","stanza":"bob"/);
    const refused = await server.exec(
      'sh',
      ['-c', `timeout 5 "$@"; true`, 'sh', ...words('--reason', 'replayed')],
      tailed,
    );
    expect(refused.stdout.trimEnd().split('\n')).toEqual([expect.stringMatching(/"reason":"replayed"/)]);
  });

  const words = (...more: readonly string[]): readonly string[] => [
    ...[
      process.execPath,
      builtFile('bin/spad.cjs'),
      'tail',
      '--state-dir',
      spad.stateDir,
      '--json',
      '-n',
      '1000',
      ...more,
    ],
  ];

  test('ends as soon as nobody reads it any more, without another line', async () => {
    const line = ['sh', ['-c', '"$@" | head -n 1', 'sh', ...words('--event', 'started')], tailed] as const;
    const { code, stdout, stderr } = await server.exec(...line);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(/^\{.*"started".*\}\n$/);
  });

  test.each([
    [['--event', 'grantd'], 2, /Did you mean granted\?/],
    [['--source', 'gw'], 2, /It is an address or a network such as/],
    [['-n', 'all'], 2, /It is a number of lines/],
    [['--state-dir', '/nonexistent'], 1, /^spad: error: spad is not running on \/nonexistent: start it/],
  ])('%j is refused', async (args, code, sentence) => {
    const { code: status, stdout, stderr } = await spad.exec('tail', '--state-dir', spad.stateDir, ...args);
    expect({ status, stdout }).toEqual({ status: code, stdout: '' });
    expect(stderr).toMatch(sentence);
  });

  test('says that the daemon has ended, or waits with --follow and misses nothing of the next one', async () => {
    const [ending, following] = [await begun(tail()), await begun(tail('--follow'))];
    await spad.stop();
    expect(await ending.exited).toMatchObject({ code: 1 });
    expect(ending.stdout).toMatch(/ {2}stopped(?: .*)?\n$/);
    expect(ending.stderr).toMatch(
      /^spad: error: spad has ended on .*; "spad tail --follow" waits until it runs again\n$/,
    );
    await following.waitForLine(/^spad: warning: spad has ended on .*: waiting until it runs$/);
    const mark = following.mark();
    await spad.start();
    await following.waitForLine(/^spad: spad runs on /, 20_000, mark);
    await following.waitForLine(/ {2}started/, 20_000, mark);
    await spad.settle(client, bob);
    await following.waitForLine(/ {2}granted +bob /, 20_000, mark);
    expect(following.stdout.match(/ {2}started/g)).toHaveLength(2);
    expect(await following.stop('SIGINT')).toMatchObject({ code: 0 });
  });
});

describe('whoever follows badly', () => {
  const residentKb = (): number =>
    Number(/^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${String(spad.process.pid)}/status`, 'utf8'))?.[1]);

  const subscribe = async (): Promise<Socket> => {
    // The socket is a file of the same machine, whatever the network namespace.
    const socket = connect(join(spad.stateDir, 'control.sock'));
    socket.on('error', () => undefined);
    await once(socket, 'connect');
    socket.write('{"command":"tail"}\n');
    return socket;
  };

  test('by not reading, flooding, half a line or dying: packets are granted, memory stays, and the loss is told', async () => {
    await spad.settle(client, bob);
    const before = residentKb();
    const stopped = await subscribe();
    let heard = '';
    stopped.setEncoding('utf8').on('data', (text: string) => (heard += text));
    await waitUntil('an answer', () => heard.includes('following'));
    stopped.pause();
    const killed = await subscribe();
    killed.destroy();
    const half = connect(join(spad.stateDir, 'control.sock'));
    half.on('error', () => undefined).write('{"command":"ta');
    const flooder = await subscribe();
    const flood = setInterval(() => {
      if (!flooder.destroyed) flooder.write(Buffer.alloc(1_000_000));
    }, 5);
    const mark = spad.audit.mark();
    const count = 3500;
    const packets = Array.from({ length: count }, () => alice.seal({ ports: 'tcp/22' }));
    await spad.sendAll(client, packets, 20, 32);
    await spad.settle(client, bob, 20);
    clearInterval(flood);
    const written = readFileSync(spad.audit.path, 'utf8').trimEnd().split('\n').slice(mark);
    // So many that what a connection, its reader's room and this process hold is far less.
    expect(written.length).toBeGreaterThan(count / 2);
    expect(flooder.destroyed).toBe(true);
    stopped.resume();
    const last = written.at(-1) ?? '';
    await waitUntil('the last line', () => heard.includes(last));
    const lines = heard.trimEnd().split('\n');
    const lost = lines.flatMap((line) => /^\{"lost":(\d+)\}$/.exec(line)?.slice(1).map(Number) ?? []);
    expect(lost).toHaveLength(1);
    const kept = lines.filter((line) => line.includes('"event"'));
    const from = written.indexOf(kept[0] ?? '');
    expect(kept.length + (lost[0] ?? 0)).toBe(written.length - from);
    expect(kept.every((line) => written.includes(line))).toBe(true);
    const told = await waitFor(
      'its status',
      async () => (await spad.exec('status', '--json', '-c', spad.confFile)).stdout,
    );
    expect(told).toContain('"running":true');
    // Garbage of thousands of packets takes its room; so does what was thrown at it, if it were kept: hundreds of megabytes.
    expect(residentKb() - before).toBeLessThan(60_000);
    stopped.destroy();
    half.destroy();
  }, 120_000);
});
