/** The control socket against whoever may use it badly: each is let go, and none keeps the others from being answered. */
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { askDaemon, CONTROL_SOCKET } from '../../../server/control/client.ts';
import { AuditFeed } from '../../../server/control/audit-feed.ts';
import { answerLine, type DeskParts } from '../../../server/control/desk.ts';
import { ControlServer } from '../../../server/control/server.ts';
import { seconds, steadyMs, unixMs } from '../../../src/base/units.ts';
import type { ReloadOutcome } from '../../../src/control/status.ts';
import type { Input } from '../../../src/engine/input.ts';
import { MAX_REQUEST } from '../../../src/control/request.ts';
import { STATUS } from '../control/status-values.ts';
import { grantOf, ip, ports } from '../values.ts';

const NOW = { wall: unixMs(1_767_225_600_000), steady: steadyMs(0) };
const PATIENCE_MS = 300;

let folder: string;
let path: string;
let server: ControlServer;
let troubles: string[];
let desk: DeskParts;
let inputs: Input[];
let feed: AuditFeed;

const OUTCOME: ReloadOutcome = { taken: true, problems: [], clients: 1, added: ['bob'], removed: [] };

const start = (): ControlServer =>
  new ControlServer(path, {
    answer: (line) => answerLine(line, desk),
    onTrouble: (message) => troubles.push(message),
    patienceMs: PATIENCE_MS,
  });

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'spad-control-'));
  path = join(folder, CONTROL_SOCKET);
  troubles = [];
  inputs = [];
  feed = new AuditFeed();
  desk = {
    ...{ now: () => NOW, via: 'memory', look: () => Promise.resolve({ kind: 'agrees' }), guardEnds: () => undefined },
    grants: () => [grantOf('192.0.2.9', 'tcp/22', 5000)],
    trialFacts: () => ({ older: undefined, sockets: { established: [], passing: [], listening: [] } }),
    decide: (inputOf) => {
      inputs.push(inputOf('q'));
      return Promise.resolve({
        kind: 'answer',
        id: 'q',
        refusal: undefined,
        grants: [grantOf('192.0.2.7', 'tcp/23', 5000)],
      });
    },
    reload: () => Promise.resolve({ outcome: OUTCOME, refusal: undefined }),
    status: (firewall) => ({ ...STATUS, firewall }),
    metrics: ({ kind }) => ({ openmetrics: `# ${kind}\n` }),
    ...{ feed, known: () => ({ kind: 'agrees' }), rates: () => ({ granted: [0, 1] }) },
  };
  server = start();
  await server.listen();
});
afterEach(() => {
  server.close();
  rmSync(folder, { recursive: true });
});

const open = async (): Promise<Socket> => {
  const socket = connect(path);
  socket.on('error', () => undefined);
  await once(socket, 'connect');
  return socket;
};

/** Also where the other side has hung up on us in the middle of a write. */
const closed = (socket: Socket): Promise<void> =>
  new Promise((resolve) => {
    socket.once('close', () => resolve());
  });

/** All that is answered until the other side ends the connection. */
const heard = async (socket: Socket): Promise<string> => {
  let text = '';
  socket.on('data', (chunk) => (text += chunk.toString())).resume();
  await closed(socket);
  return text;
};

const ask = async (bytes: string | Uint8Array): Promise<string> => {
  const socket = await open();
  socket.write(bytes);
  return heard(socket);
};

const expectAlive = async (): Promise<void> => {
  const answer = await askDaemon(folder, { command: 'grants' });
  expect(answer).toMatchObject({ ok: true, value: { grants: [{ address: '192.0.2.9' }] } });
  expect(troubles).toEqual([]);
};

test('is closed to others', () => {
  expect(statSync(path).mode & 0o777).toBe(0o600);
});

test('takes the place of what an earlier daemon has left, and goes with its own', async () => {
  server.close();
  expect(existsSync(path)).toBe(false);
  writeFileSync(path, '');
  server = start();
  await server.listen();
  await expectAlive();
});

