import { connect, createServer, type Server, type Socket } from 'node:net';
import { PassThrough } from 'node:stream';
import { afterEach, expect, test } from 'vitest';
import { joinPipes } from '../../../../client/session/pipe.ts';

let server: Server | undefined;
afterEach(() => server?.close());

/** A connection to a server that does this with its end. */
const connected = async (serve: (socket: Socket) => void): Promise<Socket> => {
  const listening = createServer({ allowHalfOpen: true }, serve);
  server = listening;
  await new Promise<void>((resolve) => listening.listen(0, '127.0.0.1', resolve));
  const address = listening.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  const socket = connect({ port: address.port, host: '127.0.0.1', allowHalfOpen: true });
  await new Promise((resolve) => socket.once('connect', resolve));
  return socket;
};

const textOf = (stream: PassThrough): (() => string) => {
  const pieces: Buffer[] = [];
  stream.on('data', (piece: Buffer) => pieces.push(piece));
  return () => Buffer.concat(pieces).toString();
};

test('both ways to their ends', async () => {
  const socket = await connected((peer) => peer.pipe(peer));
  const [input, output] = [new PassThrough(), new PassThrough()];
  const text = textOf(output);
  input.end('there and back');
  expect(await joinPipes(input, output, socket)).toBeUndefined();
  expect(text()).toBe('there and back');
  expect(socket.destroyed).toBe(true);
});

test('a connection that is reset is an error, at whatever time it was', async () => {
  const socket = await connected((peer) => peer.once('data', () => peer.resetAndDestroy()));
  const input = new PassThrough();
  input.write('x');
  const reset = joinPipes(input, new PassThrough().resume(), socket);
  expect(await reset).toMatchObject({ code: 'ECONNRESET' });
  expect(await joinPipes(new PassThrough(), new PassThrough(), socket)).toMatchObject({ code: 'ECONNRESET' });
});

test('a reader who has gone is none', async () => {
  const socket = await connected((peer) => {
    peer.on('error', () => undefined);
    peer.write('nobody reads this');
  });
  const output = new PassThrough();
  const joined = joinPipes(new PassThrough(), output, socket);
  output.destroy(Object.assign(new Error('write EPIPE'), { code: 'EPIPE', syscall: 'write' }));
  expect(await joined).toBeUndefined();
  expect(socket.destroyed).toBe(true);
});
