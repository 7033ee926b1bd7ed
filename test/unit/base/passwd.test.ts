import { expect, test } from 'vitest';
import { accountIn } from '../../../src/base/passwd.ts';

const FILE = `root:x:0:0:root:/root:/bin/bash
nobody2:x:7:8::/:/bin/false
nobody:x:65534:65533:nobody:/nonexistent:/usr/sbin/nologin
nobody:x:1:1:another:/:/bin/sh
half:x:12::::
odd:x:-1:1e3:::
short
`;

test('the first user of the whole name, with the number of its group', () => {
  expect(accountIn(FILE, 'nobody')).toEqual({ uid: 65534, gid: 65533 });
  expect(accountIn(FILE, 'root')).toEqual({ uid: 0, gid: 0 });
});

test.each(['nobod', 'half', 'odd', 'short', ''])(
  'none where there is no such row, or it has no numbers: "%s"',
  (name) => {
    expect(accountIn(FILE, name)).toBeUndefined();
  },
);
