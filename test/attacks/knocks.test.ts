/** Doors against whoever scans, guesses, forges other people's knocks, or floods the table of attempts. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openInKernel } from '../support/grant-list.ts';
import type { Host } from '../support/host.ts';
import { builtFile } from '../support/paths.ts';
import { sendDatagram } from '../support/probe.ts';
import { residentMiB } from '../support/resident.ts';
import { sendForged } from '../support/send-forged.ts';
import { childrenOf } from '../support/spad.ts';
import { waitFor, waitUntil } from '../support/wait.ts';
import { numbers } from '../unit/frame/lying-frames.ts';
import { Scene, type Side } from './scene.ts';

const PLAIN = [7000, 8000, 9000] as const;
const STRICT = [7100, 8100, 9100] as const;

let scene: Scene;
let side: Side;
let client: Host;
let attacker: Host;
let ran: string;

const sequence = (ports: readonly number[]): string => ports.map((port) => `${port}:udp`).join(', ');

beforeAll(async () => {
  const limits = 'seq_timeout = 5m\nopen_for = 2s';
  scene = await Scene.create({
    formats: ['native'],
    doors: (folder) => `
[door plain]
sequence = ${sequence(PLAIN)}
open = tcp/22
${limits}

[door severe]
sequence = ${sequence(STRICT)}
strict = yes
open = tcp/80
${limits}

[door script]
sequence = 7200:udp, 7201:udp
start_command = "echo [%IP%] >> ${join(folder, 'ran')}"
`,
  });
  side = scene.side('native');
  ({ client, attacker } = scene);
  ran = join(side.spad.dir, 'ran');
});
afterAll(() => scene.close());

/** One datagram to each port, in their order, as fast as the kernel sends. */
async function scan(from: Host, ports: readonly number[]): Promise<void> {
  const script = `import socket, sys, time
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
for count, line in enumerate(sys.stdin):
    try:
        s.sendto(b'x', (sys.argv[1], int(line)))
    except ConnectionRefusedError:
        pass
    if count % 256 == 255:
        time.sleep(0.004)
`;
  await from.run('python3', ['-c', script, side.server.address4], {
    input: ports.map((port) => `${port}\n`).join(''),
    timeoutMs: 60_000,
  });
}

/** Settles when all that was sent before has been seen by the doors: a whole sequence, of somebody else, opens. */
async function seen(): Promise<void> {
  const mark = side.spad.audit.mark();
  await waitFor('a door to open', async () => {
    await scan(client, PLAIN);
    return waitFor(
      'a door',
      () => side.spad.audit.all({ stanza: 'plain', source: client.address4 }, mark)[0],
      2000,
    ).catch(() => undefined);
  });
}

function shuffled(seed: number): number[] {
  const below = numbers(seed);
  const ports = Array.from({ length: 65_535 }, (_, index) => index + 1).filter((port) => port !== 62_201);
  for (let left = ports.length - 1; left > 0; left -= 1) {
    const other = below(left + 1);
    [ports[left], ports[other]] = [ports[other] ?? 0, ports[left] ?? 0];
  }
  return ports;
}

const isInOrder = (ports: readonly number[], wanted: readonly number[]): boolean => {
  const places = wanted.map((port) => ports.indexOf(port));
  return places.every((place, index) => index === 0 || place > (places[index - 1] ?? 0));
};

const openedBy = (host: Host, mark: number): readonly string[] =>
  side
    .openedSince(mark)
    .flatMap(({ source, stanza }) => (source === host.address4 && stanza !== undefined ? [stanza] : []));

test('A14 knock: a scan of all ports downwards, or at random, opens no door whose sequence it is not', async () => {
  const down = Array.from({ length: 65_535 }, (_, index) => 65_535 - index);
  const orders = [down, ...Array.from({ length: 40 }, (_, seed) => shuffled(seed + 1))];
  // Those in which the ports of the sequence come in the wrong order: five of six.
  const wrong = orders.filter((ports) => !isInOrder(ports, PLAIN)).slice(0, 2);
  expect(wrong).toHaveLength(2);
  const mark = side.spad.audit.mark();
  for (const ports of wrong) await scan(attacker, ports);
  await seen();
  expect(openedBy(attacker, mark)).toEqual([]);
  expect((await openInKernel(side.server)).filter((what) => what.startsWith(attacker.address4))).toEqual([]);
});

