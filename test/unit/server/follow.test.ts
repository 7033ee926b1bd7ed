/** Who follows the audit lines, beside a daemon that is made up. */
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { CONTROL_SOCKET } from '../../../server/control/client.ts';
import { followDaemon, type FollowEnd } from '../../../server/control/follow.ts';

let folder = '';
let server: Server | undefined;
let sockets: Socket[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'spad-test-'));
  sockets = [];
});
afterEach(() => {
  for (const socket of sockets) socket.destroy();
  server?.close();
  rmSync(folder, { recursive: true });
});

/** A daemon that says these pieces to whoever comes. */
const daemon = (pieces: readonly (string | Buffer)[]): Promise<void> =>
  new Promise((resolve) => {
    server = createServer((socket) => {
      sockets.push(socket);
      socket.on('error', () => undefined);
      for (const piece of pieces) socket.write(piece);
    }).listen(join(folder, CONTROL_SOCKET), () => resolve());
  });

const follow = (signal: AbortSignal, onLine: (line: string) => void = () => undefined): Promise<FollowEnd> =>
  followDaemon(folder, { last: 0, signal, onLine });

const FOLLOWING = '{"ok":{"following":true}}\n';

describe('following', () => {
  test('told to end before it has begun, it does not begin', async () => {
    await daemon([FOLLOWING]);
    expect(await follow(AbortSignal.abort())).toEqual({ kind: 'gone' });
  });

  test('lines come whole, however they are cut', async () => {
    const controller = new AbortController();
    const lines: string[] = [];
    const bytes = Buffer.from(`${FOLLOWING}{"a":"é"}\n\n{"b":2}\n`);
    await daemon(Array.from({ length: bytes.length }, (_, at) => bytes.subarray(at, at + 1)));
    await follow(controller.signal, (line) => {
      lines.push(line);
      if (lines.length === 3) controller.abort();
    });
    expect(lines).toEqual(['{"a":"é"}', '', '{"b":2}']);
  });

  test('a line without end ends it, and is not held', async () => {
    await daemon([FOLLOWING, 'x'.repeat(3 * 1024 * 1024)]);
    expect(await follow(new AbortController().signal)).toEqual({ kind: 'gone' });
  });

  test('a refusal is told, and that nobody is there', async () => {
    expect(await follow(new AbortController().signal)).toEqual({ kind: 'not-running' });
    await daemon(['{"error":"no room"}\n']);
    const refused = follow(new AbortController().signal);
    await expect.poll(() => sockets.length).toBe(1);
    sockets[0]?.end();
    expect(await refused).toEqual({ kind: 'refused', sentence: 'no room' });
  });
});
