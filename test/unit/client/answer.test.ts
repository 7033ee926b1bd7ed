import { getEventListeners } from 'node:events';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { type Answer, type Asking, askUntilAnswered } from '../../../client/answer.ts';
import type { UdpRoute } from '../../../client/io.ts';
import { unixMs } from '../../../src/base/units.ts';
import { FAKE_NOW, networkError } from './fake-io.ts';
import { OPENED, REPLY_KEY, replyOf } from './fake-server.ts';

beforeEach(() => void vi.useFakeTimers({ now: FAKE_NOW }));
afterEach(() => void vi.useRealTimers());

/** A datagram for each try: what a packet says is no business of whoever waits for the answer. */
const datagramOf = (attempt: number): Uint8Array => new Uint8Array(176).fill(attempt + 1);

class Stage {
  readonly sentAt: number[] = [];
  readonly triedAgainAfter: number[] = [];
  answer: Answer | undefined;
  error: unknown;
  sendErrors: (Error | undefined)[] = [];
  #hear: (datagram: Uint8Array) => void = () => undefined;

  readonly route: UdpRoute = {
    localAddress: '192.168.1.5',
    send: () => {
      const error = this.sendErrors.shift();
      if (error !== undefined) return Promise.reject(error);
      this.sentAt.push(Date.now() - FAKE_NOW);
      return Promise.resolve();
    },
    listen: (hear) => {
      this.#hear = hear;
    },
    wasRefused: () => false,
    close: () => undefined,
  };

  hear(...datagrams: readonly Uint8Array[]): void {
    for (const datagram of datagrams) this.#hear(datagram);
  }

  async begin(more: Partial<Asking> = {}): Promise<void> {
    const asking: Asking = {
      ...{ makePacket: datagramOf, replyKey: REPLY_KEY, limitMs: 5000, now: () => unixMs(Date.now()) },
      onTryAgain: (after) => void this.triedAgainAfter.push(after),
      ...more,
    };
    askUntilAnswered(this.route, asking).then(
      (answer) => (this.answer = answer),
      (error: unknown) => (this.error = error),
    );
    await this.pass(0);
  }

  /** `ms` milliseconds pass. */
  async pass(ms: number): Promise<void> {
    await vi.advanceTimersByTimeAsync(ms);
  }
}

describe('when packets are sent', () => {
  test('at 0, 1 and 3 s, and given up at 5 s', async () => {
    const stage = new Stage();
    await stage.begin();
    await stage.pass(4999);
    expect(stage.answer).toBeUndefined();
    await stage.pass(1);
    expect(stage.answer).toEqual({ kind: 'silent', packets: 3 });
    expect(stage.sentAt).toEqual([0, 1000, 3000]);
    expect(stage.triedAgainAfter).toEqual([1, 3]);
  });

  test.each([
    [1000, [0]],
    [20_000, [0, 1000, 3000, 7000, 15_000]],
  ])('within %i ms', async (limitMs, sentAt) => {
    const stage = new Stage();
    await stage.begin({ limitMs });
    await stage.pass(limitMs);
    expect(stage.sentAt).toEqual(sentAt);
    expect(stage.answer).toEqual({ kind: 'silent', packets: sentAt.length });
  });

  test('no more once there is an answer', async () => {
    const stage = new Stage();
    await stage.begin();
    stage.hear(replyOf(datagramOf(0)));
    await stage.pass(60_000);
    expect(stage.answer).toMatchObject({ kind: 'answered', packets: 1, aheadMs: 0, reply: { outcome: OPENED } });
    expect(stage.sentAt).toEqual([0]);
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe('what counts as an answer', () => {
  test('one to any of the packets', async () => {
    const stage = new Stage();
    await stage.begin();
    await stage.pass(1000);
    stage.hear(replyOf(datagramOf(0), { status: 'closed' }));
    await stage.pass(0);
    expect(stage.answer).toMatchObject({ kind: 'answered', packets: 2, reply: { outcome: { status: 'closed' } } });
  });

  test('nothing else that comes', async () => {
    const stage = new Stage();
    await stage.begin();
    const altered = replyOf(datagramOf(0));
    altered[100] = 255 - (altered[100] ?? 0);
    const other = replyOf(datagramOf(7));
    const longer = new Uint8Array([...replyOf(datagramOf(0)), 0]);
    stage.hear(altered, other, longer, new Uint8Array(0), new Uint8Array(176), datagramOf(0));
    await stage.pass(500);
    expect(stage.answer).toBeUndefined();
    stage.hear(replyOf(datagramOf(0)));
    await stage.pass(0);
    expect(stage.answer).toMatchObject({ kind: 'answered', packets: 1 });
  });

  test("and what the server's clock says beside ours, half of the way being there", async () => {
    const stage = new Stage();
    await stage.begin();
    await stage.pass(400);
    stage.hear(replyOf(datagramOf(0), OPENED, { time: unixMs(FAKE_NOW + 200 + 97_000) }));
    await stage.pass(0);
    expect(stage.answer).toMatchObject({ aheadMs: 97_000 });
  });
});

describe('a signal that ends it', () => {
  test('is as silence, and no packet goes out after it', async () => {
    const [stage, ending] = [new Stage(), new AbortController()];
    await stage.begin({ signal: ending.signal });
    await stage.pass(1000);
    ending.abort();
    await stage.pass(60_000);
    expect(stage.answer).toEqual({ kind: 'silent', packets: 2 });
    expect(stage.sentAt).toEqual([0, 1000]);
  });

  test('which lives longer than the asking is listened to no more', async () => {
    const [stage, { signal }] = [new Stage(), new AbortController()];
    await stage.begin({ signal });
    expect(getEventListeners(signal, 'abort')).toHaveLength(1);
    stage.hear(replyOf(datagramOf(0)));
    await stage.pass(0);
    expect(getEventListeners(signal, 'abort')).toHaveLength(0);
  });
});

describe('what cannot be sent', () => {
  test('the first packet: the error of the system', async () => {
    const stage = new Stage();
    stage.sendErrors = [networkError('ENETUNREACH')];
    await stage.begin();
    expect(stage.error).toMatchObject({ code: 'ENETUNREACH' });
    expect(vi.getTimerCount()).toBe(0);
  });

  test('a later one is as good as lost', async () => {
    const stage = new Stage();
    stage.sendErrors = [undefined, networkError('ENETUNREACH')];
    await stage.begin();
    await stage.pass(3000);
    stage.hear(replyOf(datagramOf(2)));
    await stage.pass(0);
    expect(stage.answer).toMatchObject({ kind: 'answered' });
    expect(stage.sentAt).toEqual([0, 3000]);
  });

  test('a bug is not hidden', async () => {
    const stage = new Stage();
    stage.sendErrors = [undefined, new TypeError('a bug')];
    await stage.begin();
    await stage.pass(1000);
    expect(stage.error).toBeInstanceOf(TypeError);
    expect(vi.getTimerCount()).toBe(0);
  });
});
