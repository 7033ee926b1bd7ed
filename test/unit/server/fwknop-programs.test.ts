/** Real programs: who runs, as whom, in which order, and for how long. */
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { FwknopEdge } from '../../../server/fwknop/fwknop-edge.ts';
import { Programs } from '../../../server/fwknop/programs.ts';
import { Turns } from '../../../server/process/turns.ts';
import { identityOf } from '../../../server/process/accounts.ts';
import type { RunProgramEffect } from '../../../src/engine/effect.ts';
import { waitUntil } from '../../support/wait.ts';

let dir = '';
let script = '';

beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'spad-programs-'));
  script = join(dir, 'note.sh');
  writeFileSync(script, '#!/bin/sh\nsleep "$1"; shift; echo "$*" >> "$0.out"\n', { mode: 0o755 });
});

afterAll(() => rmSync(dir, { recursive: true, force: true }));

const effectOf = (
  argv: readonly string[],
  purpose: RunProgramEffect['purpose'] = { kind: 'command' },
): RunProgramEffect => ({
  kind: 'run-program',
  run: { argv, user: undefined, group: undefined },
  stanza: 'alice',
  purpose,
});

const open = (lane: string): RunProgramEffect['purpose'] => ({ kind: 'open', lane, unit: undefined });
const close = (lane: string, id: string): RunProgramEffect['purpose'] => ({ kind: 'close', lane, id });

const recorded = (timeLimit?: number) => {
  const said: string[] = [];
  const programs = new Programs(
    {
      onStarted: ({ run }) => said.push(`+${run.argv.at(-1) ?? ''}`),
      onEnded: ({ run }, failed, how) => said.push(`-${run.argv.at(-1) ?? ''} ${failed ? 'failed' : 'well'}: ${how}`),
    },
    timeLimit,
  );
  return { said, programs };
};

const until = (what: string, said: readonly string[], count: number): Promise<void> =>
  waitUntil(what, () => said.length >= count);

describe('programs', () => {
  test('how they end is told', async () => {
    const { said, programs } = recorded();
    for (const argv of [['true'], ['false'], ['/no/such/program'], ['sh', '-c', 'kill -9 $$']]) {
      programs.run(effectOf(argv));
    }
    await until('four ends', said, 7);
    expect(said.filter((line) => line.startsWith('-')).sort()).toEqual([
      expect.stringMatching(/^-\/no\/such\/program failed: .*ENOENT/),
      '-false failed: status 1',
      '-kill -9 $$ failed: ended by SIGKILL',
      '-true well: status 0',
    ]);
    expect(said).not.toContain('+/no/such/program');
  });

  test('those of a lane run in their order, whatever others do', async () => {
    const { said, programs } = recorded();
    programs.run(effectOf([script, '0.2', 'a1'], open('a')));
    programs.run(effectOf([script, '0', 'a2'], close('a', '1')));
    programs.run(effectOf([script, '0', 'b1'], open('b')));
    await until('six lines', said, 6);
    expect(said.filter((line) => /^.a/.test(line))).toEqual(['+a1', '-a1 well: status 0', '+a2', '-a2 well: status 0']);
    expect(said.indexOf('-b1 well: status 0')).toBeLessThan(said.indexOf('-a1 well: status 0'));
    expect(readFileSync(`${script}.out`, 'utf8')).toBe('b1\na1\na2\n');
  });

  test('none runs for ever, nor does what it has started', async () => {
    const { said, programs } = recorded(150);
    programs.run(effectOf(['sh', '-c', 'sleep 60; true']));
    await until('its end', said, 2);
    expect(said[1]).toBe('-sleep 60; true failed: took too long');
  });

  test('so many wait, and a close always may', () => {
    const { programs } = recorded(100);
    for (let index = 0; index < 1 + 1024; index += 1) programs.run(effectOf(['sleep', '0.05'], open('x')));
    expect(() => programs.run(effectOf(['true'], open('x')))).toThrow('too many commands are waiting');
    expect(() => programs.run(effectOf(['true'], close('x', '1')))).not.toThrow();
    void programs.finish(0);
  });

  test('at the end what closes is still run, and what would open is not', async () => {
    const { said, programs } = recorded();
    programs.run(effectOf([script, '0.2', 'first'], open('c')));
    programs.run(effectOf([script, '0', 'never'], open('c')));
    programs.run(effectOf([script, '0', 'closed'], close('c', '2')));
    await programs.finish(5000);
    expect(said).toEqual(['+first', '-first well: status 0', '+closed', '-closed well: status 0']);
  });
});

describe.runIf(process.geteuid?.() === 0)('as somebody else', () => {
  /** What `id` and others say in a program that runs so. */
  const sayings = async (user: string | undefined, group: string | undefined): Promise<string[]> => {
    const shared = mkdtempSync(join(tmpdir(), 'spad-shared-'));
    chmodSync(shared, 0o777);
    const out = join(shared, 'out');
    const { said, programs } = recorded();
    const command = `{ id -u; id -g; id -G; pwd; env | cut -d= -f1 | sort | tr '\\n' ' '; } > ${out}`;
    programs.run({ ...effectOf([]), run: { argv: ['sh', '-c', command], user, group } });
    await until('its end', said, 2);
    const lines = readFileSync(out, 'utf8').trim().split('\n');
    rmSync(shared, { recursive: true });
    return lines;
  };

  test('with that user’s group or another, no others, in / and with next to no environment', async () => {
    expect(await sayings('nobody', undefined)).toEqual(['65534', '65534', '65534', '/', 'LC_ALL PATH PWD']);
    expect(await sayings('nobody', 'daemon')).toEqual(['65534', '1', '1', '/', 'LC_ALL PATH PWD']);
    expect((await sayings(undefined, 'daemon')).slice(0, 3)).toEqual(['0', '1', '1']);
  });

  test('nobody runs in the place of somebody who is not there', async () => {
    expect(() => identityOf('no-such-user', undefined)).toThrow('there is no user no-such-user in /etc/passwd');
    expect(() => identityOf(undefined, 'no-such-group')).toThrow('there is no group no-such-group in /etc/group');
    const { said, programs } = recorded();
    programs.run({ ...effectOf([]), run: { argv: ['true'], user: 'no-such-user', group: undefined } });
    await until('its end', said, 1);
    expect(said).toEqual(['-true failed: there is no user no-such-user in /etc/passwd']);
  });
});

test('dry-run: nothing is run, and it is said what would be', () => {
  const said: string[] = [];
  const nothing = (): void => undefined;
  const logger = { info: (text: string) => void said.push(text), warn: nothing, error: nothing };
  const edge = new FwknopEdge({ closeLog: join(dir, 'closes.log'), dryRun: true, logger, onInput: nothing });
  edge.run(effectOf(['touch', join(dir, 'ran')]));
  expect(said).toEqual([`would run for [access alice]: touch ${join(dir, 'ran')}`]);
  expect(existsSync(join(dir, 'ran'))).toBe(false);
});

test('turns: so many at once, so many waiting', async () => {
  const turns = new Turns(2, 1);
  const done: (() => void)[] = [];
  const work = (): Promise<void> => new Promise((resolve) => done.push(resolve));
  expect([turns.take(work), turns.take(work), turns.take(work), turns.take(work)]).toEqual([true, true, true, false]);
  expect(done).toHaveLength(2);
  done[0]?.();
  await waitUntil('the third', () => done.length === 3);
  const idle = turns.idle();
  done[1]?.();
  done[2]?.();
  await idle;
  expect(turns.take(work)).toBe(true);
});
