import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { run } from '../../../client/run.ts';
import { sealCode } from '../../../src/spa/native/code.ts';
import { codeChecks, formatCode } from '../../../src/spa/native/code-text.ts';
import { temporaryFolder } from '../keys/folder.ts';
import { requestOf, secretOf } from '../values.ts';
import { fakeIo, type FakeWorld, networkError, type Seen } from './fake-io.ts';

const datagram = sealCode(3, requestOf({}), secretOf(1), 'gw1');
const code = formatCode(datagram);
const world: FakeWorld = { names: { gw: [{ address: '192.0.2.1', family: 4 }] } };

const runWith = async (words: readonly string[], more: FakeWorld = {}): Promise<Seen & { code: number }> => {
  const io = fakeIo({ ...world, ...more });
  return { ...io, code: await run(words, io) };
};

describe('a code', () => {
  test.each([
    ['gw', '192.0.2.1', 62_201],
    ['gw:1234', '192.0.2.1', 1234],
    ['192.0.2.7:62201', '192.0.2.7', 62_201],
    ['2001:db8::7', '2001:db8::7', 62_201],
    ['[2001:db8::7]:99', '[2001:db8::7]', 99],
  ])('goes to %s as it is', async (place, lookedUp, port) => {
    const family = place.includes('db8') ? 6 : 4;
    const ran = await runWith(['--code', code, place], {
      names: { ...world.names, [lookedUp]: [{ address: '192.0.2.1', family }] },
    });
    expect(ran.stderr()).toBe('');
    expect(ran.code).toBe(0);
    expect(ran.lookups).toEqual([place.startsWith('gw') ? 'gw' : lookedUp]);
    expect(ran.sent).toEqual([{ to: { address: '192.0.2.1', family }, port, datagram }]);
    expect(ran.openSockets()).toBe(0);
  });

  test('says what its lines check as, and that it asks for no answer', async () => {
    const ran = await runWith(['--code', code, '-p', '99', 'gw']);
    expect(ran.stdout()).toBe(
      `the lines of the code check as ${codeChecks(code).join(' ')}; the sheet must say the same\n` +
        'sent 176 bytes to 192.0.2.1:99; a code asks for no answer\n' +
        'a code opens once: where the port stays shut, try again, then take the next one\n',
    );
  });

  test('comes from standard input, and is not waited for longer than it takes', async () => {
    const endless = [code.slice(0, 100), '\n', `${code.slice(100)}\n`, 'more'];
    const ran = await runWith(['--code', '-', 'gw'], { input: endless, onTerminal: true });
    expect(ran.sent[0]?.datagram).toEqual(datagram);
    expect(ran.stderr()).toContain('type or paste the code');
  });

  test('comes from a file', async () => {
    const file = join(temporaryFolder(), 'code');
    writeFileSync(file, code.replace(/(.{59})/g, '$1\n'));
    expect((await runWith(['--code-file', file, 'gw'])).sent[0]?.datagram).toEqual(datagram);
    const missing = await runWith(['--code-file', `${file}.no`, 'gw']);
    expect([missing.code, missing.stderr()]).toEqual([1, expect.stringContaining('no such file')]);
  });

  test('is not sent with --dry-run', async () => {
    const ran = await runWith(['--code', code, '--dry-run', '-v', 'gw']);
    expect(ran.stdout()).toContain('would send 176 bytes to 192.0.2.1:62201; nothing was sent');
    expect(ran.sent).toEqual([]);
  });

  test('that cannot leave says why', async () => {
    const unroutable = { '192.0.2.1': networkError('ENETUNREACH') };
    const ran = await runWith(['--code', code, 'gw'], { unroutable });
    expect([ran.code, ran.stderr()]).toEqual([1, expect.stringContaining('there is no route to 192.0.2.1:62201')]);
    const refused = await runWith(['--code', code, 'gw'], { sendError: networkError('EPERM') });
    expect([refused.code, refused.stderr()]).toEqual([1, expect.stringContaining('own firewall')]);
    expect(refused.openSockets()).toBe(0);
    expect((await runWith(['--code', code, 'gw'], { refused: true })).stderr()).toContain('no program listens');
  });
});

describe('is refused, and nothing is sent:', () => {
  const half = code.slice(0, 99);
  test.each<readonly [string, readonly string[], string]>([
    ['half a code', ['--code', half, 'gw'], 'this is no emergency code: it has 99 letters where a code has 235'],
    ['no code', ['--code', '-', 'gw'], 'this is no emergency code: it is empty'],
    ['no host', ['--code', code], 'name the HOST or HOST:PORT that the code is for'],
    ['a code in pieces', ['--code', 'abc', 'def', 'gw'], 'a code with blanks in it must be in quotes'],
    ['two codes', ['--code', code, '--code-file', '/x', 'gw'], '--code and --code-file exclude each other'],
    ['two families', ['--code', code, '-4', '-6', 'gw'], '--ipv4 and --ipv6 exclude each other'],
    ['what is chosen already', ['--code', code, '-A', 'tcp/22', 'gw'], '--access does not go with a code'],
    ['a wait', ['--code', code, '--wait', 'gw'], '--wait does not go with a code'],
    ['a port that is none', ['--code', code, 'gw:ssh'], 'gw:ssh: write HOST or HOST:PORT'],
    ['another', ['--code', code, '-p', '0', 'gw'], '0: write HOST or HOST:PORT'],
    ['a port without a host', ['--code', code, ':22'], ':22: write HOST or HOST:PORT'],
    ['two ports', ['--code', code, '-p', '1', 'gw:1'], 'gw:1 and --server-port both name a port'],
  ])('%s', async (_, words, sentence) => {
    const ran = await runWith(words);
    expect([ran.code, ran.stderr()]).toEqual([2, expect.stringContaining(sentence)]);
    expect(ran.sent).toEqual([]);
  });

  test('an endless text', async () => {
    const input = new Array<string>(100).fill(' '.repeat(1000));
    expect((await runWith(['--code', '-', 'gw'], { input })).stderr()).toContain('it is empty');
  });
});