test('one line is answered by one line', async () => {
  expect(await ask('{"command":"grants"}\n')).toMatch(/^\{"ok":\{"via":"memory",[^\n]*\}\n$/);
});

test('what comes in pieces is one line, and what comes behind it is not read', async () => {
  const socket = await open();
  socket.write('{"comm');
  await new Promise((resolve) => setTimeout(resolve, 20));
  socket.write('and":"grants"}\n{"command":"no"}\n');
  expect((await heard(socket)).split('\n')).toHaveLength(2);
});

test('the metrics are those of a look taken now', async () => {
  desk = { ...desk, look: () => Promise.resolve({ kind: 'fault', detail: 'gone' }) };
  expect(await askDaemon(folder, { command: 'metrics' })).toEqual({ ok: true, value: { openmetrics: '# fault\n' } });
});

describe('refused in a sentence is', () => {
  test.each([
    [
      'an unknown command',
      '{"command":"opens"}\n',
      'no such command; there are grants, status, metrics, watch, confirm, revoke, open, reload, tail',
    ],
    ['no JSON', 'hello\n', 'a request is one line with a JSON object'],
    ['no text', Uint8Array.of(0xff, 0xfe, 0, 10), 'a request is one line with a JSON object'],
    ['an empty line', '\n', 'a request is one line with a JSON object'],
    ['a line that is too long', `${'x'.repeat(MAX_REQUEST + 1)}\n`, 'a request has at most 4096 bytes'],
    ['a line without an end', 'x'.repeat(MAX_REQUEST + 1), 'a request has at most 4096 bytes'],
  ])('%s', async (_, bytes, error) => {
    expect(JSON.parse(await ask(bytes))).toEqual({ error });
    await expectAlive();
  });

  test('what fails, with what the system said', async () => {
    desk = { ...desk, decide: () => Promise.reject(new Error('no such file')) };
    expect(await askDaemon(folder, { command: 'confirm', proof: { kind: 'console' } })).toEqual({
      ok: false,
      error: 'no such file',
    });
  });
});

describe('what the engine decides', () => {
  test('is asked under an id, and answered with the grants that it was about', async () => {
    const revoke = await askDaemon(folder, {
      command: 'revoke',
      choice: { kind: 'some', what: 'alice', as: 'stanza' },
    });
    expect(revoke).toMatchObject({ ok: true, value: { revoked: [{ address: '192.0.2.7', ports: ['tcp/23'] }] } });
    const wish = { stanza: 'operator', address: ip('192.0.2.7'), ports: ports('tcp/23'), openFor: seconds(5) };
    const opened = await askDaemon(folder, { command: 'open', ...wish });
    expect(opened).toMatchObject({ ok: true, value: { opened: [{ address: '192.0.2.7' }] } });
    expect(inputs).toEqual([
      { kind: 'revoke', id: 'q', choice: { kind: 'some', what: 'alice', as: 'stanza' } },
      { kind: 'open-by-hand', id: 'q', ...wish },
    ]);
  });

  test('is told as it was refused', async () => {
    desk = { ...desk, decide: (inputOf) => Promise.resolve({ kind: 'answer', id: inputOf('q').kind, refusal: 'no' }) };
    const answer = await askDaemon(folder, { command: 'revoke', choice: { kind: 'all' } });
    expect(answer).toEqual({ ok: false, error: 'no' });
  });

  test('of a reload, what it came to, or that it could not be made to hold', async () => {
    expect(await askDaemon(folder, { command: 'reload' })).toEqual({ ok: true, value: OUTCOME });
    desk = { ...desk, reload: () => Promise.resolve({ outcome: OUTCOME, refusal: 'no firewall' }) };
    expect(await askDaemon(folder, { command: 'reload' })).toEqual({ ok: false, error: 'no firewall' });
  });
});

describe('let go is', () => {
  test('who never writes', async () => {
    const begin = performance.now();
    expect(await heard(await open())).toBe('');
    expect(performance.now() - begin).toBeLessThan(PATIENCE_MS + 2000);
    await expectAlive();
  });

  test('who writes without an end, a byte at a time', async () => {
    const socket = await open();
    const drip = setInterval(() => socket.write('x'), 10);
    expect(await heard(socket)).toBe('');
    clearInterval(drip);
    await expectAlive();
  });

  test('who never reads', async () => {
    const many = Array.from({ length: 20_000 }, () => grantOf('192.0.2.9', 'tcp/22', 5000));
    desk = { ...desk, grants: () => many };
    const socket = await open();
    socket.pause();
    socket.write('{"command":"grants"}\n');
    await new Promise((resolve) => setTimeout(resolve, PATIENCE_MS + 200));
    desk = { ...desk, grants: () => many.slice(0, 1) };
    await expectAlive();
    // The answer was cut off: what had been under way when it was let go is all that is there.
    const text = await heard(socket);
    expect(text.length).toBeLessThan(2_000_000);
    expect(text).not.toContain('\n');
  });

  test('who goes away in the middle, at any time', async () => {
    for (const bytes of ['', '{"comm', '{"command":"grants"}\n']) {
      const socket = await open();
      socket.write(bytes);
      socket.destroy();
    }
    await expectAlive();
  });

  test('who ends without a line', async () => {
    const socket = await open();
    socket.end('{"command":"grants"}');
    expect(await heard(socket)).toBe('');
  });
});

test('of 1000 connections at once a few are held, the rest closed, and all is well as soon as they are gone', async () => {
  let slow = 0;
  desk = {
    ...desk,
    look: async () => {
      slow += 1;
      await new Promise((resolve) => setTimeout(resolve, 50));
      return { kind: 'agrees' };
    },
  };
  const sockets = Array.from({ length: 1000 }, () => connect(path));
  const ends = sockets.map(async (socket) => {
    socket.on('error', () => undefined);
    socket.on('connect', () => socket.write('{"command":"grants"}\n'));
    socket.resume();
    await closed(socket);
  });
  await Promise.all(ends);
  expect(slow).toBeGreaterThan(0);
  expect(slow).toBeLessThan(1000);
  await expectAlive();
});

test('nobody listens: there is no daemon', async () => {
  server.close();
  expect(await askDaemon(folder, { command: 'grants' })).toBeUndefined();
  writeFileSync(path, '');
  expect(await askDaemon(folder, { command: 'grants' })).toBeUndefined();
});
