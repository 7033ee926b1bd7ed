/** The operator's commands, real ones: what is run, in which order, what the journal says, and what becomes of failures. */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { CommandProgram } from '../../../server/firewall/command.ts';
import { runCommand } from '../../../server/process/command.ts';
import { PendingStore } from '../../../server/store/pending-store.ts';
import { decodePendingLog } from '../../../src/base/pending-log.ts';
import { type Moment, steadyMs, unixMs } from '../../../src/base/units.ts';
import { OPENED } from '../../../src/firewall/command-journal.ts';
import { type CommandPair, parseCommand } from '../../../src/firewall/command-template.ts';
import { NOTHING_WANTED, type Wanted } from '../../../src/firewall/desired.ts';
import type { Opening } from '../../../src/firewall/opening.ts';
import { waitUntil } from '../../support/wait.ts';
import { ip, present, spec } from '../values.ts';

let folder: string;
let shift = 0;
let troubles: string[];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'spad-command-'));
  shift = 0;
  troubles = [];
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const now = (): Moment => ({ wall: unixMs(Date.now()), steady: steadyMs(performance.now() + shift) });

const opening = (address: string, port: string, seconds: number): Opening => ({
  ...spec(port),
  address: ip(address),
  ends: steadyMs(now().steady + seconds * 1000),
});

const wanted = (...openings: readonly Opening[]): Wanted => ({ ...NOTHING_WANTED, openings });

const parse = (text: string, purpose: 'open_command' | 'close_command'): CommandPair['open'] => {
  const command = parseCommand(text, purpose, true);
  if (!command.ok) throw new Error(command.error);
  return command.value;
};

/** Texts for a shell, which writes into the file `done` what it has done. */
const pair = (open: string, close = ''): CommandPair => ({
  open: parse(`${open}\necho open "$SPAD_ADDRESS" "$SPAD_PORTS" >> ${folder}/done`, 'open_command'),
  close: parse(`${close}\necho close "$SPAD_ADDRESS" "$SPAD_PORTS" >> ${folder}/done`, 'close_command'),
});

const programWith = (
  commands: CommandPair | undefined,
  options: { boot?: string; timeout?: number } = {},
): CommandProgram =>
  new CommandProgram({
    ...{ commands, user: undefined, timeout: options.timeout ?? 5000, boot: options.boot ?? 'one', now },
    journal: new PendingStore(join(folder, 'opens.log'), OPENED, 'what is open', (text) => troubles.push(text)),
    onTrouble: (text) => troubles.push(text),
  });

const done = (): string[] =>
  existsSync(join(folder, 'done')) ? readFileSync(join(folder, 'done'), 'utf8').trimEnd().split('\n') : [];

/** The openings that a start would find to be open. */
const journalled = (): string[] =>
  decodePendingLog(readFileSync(join(folder, 'opens.log'), 'utf8'), OPENED).pending.map(({ id }) => id);

const ssh = (seconds = 60, address = '192.0.2.9'): Opening => opening(address, 'tcp/22', seconds);

