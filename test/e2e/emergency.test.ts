/** Emergency codes: printed by the real spa-keys, sent by whatever is at hand, opened once by the real daemon. */
import { readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { seconds } from '../../src/base/units.ts';
import { sealCode } from '../../src/spa/native/code.ts';
import type { AuditPattern } from '../support/audit-reader.ts';
import { openInKernel } from '../support/grant-list.ts';
import type { Host } from '../support/host.ts';
import { Keyholder } from '../support/keyholder.ts';
import { Lab } from '../support/lab.ts';
import { builtFile } from '../support/paths.ts';
import { startTcpService, tcpState } from '../support/probe.ts';
import { screenshot, svgPicture } from '../support/screenshot.ts';
import { Spad } from '../support/spad.ts';
import { waitUntil } from '../support/wait.ts';

const [alice, bob] = [new Keyholder(), new Keyholder()];

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

/** A server of its own for each test: its codes are all new. */
beforeEach(async () => {
  if (runs > 0) {
    await spad.stop();
    await spad.exec('flush');
  }
  runs += 1;
  spad = new Spad(lab, server, `run${runs}`);
  configure('1-8');
  await spad.start();
});

function configure(range: string | undefined): void {
  const stanza = { allow: 'tcp/22', default: 'tcp/22' };
  const emergency = range === undefined ? {} : { emergency: range };
  spad.configure({
    access: { alice: { key: alice.base64, ...stanza, ...emergency }, bob: { key: bob.base64, ...stanza } },
  });
}

/** Waits until the new receiver captures, too: what is sent before that is lost, as on a bad network. */
async function reload(): Promise<void> {
  const starts = (): number => spad.process.output.split('capturing again').length;
  const before = starts();
  await spad.reload();
  await waitUntil('the new receiver to capture', () => starts() > before);
}

const codesFile = (): string => join(spad.stateDir, 'emergency.used');

/** Code `number` as spa-keys makes it. */
function code(number: number, holder = alice): Uint8Array {
  const request = { type: 'open', openFor: seconds(600), reply: false, addresses: [], ports: [], command: '' } as const;
  return sealCode(number, { ...request, forward: undefined }, holder.secret, holder.server);
}

async function send(from: Host, bytes: Uint8Array, wanted: AuditPattern): Promise<void> {
  const mark = spad.audit.mark();
  await spad.send(from, bytes);
  await spad.audit.waitFor({ stanza: 'alice', source: from.address4, ...wanted }, mark);
}

async function opens(from: Host, number: number): Promise<void> {
  const mark = spad.audit.mark();
  await spad.send(from, code(number));
  const { event } = await spad.audit.waitFor({ stanza: 'alice', code: number, source: from.address4 }, mark);
  expect(['granted', 'extended']).toContain(event);
}

async function refuses(from: Host, number: number, reason: string): Promise<void> {
  const before = await openInKernel(server);
  await send(from, code(number), { event: 'rejected', reason, code: number });
  expect(await openInKernel(server)).toEqual(before);
}

/** The letters of the codes on the sheet that spa-keys prints, by their numbers; the range is put into spad.conf. */
async function print(...words: readonly string[]): Promise<readonly (readonly string[])[]> {
  const args = [builtFile('bin/spa-keys.cjs'), 'emergency', 'alice', '--file', spad.confFile, '--write', ...words];
  const sheet = await server.run(process.execPath, args);
  return sheet
    .split(/^Code \d+\n/m)
    .slice(1)
    .map((block) => block.split('\n').filter((line) => line.startsWith('    ') && !line.includes('check')));
}

/** The line of the sheet that has `program` in it, with the letters put in as they stand there. */
async function sheetLine(program: string, host: string, letters: readonly string[]): Promise<string> {
  const args = [builtFile('bin/spa-keys.cjs'), 'emergency', 'alice', '--file', spad.confFile, '--host', host];
  const sheet = await server.run(process.execPath, args);
  const line = sheet.split('\n').find((one) => one.includes(program));
  if (line === undefined) throw new Error(`the sheet has no line with ${program}`);
  return line.trim().replace('CODE', letters.join('\n'));
}

describe('a code from the sheet opens', () => {
  test.each([
    ['by nc, as the sheet says', '| nc '],
    ['by bash alone, as the sheet says', '/dev/udp/'],
  ])('%s', async (_, program) => {
    const [letters = []] = await print('--count', '1', '--from', '3');
    await reload();
    const mark = spad.audit.mark();
    expect(await tcpState(client, server.address4, 22)).toBe('filtered');
    await client.run('bash', ['-c', await sheetLine(program, server.address4, letters)]);
    await spad.audit.waitFor({ event: 'granted', code: 3, allow: client.address4 }, mark);
    expect(await tcpState(client, server.address4, 22)).toBe('open');
    expect(await tcpState(attacker, server.address4, 22)).toBe('filtered');
  });

  test('by spa-client, typed in, over IPv4 and IPv6', async () => {
    const [first = [], second = []] = await print('--count', '2');
    await reload();
    for (const [letters, host] of [
      [first, server.address4],
      [second, server.address6],
    ] as const) {
      const args = [builtFile('bin/spa-client.cjs'), '--code', '-', host];
      const said = await client.run(process.execPath, args, { input: `${letters.join('\n')}\n` });
      expect(said).toContain('sent 176 bytes');
    }
    await spad.audit.waitFor({ event: 'granted', code: 9, allow: client.address4 });
    await spad.audit.waitFor({ event: 'granted', code: 10, allow: client.address6 });
    expect(await tcpState(client, server.address6, 22)).toBe('open');
  });
});

test('the QR codes, of the terminal and of the page for a printer, are read by a camera as the letters', async () => {
  const args = [
    builtFile('bin/spa-keys.cjs'),
    'emergency',
    'alice',
    '--file',
    spad.confFile,
    '--count',
    '2',
    '--from',
    '1',
  ];
  const printed = async (form: string): Promise<string> => server.run(process.execPath, [...args, form]);
  const onTerminal = (await printed('--qr')).split(/\nCode \d\n/).slice(1);
  const onPaper = (await printed('--html')).match(/<svg.*?<\/svg>/g) ?? [];
  const pictures = [...onTerminal.map((text) => screenshot(`${text.trimEnd()}\n`)), ...onPaper.map(svgPicture)];
  const read: string[] = [];
  for (const picture of pictures) {
    const file = join(lab.dir, 'picture.pgm');
    writeFileSync(file, picture);
    read.push((await client.run('zbarimg', ['--raw', '-q', '-Sdisable', '-Sqrcode.enable', file])).trim());
  }
  const letters = [1, 2].map((number) => Buffer.from(code(number)).toString('base64'));
  expect(read).toEqual([...letters, ...letters]);
});

describe('a code opens once:', () => {
  test('not again from its own source, from another, or from another in the same burst', async () => {
    await opens(client, 1);
    await refuses(client, 1, 'code-used');
    await refuses(attacker, 1, 'code-used');
    const mark = spad.audit.mark();
    await spad.sendAll(client, [code(2), code(2), code(2)]);
    await waitUntil('all three to be judged', () => spad.audit.all({ code: 2 }, mark).length === 3);
    expect(spad.audit.all({ event: 'extended', code: 2 }, mark)).toHaveLength(1);
    expect(spad.audit.all({ reason: 'code-used', code: 2 }, mark)).toHaveLength(2);
  });

  test('not after kill -9, nor after an orderly stop', async () => {
    await opens(client, 1);
    await spad.stop('SIGKILL');
    await spad.start();
    await refuses(attacker, 1, 'code-used');
    await opens(client, 2);
    await spad.stop();
    await spad.start();
    await refuses(attacker, 2, 'code-used');
    await opens(attacker, 3);
    expect(spad.process.output).not.toContain('emergency.used');
  });

  test('not after the replay journal and the grant log were lost', async () => {
    await opens(client, 1);
    await spad.stop('SIGKILL');
    for (const name of ['replay.journal', 'grants.log']) rmSync(join(spad.stateDir, name));
    await spad.start();
    await refuses(attacker, 1, 'code-used');
    await opens(attacker, 2);
  });
});

describe('where the memory of used codes is gone, none holds until others are made:', () => {
  test.each<readonly [string, () => void, RegExp]>([
    ['deleted', () => rmSync(codesFile()), /it is missing; all codes of alice count as used/],
    ['cut short', () => truncateSync(codesFile(), 64), /it has 64 bytes/],
    [
      'with a wrong bit',
      () => {
        const bytes = readFileSync(codesFile());
        bytes[40] = (bytes[40] ?? 0) ^ 1;
        writeFileSync(codesFile(), bytes);
      },
      /record 0 is torn/,
    ],
  ])('%s', async (_, damage, why) => {
    await opens(client, 1);
    await spad.stop('SIGKILL');
    damage();
    await spad.start();
    expect(spad.process.output).toMatch(why);
    for (const number of [1, 2, 8]) await refuses(attacker, number, 'code-used');
    const [letters = []] = await print('--count', '1');
    await reload();
    await spad.send(client, Buffer.from(letters.join('').replaceAll(' ', ''), 'base64'));
    await spad.audit.waitFor({ event: 'extended', code: 9, source: client.address4 });
    await spad.stop('SIGKILL');
    configure('1-16');
    await spad.start();
    expect(spad.process.output).not.toContain('cannot be relied on');
    for (const number of [2, 8, 9]) await refuses(attacker, number, 'code-used');
  });
});

test('a range revokes what is not in it, and without one codes are junk', async () => {
  await refuses(client, 9, 'code-unknown');
  configure('5-12');
  await reload();
  await refuses(client, 1, 'code-unknown');
  await opens(client, 9);
  configure(undefined);
  await reload();
  const before = await spad.junkCount();
  await spad.send(client, code(5));
  await spad.send(client, code(5, bob));
  await expect.poll(() => spad.junkCount(), { timeout: 10_000 }).toBe(before + 2);
});

test('a code for another server is junk, and so is one of a client without codes', async () => {
  await spad.send(client, code(1, alice.at('gw2')));
  await spad.send(client, code(1, bob));
  await expect.poll(() => spad.junkCount(), { timeout: 10_000 }).toBe(2);
  expect(await openInKernel(server)).toEqual([]);
  await opens(client, 1);
});

test('a client whose clock stands in 1970 uses up no code', async () => {
  for (const time of [1, 3, 8, 59_999])
    await send(client, alice.seal({ time }), { event: 'rejected', reason: 'stale', format: 'native' });
  for (const number of [1, 3, 8]) await opens(client, number);
});

describe('however wrong the server’s own clock is', () => {
  test.each(['2001-09-09T01:46:40Z', '2099-06-30T12:00:00Z'])(
    'at %s a code opens where no packet does',
    async (date) => {
      await spad.stop();
      const shift = join(spad.dir, 'shift.cjs');
      const offset = Date.parse(date) - Date.now();
      writeFileSync(shift, `const now = Date.now; Date.now = () => now() + ${offset};\n`);
      await spad.start({ env: { NODE_OPTIONS: `--require ${shift}` } });
      await spad.send(client, alice.seal());
      await opens(client, 4);
      expect(await tcpState(client, server.address4, 22)).toBe('open');
      const [granted] = spad.audit.all({ event: 'granted', code: 4 });
      expect(granted?.time.slice(0, 4)).toBe(date.slice(0, 4));
      await refuses(attacker, 4, 'code-used');
      expect(spad.audit.all({ event: 'granted' })).toHaveLength(1);
    },
  );
});
