import { expect, test } from 'vitest';
import { Backlog } from '../../../server/backlog.ts';
import { packet } from './packets.ts';

const numbers = (backlog: Backlog): (number | string)[] => {
  const taken: (number | string)[] = [];
  for (let input = backlog.take(); input !== undefined; input = backlog.take())
    taken.push(input.kind === 'candidate' ? input.candidate.client : input.kind);
  return taken;
};

test('first come, first served', () => {
  const backlog = new Backlog(10);
  for (const number of [1, 2, 3]) backlog.push(packet(number));
  expect(backlog.length).toBe(3);
  expect(numbers(backlog)).toEqual([1, 2, 3]);
  expect(backlog.length).toBe(0);
  expect(backlog.takeShed()).toBe(0);
});

test('beyond its room the oldest packet goes, and is counted once', () => {
  const backlog = new Backlog(3);
  for (const number of [1, 2, 3, 4, 5]) backlog.push(packet(number));
  expect(backlog.takeShed()).toBe(2);
  expect(backlog.takeShed()).toBe(0);
  expect(numbers(backlog)).toEqual([3, 4, 5]);
});

test('what is rare takes no room and never goes', () => {
  const backlog = new Backlog(2);
  backlog.push({ kind: 'stop' });
  for (const number of [1, 2, 3]) backlog.push(packet(number));
  backlog.push({ kind: 'reload-failed', message: '' });
  backlog.push(packet(4));
  expect(backlog.takeShed()).toBe(2);
  expect(numbers(backlog)).toEqual(['stop', 3, 'reload-failed', 4]);
});

test('room that was left is there again, after any number', () => {
  const backlog = new Backlog(100);
  for (let number = 0; number < 10_000; number += 1) {
    backlog.push(packet(number));
    backlog.push(packet(number));
    expect(backlog.take()).toEqual(packet(number));
    expect(backlog.take()).toEqual(packet(number));
  }
  for (let number = 0; number < 10_000; number += 1) backlog.push(packet(number));
  expect(backlog.takeShed()).toBe(9900);
  expect(numbers(backlog)).toEqual(Array.from({ length: 100 }, (_, index) => 9900 + index));
});
