/** What the kernel tells of interfaces, here by a socket that says what it is told to say. */
import { describe, expect, test } from 'vitest';
import { LinkNews } from '../../../server/process/link-watch.ts';

const socketOf = (answers: (Uint8Array | 'lost' | undefined)[]) => {
  let last: Uint8Array | 'lost' | undefined;
  return {
    send: () => true,
    receive: () => {
      last = answers.shift();
      return last === 'lost' ? undefined : last;
    },
    hasLost: () => last === 'lost',
  };
};
const message = new Uint8Array(16);

describe('news of interfaces', () => {
  test('what has come since the last time counts once, however much it is', () => {
    const news = new LinkNews(() => socketOf([undefined, message, message, undefined, undefined, message]));
    expect([news.count(), news.count(), news.count(), news.count()]).toEqual([0, 1, 1, 2]);
  });

  test('messages that were lost are news, and what lies behind them is read', () => {
    const news = new LinkNews(() => socketOf(['lost', message, undefined, undefined]));
    expect([news.count(), news.count()]).toEqual([1, 1]);
  });

  test('without a socket there is always news', () => {
    const news = new LinkNews(() => {
      throw new Error('no netlink socket');
    });
    expect([news.count(), news.count(), news.count()]).toEqual([1, 2, 3]);
  });
});
