/** Grants that have ended and stay cut, until the ports are asked for again or there is no room. */
import { describe, expect, test } from 'vitest';
import { steadyMs } from '../../../src/base/units.ts';
import { CutBook } from '../../../src/grant/cut-book.ts';
import { grantOf, ip, ports } from '../values.ts';

const ids = (grants: readonly { readonly id: string }[]): string[] => grants.map(({ id }) => id).sort();
const bookOf = (capacity: number, ...grants: readonly ReturnType<typeof grantOf>[]): CutBook => {
  const book = new CutBook(capacity);
  for (const grant of grants) book.add(grant);
  return book;
};

const ssh = grantOf('192.0.2.9', 'tcp/22-30', 1000, { id: 'ssh' });
const web = grantOf('192.0.2.9', 'tcp/80', 2000, { id: 'web' });
const other = grantOf('192.0.2.8', 'tcp/22', 3000, { id: 'other' });

describe('a book of cuts', () => {
  test('has what is put in, by address', () => {
    const book = bookOf(10, ssh, web, other);
    expect(ids(book.all())).toEqual(['other', 'ssh', 'web']);
    expect(book.addresses()).toHaveLength(2);
    expect(ids(book.at(ip('192.0.2.9')))).toEqual(['ssh', 'web']);
    expect(book.at(ip('192.0.2.7'))).toEqual([]);
  });

  test('lets the oldest go where there is no room', () => {
    const book = bookOf(2, ssh, web);
    expect(ids(book.add(other))).toEqual(['ssh']);
    expect(ids(book.all())).toEqual(['other', 'web']);
  });

  test('holds what is the same once, and says which is gone', () => {
    const book = bookOf(10, ssh);
    const again = { ...ssh, id: 'again', ends: steadyMs(5000) };
    expect(ids(book.add(again))).toEqual(['ssh']);
    expect(ids(book.all())).toEqual(['again']);
    expect(book.add(again)).toEqual([]);
  });

  test('forgets what has not ended after all, and what is long past', () => {
    const book = bookOf(10, ssh, web, other);
    book.forget(web);
    expect(ids(book.expire(steadyMs(1000)))).toEqual(['ssh']);
    expect(ids(book.all())).toEqual(['other']);
  });

  test('lifts the cut from ports: a grant of them alone ends, of another the rest stays', () => {
    const book = bookOf(10, ssh, web, other);
    const { before, events } = book.lift(ip('192.0.2.9'), ports('tcp/22 tcp/80'));
    expect(ids(before)).toEqual(['ssh', 'web']);
    const left = { ...ssh, ports: ports('tcp/23-30') };
    expect(events).toEqual([
      { kind: 'open', grant: left },
      { kind: 'cut', id: 'ssh' },
      { kind: 'end', id: 'web' },
    ]);
    expect(book.at(ip('192.0.2.9'))).toEqual([left]);
    expect(ids(book.at(ip('192.0.2.8')))).toEqual(['other']);
    expect(book.lift(ip('192.0.2.9'), ports('udp/23')).events).toEqual([]);
  });
});
