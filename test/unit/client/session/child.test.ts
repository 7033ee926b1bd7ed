import { expect, test } from 'vitest';
import { runChild } from '../../../../client/session/child.ts';

test.each([
  ['is not there', ['no-such-command-at-all'], 127, 'there is no such command'],
  [
    'is below a file, which the system tells in another way',
    ['/etc/passwd/command'],
    126,
    'it cannot be run (ENOTDIR)',
  ],
  ['is a file that may not be run', ['/etc/passwd'], 126, 'it cannot be run (EACCES)'],
  ['has more words than the system takes', ['true', 'x'.repeat(4_000_000)], 126, 'it cannot be run (E2BIG)'],
])('a command that %s: what shells say, in one sentence', async (_, words, shellCode, piece) => {
  await expect(runChild(words)).rejects.toMatchObject({
    shellCode,
    message: expect.stringContaining(piece) as string,
  });
});

test('the exit code is that of the command', async () => {
  expect(await runChild(['sh', '-c', 'exit 9'])).toBe(9);
});
