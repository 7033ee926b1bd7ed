/** Those who follow the audit log, well and badly: what each hears, and what it costs the daemon. */
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { AuditFeed } from '../../../server/control/audit-feed.ts';
import { followDaemon } from '../../../server/control/follow.ts';
import { CONTROL_SOCKET } from '../../../server/control/client.ts';
import { ControlServer } from '../../../server/control/server.ts';
import { decodeRequest } from '../../../src/control/request.ts';
import { waitUntil } from '../../support/wait.ts';

let folder: string;
let server: ControlServer;
let feed: AuditFeed;
const sockets: Socket[] = [];

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'spad-feed-'));
  feed = new AuditFeed();
  server = new ControlServer(join(folder, CONTROL_SOCKET), {
    answer: (line) => {
      const request = decodeRequest(line);
      const last = request.ok && request.value.command === 'tail' ? request.value.last : 0;
      return Promise.resolve({ kind: 'stream', begin: (socket) => feed.admit(socket, last) });
    },
    onTrouble: (message) => expect(message).toBe(''),
    patienceMs: 300,
  });
  await server.listen();
});
afterEach(() => {
  for (const socket of sockets.splice(0)) socket.destroy();
  server.close();
  rmSync(folder, { recursive: true });
});

/** A follower by hand: `heard` grows as it reads. */
const follow = async (last = 0): Promise<{ readonly socket: Socket; heard: string; isClosed: boolean }> => {
  const socket = connect(join(folder, CONTROL_SOCKET));
  sockets.push(socket);
  const follower = { socket, heard: '', isClosed: false };
  socket.on('error', () => undefined).on('close', () => (follower.isClosed = true));
  await once(socket, 'connect');
  socket.write(`{"command":"tail","last":${String(last)}}\n`);
  socket.on('data', (chunk: Buffer) => (follower.heard += chunk.toString()));
  await waitUntil('an answer', () => follower.heard.includes('\n') || follower.isClosed);
  return follower;
};

const line = (number: number): string => `{"event":"x","number":${String(number)},"padding":"${'-'.repeat(200)}"}`;
const numbersIn = (text: string): number[] => [...text.matchAll(/"number":(\d+)/g)].map((match) => Number(match[1]));

test('each hears every line in order, after those of before that it asks for, for longer than anybody may ask', async () => {
  feed.publish([line(1), line(2), line(3)]);
  const [all, some, none] = [await follow(1000), await follow(2), await follow()];
  await new Promise((resolve) => setTimeout(resolve, 500));
  feed.publish([line(4)]);
  feed.publish([line(5), line(6)]);
  await waitUntil('all lines', () => [all, some, none].every(({ heard }) => heard.includes('"number":6')));
  expect(numbersIn(all.heard)).toEqual([1, 2, 3, 4, 5, 6]);
  expect(numbersIn(some.heard)).toEqual([2, 3, 4, 5, 6]);
  expect(numbersIn(none.heard)).toEqual([4, 5, 6]);
  expect(none.heard).toMatch(/^\{"ok":\{"following":true\}\}\n/);
});

test('who stops reading loses the oldest lines, is told how many, and holds nobody up', async () => {
  const [slow, quick] = [await follow(), await follow()];
  slow.socket.pause();
  const count = 20_000;
  for (let number = 1; number <= count; number += 1) {
    feed.publish([line(number)]);
    if (number % 100 === 0) await new Promise((resolve) => setImmediate(resolve));
  }
  await waitUntil('the quick one to hear all', () => quick.heard.includes(`"number":${String(count)}`));
  expect(numbersIn(quick.heard)).toHaveLength(count);
  slow.socket.resume();
  await waitUntil('the slow one to hear the last', () => slow.heard.includes(`"number":${String(count)}`));
  const lost = [...slow.heard.matchAll(/^\{"lost":(\d+)\}$/gm)].map((match) => Number(match[1]));
  const numbers = numbersIn(slow.heard);
  expect(lost).toHaveLength(1);
  expect(numbers.length + (lost[0] ?? 0)).toBe(count);
  expect([...numbers].sort((a, b) => a - b)).toEqual(numbers);
  // The gap is one, and stands where the line says.
  const [before, after] = slow.heard.split(/^\{"lost":\d+\}$/m).map(numbersIn);
  expect((after?.[0] ?? 0) - (before?.at(-1) ?? 0)).toBe((lost[0] ?? 0) + 1);
});

test('one more than there is room for is told so, until one leaves', async () => {
  const eight = [];
  for (let number = 0; number < 8; number += 1) eight.push(await follow());
  const ninth = await follow();
  expect(JSON.parse(ninth.heard)).toEqual({
    error: expect.stringMatching(/^8 readers follow .* end one of them/) as string,
  });
  await waitUntil('the ninth to be let go', () => ninth.isClosed);
  const end = await followDaemon(folder, { last: 0, signal: new AbortController().signal, onLine: () => undefined });
  expect(end).toMatchObject({ kind: 'refused' });
  eight[0]?.socket.destroy();
  let later = await follow();
  for (let turn = 0; turn < 50 && later.heard.includes('error'); turn += 1) later = await follow();
  expect(later.heard).toContain('following');
});

test.each([
  ['ends its half', (socket: Socket) => socket.end()],
  ['writes anything more', (socket: Socket) => socket.write('{')],
  ['floods', (socket: Socket) => socket.write(Buffer.alloc(4_000_000))],
])('who %s is let go', async (_, act) => {
  const follower = await follow();
  act(follower.socket);
  await waitUntil('it to be let go', () => follower.isClosed);
  feed.publish([line(1)]);
  expect((await follow(1)).heard).toContain('following');
});