describe('an opening', () => {
  test('is in the journal before its command runs, and goes when it has ended', async () => {
    const program = programWith(pair(`cp ${folder}/opens.log ${folder}/seen`));
    await program.change({ close: [], open: [ssh(0.3)] });
    expect(readFileSync(join(folder, 'seen'), 'utf8')).toContain('"sure":false');
    expect(journalled()).toEqual(['192.0.2.9 tcp/22']);
    await waitUntil('the close', () => done().length === 2);
    expect(done()).toEqual(['open 192.0.2.9 22', 'close 192.0.2.9 22']);
    await waitUntil('the journal to know', () => journalled().length === 0);
  });

  test('of an address runs after what was closed for it; addresses do not wait for each other', async () => {
    const slow = `[ "$SPAD_ADDRESS" = 192.0.2.1 ] && sleep 0.4`;
    const program = programWith(pair('', slow));
    const [first, second] = [ssh(60, '192.0.2.1'), ssh(60, '192.0.2.2')];
    await program.change({ close: [], open: [first, second] });
    const both = program.change({ close: [first], open: [opening('192.0.2.1', 'tcp/80', 60)] });
    const other = program.change({ close: [second], open: [] });
    await other;
    expect(done().slice(2)).toEqual(['close 192.0.2.2 22']);
    await both;
    expect(done().slice(3)).toEqual(['close 192.0.2.1 22', 'open 192.0.2.1 80']);
  });

  test('that fails says why and is not open; the same is not tried again at once', async () => {
    const program = programWith(pair('echo "  no such gate" >&2; echo more >&2; exit 3'));
    const told = 'open_command for 192.0.2.9 tcp/22: status 3: no such gate';
    await expect(program.change({ close: [], open: [ssh()] })).rejects.toThrow(told);
    expect(journalled()).toEqual([]);
    await expect(program.install(wanted(ssh()), false)).rejects.toThrow(told);
    expect(done()).toEqual([]);
    shift = 6000;
    await expect(program.install(wanted(ssh()), false)).rejects.toThrow(told);
  });

  test('does not keep others from opening', async () => {
    const program = programWith(pair('[ "$SPAD_ADDRESS" != 192.0.2.1 ] || exit 1'));
    const open = [1, 2, 3].map((last) => ssh(60, `192.0.2.${String(last)}`));
    await expect(program.change({ close: [], open })).rejects.toThrow('192.0.2.1 tcp/22: status 1');
    expect(journalled()).toEqual(['192.0.2.2 tcp/22', '192.0.2.3 tcp/22']);
  });

  test('that takes too long is ended with all it has started, and closed, for it may have opened', async () => {
    const program = programWith(pair('sleep 30 & sleep 30'), { timeout: 300 });
    const begin = performance.now();
    await expect(program.change({ close: [], open: [ssh()] })).rejects.toThrow('took longer than 0.3 s');
    expect(performance.now() - begin).toBeLessThan(5000);
    expect(done()).toEqual(['close 192.0.2.9 22']);
    expect(journalled()).toEqual([]);
  });

  test('that is extended is closed later; its command runs again where it says how long', async () => {
    for (const [text, runs] of [
      ['', 1],
      [`echo "$SPAD_SECONDS" >> ${folder}/seconds`, 2],
    ] as const) {
      rmSync(join(folder, 'done'), { force: true });
      const program = programWith(pair(text));
      const [before, after] = [ssh(30), ssh(90)];
      await program.change({ close: [], open: [before] });
      await program.change({ close: [before], open: [after] });
      expect(done()).toEqual(Array.from({ length: runs }, () => 'open 192.0.2.9 22'));
      await program.remove();
    }
    expect(readFileSync(join(folder, 'seconds'), 'utf8')).toBe('30\n90\n');
  });

  test('runs at most eight commands at once', async () => {
    const program = programWith(
      pair(
        `mkdir -p ${folder}/now; touch ${folder}/now/$$; ls ${folder}/now | wc -l >> ${folder}/counts; sleep 0.15; rm ${folder}/now/$$`,
      ),
    );
    await program.change({
      close: [],
      open: Array.from({ length: 30 }, (_, last) => ssh(60, `192.0.2.${String(last)}`)),
    });
    const counts = readFileSync(join(folder, 'counts'), 'utf8').trim().split('\n').map(Number);
    expect(counts).toHaveLength(30);
    expect(Math.max(...counts)).toBeLessThanOrEqual(8);
    expect(Math.max(...counts)).toBeGreaterThan(4);
  });
});

describe('a close', () => {
  test('is not held up by another address that takes its time to open', async () => {
    const program = programWith(pair('case "$SPAD_ADDRESS" in 192.0.2.1?) sleep 2;; esac'));
    await program.change({ close: [], open: [ssh(0.5)] });
    const slow = program.change({
      close: [],
      open: Array.from({ length: 9 }, (_, last) => ssh(60, `192.0.2.1${String(last)}`)),
    });
    const begin = performance.now();
    await waitUntil('the close', () => done().includes('close 192.0.2.9 22'));
    expect(performance.now() - begin).toBeLessThan(1500);
    await slow;
  });

  test('that fails is told, tried again, and stays in the journal until it works', async () => {
    const program = programWith(pair('', `[ -e ${folder}/works ] || { echo stuck >&2; exit 1; }`));
    const open = ssh();
    await program.change({ close: [], open: [open] });
    await program.change({ close: [open], open: [] });
    expect(troubles).toEqual(['close_command for 192.0.2.9 tcp/22: status 1: stuck; trying again']);
    expect(journalled()).toEqual(['192.0.2.9 tcp/22']);
    writeFileSync(join(folder, 'works'), '');
    await waitUntil('another try', () => done().includes('close 192.0.2.9 22'));
    await waitUntil('the journal to know', () => journalled().length === 0);
    expect(troubles).toHaveLength(1);
  });
});