test('A14 knock: where the order of a scan happens to be right, a strict door stays shut, and a plain one opens', async () => {
  const mark = side.spad.audit.mark();
  // Of addresses that have no attempt under way; ports of another door would spoil one, too.
  const target = side.server.address4;
  for (const [source, ports] of [
    ['10.99.0.77', PLAIN],
    ['10.99.0.78', STRICT],
  ] as const) {
    const all = ports.flatMap((port) => [port, port + 1]);
    await sendForged(
      attacker,
      target,
      Buffer.from('x'),
      all.map((port) => ({ source, port })),
    );
  }
  await side.spad.audit.waitFor({ event: 'granted', stanza: 'plain', source: '10.99.0.77' }, mark);
  await seen();
  expect(side.spad.audit.all({ stanza: 'severe' }, mark)).toEqual([]);
  // The strict door is not simply broken.
  await scan(client, STRICT);
  await side.spad.audit.waitFor({ event: 'granted', stanza: 'severe', source: client.address4 }, mark);
});

test('A14 knock: forged knocks spoil a sequence, open nothing for the forger, and the next try opens', async () => {
  await waitUntil('nothing to be open', async () => (await openInKernel(side.server)).length === 0);
  const mark = side.spad.audit.mark();
  const [first, second, third] = PLAIN;
  await scan(client, [first, second]);
  await sendForged(attacker, side.server.address4, Buffer.from('x'), [{ source: client.address4, port: second }]);
  await scan(client, [third]);
  // Somebody else's whole sequence shows that all of this has been seen.
  await scan(attacker, PLAIN);
  await side.spad.audit.waitFor({ event: 'granted', stanza: 'plain', source: attacker.address4 }, mark);
  expect(openedBy(client, mark)).toEqual([]);
  await scan(client, PLAIN);
  await side.spad.audit.waitFor({ event: 'granted', stanza: 'plain', source: client.address4 }, mark);
});

test('A12 knock: first knocks from twenty thousand forged sources are forgotten, counted, and push out nobody further on', async () => {
  const { pid } = side.spad.process;
  const memory = (): number => [pid, ...childrenOf(pid)].reduce((sum, one) => sum + residentMiB(one), 0);
  const before = memory();
  const [first, second, third] = PLAIN;
  await scan(client, [first, second]);
  const mark = side.spad.audit.mark();
  for (let block = 0; ; block += 1) {
    const headers = Array.from({ length: 20_000 }, (_, index) => ({
      source: `172.${16 + block}.${index >> 8}.${index & 255}`,
      port: first,
    }));
    await sendForged(attacker, side.server.address4, Buffer.from('x'), headers);
    const counts = await side.spad.counts();
    if ((counts['attempt-evicted'] ?? 0) > 0) break;
    // A busy machine may have lost some of them.
    expect(block).toBeLessThan(5);
  }
  await scan(client, [third]);
  await side.spad.audit.waitFor({ event: 'granted', stanza: 'plain', source: client.address4 }, mark);
  expect(memory() - before).toBeLessThan(100);
});

test('A17 knock: %IP% is the knocker’s address, and nothing else can be put there', async () => {
  for (const address of [side.server.address4, side.server.address6]) {
    const mark = side.spad.audit.mark();
    const source = address === side.server.address4 ? client.address4 : client.address6;
    const knock = [builtFile('test/support/knock.js'), address, '7200:udp', '7201:udp'];
    await client.run(process.execPath, knock);
    await side.spad.audit.waitFor({ event: 'knocked', stanza: 'script', source }, mark);
    await waitUntil('the command', () => existsSync(ran) && readFileSync(ran, 'utf8').includes(`[${source}]\n`));
  }
  // What is in a knock's payload goes nowhere.
  await sendDatagram(client, side.server.address4, 7200, Buffer.from('$(id); `id`'));
  await sendDatagram(client, side.server.address4, 7201, Buffer.from('$(id); `id`'));
  await waitUntil('the command', () => readFileSync(ran, 'utf8').trim().split('\n').length === 3);
  expect(new Set(readFileSync(ran, 'utf8').trim().split('\n'))).toEqual(
    new Set([`[${client.address4}]`, `[${client.address6}]`]),
  );
});
