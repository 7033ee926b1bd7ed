/** `spad watch` on a real terminal (script(1)): its frames, its keys, and the terminal as it was before. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Host } from '../support/host.ts';
import { Keyholder } from '../support/keyholder.ts';
import { Lab } from '../support/lab.ts';
import type { LabProcess } from '../support/lab-process.ts';
import { builtFile } from '../support/paths.ts';
import { Spad } from '../support/spad.ts';
import { waitFor, waitUntil } from '../support/wait.ts';

const [alice, bob] = [new Keyholder(), new Keyholder()];
const ESC = '\u001b';
const [ENTER, LEAVE] = [`${ESC}[?1049h`, `${ESC}[?1049l`];

let lab: Lab;
let client: Host;
let server: Host;
let spad: Spad;

beforeAll(async () => {
  lab = await Lab.create({ hosts: ['client', 'server'] });
  [client, server] = [lab.host('client'), lab.host('server')];
  spad = new Spad(lab, server);
  const access = { allow: 'tcp/22, tcp/443', open_for: '5m' };
  spad.configure({
    daemon: { guard: 'tcp/22, tcp/443' },
    access: { alice: { key: alice.base64, ...access }, bob: { key: bob.base64, ...access } },
  });
  await spad.start();
});
afterAll(() => lab.close());

const program = (...args: readonly string[]): string =>
  [process.execPath, builtFile('bin/spad.cjs'), 'watch', '--state-dir', spad.stateDir, ...args].join(' ');

/** On a terminal of 80 columns and 24 rows, which tells afterwards how it was left. */
const onTerminal = (locale: string, ...args: readonly string[]): LabProcess =>
  server.spawn(
    'script',
    ['-qec', `stty cols 80 rows 24; stty -g; ${program(...args)}; echo "code $?"; stty -g`, '/dev/null'],
    { env: { LC_ALL: locale, NO_COLOR: '', TERM: 'xterm-256color' } },
  );

/** The last frame that was drawn whole, its lines without colours. */
const frameOf = ({ stdout }: LabProcess): readonly string[] | undefined => {
  const [last] = stdout
    .split(`${ESC}[H`)
    .slice(1)
    .reverse()
    .filter((text) => text.includes(`${ESC}[J`));
  if (last === undefined) return undefined;
  const text = last.slice(0, last.indexOf(`${ESC}[J`)).replaceAll(`${ESC}[K`, '');
  return text.replaceAll(new RegExp(`${ESC}\\[[0-9]*m`, 'g'), '').split(/\r+\n/);
};

const frameWith = (process: LabProcess, pattern: RegExp): Promise<readonly string[]> =>
  waitFor(
    `a frame with ${String(pattern)}`,
    () => {
      const frame = frameOf(process);
      return frame?.some((line) => pattern.test(line)) === true ? frame : undefined;
    },
    30_000,
  );

test('shows grants counting down, packets and refusals as they come; q quits, and the terminal is as it was', async () => {
  const watch = onTerminal('C.UTF-8');
  await frameWith(watch, /^spad \d/);
  const packet = alice.seal({ ports: 'tcp/22' });
  await spad.send(client, packet);
  await spad.send(client, packet);
  await spad.send(client, bob.seal({ ports: 'tcp/443', openFor: 60 }));
  await spad.send(client, bob.seal({ ports: 'tcp/25' }));
  const frame = await frameWith(watch, /replayed/);
  await frameWith(watch, /^ +port-not-allowed .*1$/);
  expect(frame.length).toBeLessThanOrEqual(24);
  const full = await frameWith(watch, /^ +\S+ {2}alice {2}.*tcp\/22$/);
  for (const line of full) expect(Array.from(line).length).toBeLessThanOrEqual(80);
  expect(full[0]).toMatch(/^spad \d+\.\d+\.\d+ {2}up \S+ {2}20\S+ \S+Z {2}clock (?:not )?synchronised$/);
  const leftOf = (lines: readonly string[]): string =>
    /^ *(\S+) {2}alice /.exec(lines.find((line) => / alice {2}/.test(line)) ?? '')?.[1] ?? '';
  expect(leftOf(full)).toMatch(/^4m\d+s$|^5m$/);
  await waitUntil('time to pass', () => leftOf(frameOf(watch) ?? []) !== leftOf(full));
  expect((frameOf(watch) ?? []).some((line) => /^ {2}granted .*[▂▃▄▅▆▇█]/.test(line))).toBe(true);
  expect((frameOf(watch) ?? []).join('\n')).toMatch(/\S+ {2}10\.\S+ {2}bob +port-not-allowed/);
  watch.write('q');
  expect(await watch.exited).toMatchObject({ code: 0 });
  const [before, after] = watch.stdout.split(/\r?\n/).filter((line) => /^[0-9a-f:]{30,}$/.test(line));
  expect(after).toBe(before);
  expect(watch.stdout).toContain('code 0');
  expect(watch.stdout.lastIndexOf(LEAVE)).toBeGreaterThan(watch.stdout.lastIndexOf(ENTER));
});

test.each(['SIGTERM', 'SIGINT'] as const)(
  '%s ends it, and the terminal is as it was; blocks only where there are any',
  async (signal) => {
    const watch = onTerminal('C');
    const frame = await frameWith(watch, /^ {2}granted/);
    expect(frame.join('')).toMatch(/^[ -~]*$/);
    const { stdout } = await server.exec('pgrep', ['-nf', `watch --state-dir ${spad.stateDir}$`]);
    process.kill(Number(stdout), signal);
    await watch.exited;
    const [before, after] = watch.stdout.split(/\r?\n/).filter((line) => /^[0-9a-f:]{30,}$/.test(line));
    expect(after).toBe(before);
    expect(watch.stdout).toContain(LEAVE);
    expect(watch.stdout).toContain('code 0');
  },
);

test('stays while the daemon is away, and goes on with the next one', async () => {
  const watch = onTerminal('C');
  await frameWith(watch, /^spad \d/);
  await spad.stop();
  await frameWith(watch, /^spad is not running on /);
  await spad.start();
  await frameWith(watch, /^spad \d/);
  watch.write('\u0003');
  expect(await watch.exited).toMatchObject({ code: 0 });
});

test('without a terminal: one frame, a line of JSON each interval, or a sentence', async () => {
  const once = await spad.exec('watch', '--state-dir', spad.stateDir, '--once');
  expect(once).toMatchObject({ code: 0, stderr: '', stdout: expect.stringMatching(/^GRANTS/m) as string });
  expect(once.stdout).not.toContain(ESC);
  const lines = server.spawn('sh', ['-c', `${program('--json', '--interval', '1s')} | head -n 2`]);
  expect(await lines.exited).toMatchObject({ code: 0 });
  const [first, second] = lines.stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Readonly<Record<string, unknown>>);
  for (const one of [first, second])
    expect(one).toMatchObject({ running: true, status: { clients: 2 }, grants: expect.any(Array) as unknown });
  expect(await spad.exec('watch', '--state-dir', spad.stateDir)).toMatchObject({
    ...{ code: 1, stdout: '' },
    stderr: expect.stringMatching(/^spad: error: spad watch needs a terminal: with --once/) as string,
  });
  expect(await spad.exec('watch', '--state-dir', '/nonexistent', '--once')).toMatchObject({
    ...{ code: 1, stdout: '' },
    stderr: expect.stringMatching(/^spad: error: spad is not running on/) as string,
  });
});
