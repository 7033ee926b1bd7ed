/** Asking and trying side by side: what ends it, what is left of it, and what is said. */
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { layCourse } from '../../../../client/course.ts';
import { type Opening, openPort, type OpenWish } from '../../../../client/session/open-port.ts';
import { parseSession } from '../../../../client/session/command-line.ts';
import { sessionTarget } from '../../../../client/session/target.ts';
import type { Attempt, Outcome } from '../../../../client/wait.ts';
import { Trouble } from '../../../../keys/trouble.ts';
import { seconds } from '../../../../src/base/units.ts';
import { type FakeWorld, fakeIo } from '../fake-io.ts';
import { answering, KEY, OPENED } from '../fake-server.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

interface Fate {
  readonly result: Opening<Attempt> | Trouble;
  readonly packets: number;
  /** In ms after the start: when each try began, and when all was over. */
  readonly tries: readonly number[];
  readonly afterMs: number;
}

/** `fate` is what becomes of the tries, the last one's that of all others; each takes 10 ms, a silent one its time. */
const race = async (
  world: FakeWorld,
  fate: readonly Outcome[],
  wish: Partial<OpenWish<Attempt>> = {},
  more = '',
): Promise<Fate> => {
  const io = fakeIo(world);
  const session = parseSession('ready', `--server gw1 --key ${KEY} ${more}192.0.2.1 22`.split(' '));
  if (session === 'help') throw new Error('help');
  const laid = await layCourse(sessionTarget(session, io), session.options, io);
  const started = performance.now();
  const tries: number[] = [];
  let alive = 0;
  const dial = (timeoutMs: number): Attempt => {
    const outcome = fate[tries.length] ?? fate.at(-1) ?? 'silent';
    tries.push(Math.round(performance.now() - started));
    alive += 1;
    let isAlive = true;
    const destroy = (): void => {
      if (isAlive) alive -= 1;
      isAlive = false;
    };
    return {
      outcome: new Promise((resolve) => setTimeout(resolve, outcome === 'silent' ? timeoutMs : 10, outcome)),
      destroy,
    };
  };
  const asked = openPort(
    laid,
    { dial, needs: 'connection', limit: seconds(10), endsRefused: false, screen: undefined, ...wish },
    io,
  );
  const settled = asked.catch((error: unknown) => (error instanceof Trouble ? error : Promise.reject(error as Error)));
  let afterMs = 0;
  void settled.then(() => (afterMs = Math.round(performance.now() - started)));
  await vi.advanceTimersByTimeAsync(12_000);
  const result = await settled;
  expect(alive).toBe('connection' in result && result.connection !== undefined ? 1 : 0);
  expect(vi.getTimerCount()).toBe(0);
  return { result, packets: io.sent.length, tries, afterMs };
};

const opened = { answer: answering() };

test('the answer comes: the port is tried at once, and one packet was enough', async () => {
  expect(await race(opened, ['open'])).toMatchObject({ packets: 1, tries: [0], afterMs: 10 });
});

test('for a grant the answer is enough, and says how long', async () => {
  const { result, tries } = await race(opened, ['open'], { needs: 'grant' });
  expect(tries).toEqual([]);
  expect(result).toEqual({ connection: undefined, leftMs: 30_000 });
});

test('no answer: the port is tried after a while, and tells', async () => {
  const { result, tries, afterMs, packets } = await race({}, ['silent', 'silent', 'open'], { needs: 'grant' });
  expect({ tries, afterMs, packets }).toEqual({ tries: [300, 550, 800], afterMs: 810, packets: 1 });
  expect(result).toMatchObject({ leftMs: undefined });
});

test('where no answer is asked for it is tried sooner', async () => {
  expect((await race({}, ['silent', 'open'], {}, '--no-reply ')).tries).toEqual([20, 270]);
});

test('where no answer is asked for and no port can be tried, one packet is all', async () => {
  const { result, packets, afterMs } = await race({}, [], { dial: undefined, needs: 'grant' }, '--no-reply ');
  expect({ result, packets, afterMs }).toEqual({
    ...{ result: { connection: undefined, leftMs: undefined }, packets: 1, afterMs: 0 },
  });
});

test('packets are lost: more of them, and the answer to the third is soon enough', async () => {
  const answer = (datagram: Uint8Array, index: number) => (index < 2 ? [] : answering()(datagram));
  expect(await race({ answer }, ['open'], { needs: 'grant', dial: undefined })).toMatchObject({
    packets: 3,
    afterMs: 3000,
  });
});

test('a refusal is the end, at once, with 4', async () => {
  const { result, afterMs } = await race({ answer: answering({ status: 'refused', reason: 'port-not-allowed' }) }, []);
  expect(afterMs).toBe(0);
  expect(result).toMatchObject({ exitCode: 4, message: expect.stringContaining('port-not-allowed') as string });
});

test('with --resolve reply a server that wants the address named is asked again for the one that it has seen', async () => {
  const answer = (datagram: Uint8Array, index: number) =>
    answering(index === 0 ? { status: 'refused', reason: 'address-required' } : OPENED)(datagram);
  const asked = await race({ answer }, ['open'], {}, '--resolve reply ');
  expect(asked).toMatchObject({ packets: 2, tries: [0], afterMs: 10 });
  expect(asked.result).toMatchObject({ leftMs: expect.closeTo(30_000, -2) as number });
  expect(await race({ answer }, [])).toMatchObject({ packets: 1, result: { exitCode: 4 } });
});

test('whoever asked may end it, and no packet goes out after that', async () => {
  const ending = new AbortController();
  setTimeout(() => ending.abort(), 1500);
  const ended = await race({}, [], { dial: undefined, needs: 'grant', signal: ending.signal });
  expect(ended).toMatchObject({ packets: 2, afterMs: 1500, result: { exitCode: 3 } });
});

test('open, and nothing listens: for a proxy that is the end, else it may come up', async () => {
  const ended = await race(opened, ['refused'], { endsRefused: true });
  expect(ended).toMatchObject({ afterMs: 10, result: { exitCode: 3 } });
  expect((ended.result as Trouble).message).toContain('no service listens there');
  expect(await race(opened, ['refused', 'refused', 'open'])).toMatchObject({ tries: [0, 250, 500] });
});

test('nothing at all: 3, with the likeliest causes', async () => {
  const { result, afterMs, packets } = await race({}, ['silent']);
  expect({ afterMs, packets }).toEqual({ afterMs: 10_000, packets: 4 });
  expect(result).toMatchObject({ exitCode: 3, message: expect.stringContaining('likeliest:') as string });
});

test('progress is shown on a terminal, and wiped away', async () => {
  const screen = fakeIo({ onTerminal: true });
  await race(opened, ['silent', 'silent', 'open'], { screen });
  expect(screen.stderr()).toContain('open; waiting for tcp/22 … 0.2 s');
  expect(screen.stderr()).toMatch(/\r\u001b\[K$/);
  const pipe = fakeIo({});
  await race(opened, ['silent', 'open'], { screen: pipe });
  expect(pipe.stderr()).toBe('');
});
