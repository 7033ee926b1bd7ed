import { createSocket } from 'node:dgram';
import { lookup } from 'node:dns/promises';
import { createServer } from 'node:net';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { connectOnce } from '../../../client/connect.ts';
import { lookupHost } from '../../../client/resolve-address.ts';
import { openRoute } from '../../../client/send.ts';
import { type Attempt, type Outcome, waitForPort } from '../../../client/wait.ts';

// The real resolver, unless a test says otherwise: no test may depend on name servers.
vi.mock(import('node:dns/promises'), { spy: true });

const LOOPBACK = { address: '127.0.0.1', family: 4 } as const;

/** A TCP port of this host that accepts and ends connections, or `undefined` once closed. */
const listen = async (): Promise<{ readonly port: number; readonly close: () => Promise<void> }> => {
  const server = createServer((socket) => socket.end());
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const close = (): Promise<void> => new Promise((resolve) => server.close(() => resolve()));
  onTestFinished(() => void server.close());
  const address = server.address();
  return { port: typeof address === 'object' && address !== null ? address.port : 0, close };
};

describe('waitForPort', () => {
  test('ends with the first connection that is accepted', async () => {
    const { port } = await listen();
    const result = await waitForPort(
      (timeout) => connectOnce(LOOPBACK, port, timeout),
      5000,
      () => undefined,
    );
    expect(result).toMatchObject({ open: true });
    if (result.open) expect(result.afterMs).toBeLessThan(1000);
  });

  test('tells refusal from silence', async () => {
    const { port, close } = await listen();
    await close();
    const refused = await waitForPort(
      (timeout) => connectOnce(LOOPBACK, port, timeout),
      150,
      () => undefined,
    );
    expect(refused).toEqual({ open: false, refused: true });
    const silent = (): Attempt => ({ outcome: new Promise<Outcome>(() => undefined), destroy: () => undefined });
    expect(await waitForPort(silent, 150, () => undefined)).toEqual({ open: false, refused: false });
  });

  test('tries while earlier tries still wait, and destroys every one', async () => {
    let begun = 0;
    let destroyed = 0;
    const destroy = (): void => {
      destroyed += 1;
    };
    const connect = (): Attempt => {
      begun += 1;
      const outcome = begun === 4 ? Promise.resolve<Outcome>('open') : new Promise<Outcome>(() => undefined);
      return { outcome, destroy };
    };
    const ticks: number[] = [];
    expect(await waitForPort(connect, 5000, (elapsed) => ticks.push(elapsed))).toMatchObject({ open: true });
    expect(begun).toBe(4);
    expect(destroyed).toBeGreaterThanOrEqual(4);
    for (const [index, due] of [20, 50, 100, 350].entries()) expect(ticks[index]).toBeGreaterThanOrEqual(due - 2);
  });

  test('a try ends by itself', async () => {
    const attempt = connectOnce(LOOPBACK, (await listen()).port, 1000);
    expect(await attempt.outcome).toBe('open');
    attempt.destroy();
    attempt.destroy();
  });
});

describe('openRoute', () => {
  test('knows its address before it sends, and sends the bytes', async () => {
    const receiver = createSocket('udp4');
    onTestFinished(() => void receiver.close());
    await new Promise<void>((resolve) => receiver.bind(0, '127.0.0.1', resolve));
    const arrived = new Promise<Uint8Array>((resolve) => receiver.once('message', resolve));
    const route = await openRoute(LOOPBACK, receiver.address().port);
    expect(route.localAddress).toBe('127.0.0.1');
    await route.send(Uint8Array.of(1, 2, 3));
    expect([...(await arrived)]).toEqual([1, 2, 3]);
    expect(route.wasRefused()).toBe(false);
    route.close();
  });

  test('rejects where there is no route', async () => {
    // Connecting sends nothing; a socket may not even be connected to the broadcast address.
    await expect(openRoute({ address: '255.255.255.255', family: 4 }, 9)).rejects.toMatchObject({ syscall: 'connect' });
  });
});

describe('lookupHost', () => {
  test.each([
    ['192.0.2.1', '192.0.2.1', 4],
    ['::ffff:192.0.2.1', '192.0.2.1', 4],
    ['[2001:DB8:0::1]', '2001:db8::1', 6],
    ['fe80::1%lo', 'fe80::1%lo', 6],
  ])('%s is an address already', async (host, address, family) => {
    expect(await lookupHost(host, undefined)).toEqual([{ address, family }]);
  });

  test('refuses an address of the other family', async () => {
    await expect(lookupHost('192.0.2.1', 6)).rejects.toThrow('192.0.2.1 is not an IPv6 address: leave -6 out');
  });

  test('localhost is in every hosts file', async () => {
    expect(await lookupHost('localhost', 4)).toContainEqual(LOOPBACK);
  });

  test.each([
    ['ENOTFOUND', undefined, 'no address is known for "gw.test": check the spelling'],
    ['ENODATA', 6, 'no IPv6 address is known for "gw.test"'],
    ['EAI_AGAIN', undefined, 'the name servers did not answer when asked for "gw.test"'],
  ] as const)('%s in words', async (code, family, sentence) => {
    vi.mocked(lookup).mockRejectedValueOnce(Object.assign(new Error(code), { code, syscall: 'getaddrinfo' }));
    const looked = lookupHost('gw.test', family);
    await expect(looked).rejects.toThrow(sentence);
    await expect(looked).rejects.toMatchObject({ name: 'Trouble', exitCode: 1 });
  });
});