describe('the next start', () => {
  const leave = async (...openings: readonly Opening[]): Promise<void> => {
    await programWith(pair('')).change({ close: [], open: openings });
    rmSync(join(folder, 'done'));
  };

  test('closes what is not wanted any more, and makes anew what is', async () => {
    const stays = ssh(60, '192.0.2.1');
    await leave(stays, ssh(60, '192.0.2.2'));
    await programWith(pair('')).install(wanted(stays), true);
    expect(done().sort()).toEqual(['close 192.0.2.1 22', 'close 192.0.2.2 22', 'open 192.0.2.1 22']);
    expect(journalled()).toEqual(['192.0.2.1 tcp/22']);
  });

  test('closes by the command that it was opened with, and without a configuration', async () => {
    await leave(ssh());
    const other = { open: parse('true', 'open_command'), close: parse('false', 'close_command') };
    await programWith(other).install(wanted(), true);
    expect(done()).toEqual(['close 192.0.2.9 22']);
    await leave(ssh());
    await programWith(undefined).remove();
    expect(done()).toEqual(['close 192.0.2.9 22']);
  });

  test('of the machine tries once to close what is most likely gone', async () => {
    await programWith(pair('', 'exit 1')).change({ close: [], open: [ssh()] });
    await programWith(pair(''), { boot: 'two' }).install(wanted(), true);
    expect(journalled()).toEqual([]);
    expect(troubles).toEqual([]);
  });
});

test('what forwards is refused, and opened nowhere', async () => {
  const forwarding = { to: ip('10.0.0.5'), port: undefined, source: 'client' } as const;
  const program = programWith(pair(''));
  await expect(program.change({ close: [], open: [{ ...ssh(), forwarding }] })).rejects.toThrow('cannot do');
  expect(done()).toEqual([]);
});

test('without a journal nothing is opened', async () => {
  const journal = new PendingStore('/dev/null/opens.log', OPENED, 'what is open', () => undefined);
  const program = new CommandProgram({
    ...{ commands: pair(''), user: undefined, timeout: 1000, boot: '', now, journal, onTrouble: () => undefined },
  });
  await expect(program.change({ close: [], open: [ssh()] })).rejects.toThrow('would not be remembered');
  expect(done()).toEqual([]);
});

describe('how a command ends', () => {
  const run = (text: string): ReturnType<typeof runCommand> =>
    runCommand(['/bin/sh', '-c', text], { VALUE: 'a b; "c"' }, { uid: undefined, gid: undefined }, 2000);

  test.each([
    ['exit 0', true, 'status 0'],
    ['printf "\\n one \\ntwo\\n" >&2; exit 4', false, 'status 4: one'],
    ['kill -9 $$', false, 'ended by SIGKILL'],
    ['[ "$VALUE" = "a b; \\"c\\"" ] || exit 9', true, 'status 0'],
  ])('%s', async (text, ok, how) => {
    expect(await run(text)).toMatchObject({ ok, how });
  });

  test('a program that is not there has ended, too', async () => {
    const end = await runCommand(['/no/such'], {}, { uid: undefined, gid: undefined }, 1000);
    expect(end).toMatchObject({ ok: false, isWhole: true });
    expect(end.how).toContain('ENOENT');
  });

  test('a child that it leaves behind does not hold it up, nor what it has to say fill us', async () => {
    const begin = performance.now();
    expect(await run('sleep 5 & echo hello >&2')).toMatchObject({ ok: true });
    expect(performance.now() - begin).toBeLessThan(2000);
    const { how } = await run('head -c 3000000 /dev/zero | tr "\\0" x >&2; exit 1');
    expect(present(how).length).toBeLessThan(400);
  });
});
