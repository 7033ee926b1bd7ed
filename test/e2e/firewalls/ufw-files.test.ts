/** What is ufw's own: its files and lists, its commands, and who closes when spad is dead. */
import { readFileSync, rmSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { childrenOf } from '../../support/spad.ts';
import { Ufw } from '../../support/ufw.ts';
import { waitFor, waitUntil } from '../../support/wait.ts';
import { Stage } from './stage.ts';
import { UFW, ufw } from './ufw-subject.ts';

let stage: Stage;

beforeAll(async () => {
  stage = await Stage.build(UFW);
  await stage.start();
});
afterAll(() => stage.lab.close());

const SPAD = / comment 'spad /;

/** The processes that spad has started to close for it. */
const closers = (): readonly number[] =>
  childrenOf(stage.spad.process.pid).filter((pid) =>
    readFileSync(`/proc/${pid}/cmdline`, 'latin1').includes('closer-main'),
  );

test('grants and guard are in "ufw status", with the time of their end; rules of people stay', async () => {
  const caller = stage.caller();
  const told = await stage.ask(caller, { allow: `${caller.address4} ${caller.address6}`, openFor: 60 });
  const status = await ufw().run('status');
  const until = new Date(Math.ceil(told.until / 1000) * 1000).toISOString().replace('.000Z', 'Z');
  for (const address of [caller.address4, caller.address6]) {
    expect(status).toMatch(new RegExp(`22/tcp on \\+ +ALLOW +${address} +# spad until ${until}`));
  }
  expect(status).toMatch(/22,2222,8000:8020\/tcp on \+ +DENY +Anywhere +# spad guard/);
  expect(status).toMatch(/22\/tcp +ALLOW +Anywhere/);
  await stage.ask(caller, { type: 'close', allow: `${caller.address4} ${caller.address6}` }, { event: 'closed' });
});

describe('somebody says', () => {
  const settled = async (): Promise<() => Promise<void>> => {
    const caller = stage.caller();
    await stage.ask(caller, { openFor: 300 });
    const goesOn = await stage.hold(caller);
    return async () => {
      await waitUntil('the grant', () => stage.isOpen(caller), 8000);
      await waitUntil('the guard', async () => (await stage.answerToStranger()) === 'silent', 8000);
      expect(await goesOn(), 'the established connection').toBe(true);
      expect((await ufw().rules()).filter((rule) => rule.includes(` ${caller.address4} `))).toHaveLength(1);
    };
  };

  test('"ufw reload": nothing is amiss, and nothing repaired', async () => {
    const check = await settled();
    const mark = stage.spad.audit.mark();
    await ufw().run('reload');
    await check();
    await sleep(2000);
    expect(stage.spad.audit.all({ event: 'repaired' }, mark)).toEqual([]);
  });

  test('"ufw disable" and "ufw enable": that is said, and all is right again', async () => {
    const check = await settled();
    const from = stage.spad.process.mark();
    await ufw().run('disable');
    await stage.spad.process.waitForLine(/ufw is inactive: run "ufw enable"/, 10_000, from);
    await ufw().run('--force', 'enable');
    await check();
  });

  test('"ufw reset" and "ufw enable": all is put back', async () => {
    const check = await settled();
    const mark = stage.spad.audit.mark();
    await ufw().run('--force', 'reset');
    await ufw().run('--force', 'enable');
    await stage.spad.audit.waitFor({ event: 'repaired' }, mark);
    await check();
    await ufw().run('allow', '22/tcp');
    await check();
  });

  test('"ufw delete 1", which is a grant: it is put back', async () => {
    const check = await settled();
    const mark = stage.spad.audit.mark();
    expect(await ufw().run('status', 'numbered')).toMatch(/\[ 1\].* on \+ +ALLOW IN.*# spad until/);
    await ufw().run('--force', 'delete', '1');
    await stage.spad.audit.waitFor({ event: 'repaired' }, mark);
    await check();
  });

  test('"iptables -F ufw-user-input", without ufw: it is put back', async () => {
    const check = await settled();
    const mark = stage.spad.audit.mark();
    await ufw().room.run('iptables', ['-F', 'ufw-user-input']);
    await stage.spad.audit.waitFor({ event: 'repaired' }, mark);
    await check();
  });

  test('"ufw allow" again and again while spad opens and closes: no rule of theirs is lost', async () => {
    const theirs = Array.from({ length: 6 }, (_, index) => String(9100 + index));
    const ours = async (): Promise<void> => {
      for (let times = 0; times < 3; times++) {
        const caller = stage.caller();
        await stage.ask(caller, { openFor: 60 });
        await stage.ask(caller, { type: 'close' }, { event: 'closed' });
      }
    };
    const people = async (): Promise<void> => {
      for (const port of theirs) await ufw().run('allow', port);
    };
    await Promise.all([ours(), people()]);
    const rules = await ufw().rules();
    expect(theirs.filter((port) => !rules.includes(`ufw allow ${port}`))).toEqual([]);
    for (const port of theirs) await ufw().run('delete', 'allow', port);
  });
});

describe('when spad is dead', () => {
  test('one process closes on time, and is gone when nothing is open', async () => {
    await stage.spad.stop();
    rmSync(stage.spad.stateDir, { recursive: true });
    await stage.start();
    await waitUntil('nothing to be open', () => closers().length === 0);
    const [one, other] = [stage.caller(), stage.caller()];
    const told = await stage.ask(one, { openFor: 3 });
    await stage.ask(other, { openFor: 4 });
    const [closer = 0] = closers();
    expect(closers()).toHaveLength(1);
    await stage.spad.stop('SIGKILL');
    await stage.endsOnTime(one, {}, told);
    await waitUntil('it to be gone', () => !isAlive(closer), 8000);
    expect((await ufw().rules()).filter((rule) => / allow .*spad until/.test(rule))).toEqual([]);
    expect(await stage.answerToStranger()).toBe('silent');
    await stage.start();
  });

  test('a service manager that ends it has it close at once', async () => {
    const caller = stage.caller();
    await stage.ask(caller, { openFor: 300 });
    const [closer = 0] = closers();
    await stage.spad.stop('SIGKILL');
    expect(await stage.isOpen(caller)).toBe(true);
    process.kill(closer, 'SIGTERM');
    await waitUntil('it to close', async () => !(await stage.isOpen(caller)), 5000);
    await stage.start();
    expect(await stage.isOpen(caller), 'a grant that is live is there again').toBe(true);
    await stage.ask(caller, { type: 'close' }, { event: 'closed' });
  });

  test('and that process, too, as after a loss of power, the next start closes what has ended', async () => {
    const [brief, lasting] = [stage.caller(), stage.caller()];
    const told = await stage.ask(brief, { openFor: 2 });
    await stage.ask(lasting, { openFor: 300 });
    const [closer = 0] = closers();
    await stage.spad.stop('SIGKILL');
    process.kill(closer, 'SIGKILL');
    await sleep(Math.max(0, told.until + 1000 - Date.now()));
    expect(await stage.isOpen(brief), 'the rule is in the files of ufw').toBe(true);
    await stage.start();
    expect(await stage.isOpen(brief)).toBe(false);
    expect(await stage.isOpen(lasting)).toBe(true);
    expect((await ufw().rules()).filter((rule) => rule.includes(` ${brief.address4} `))).toEqual([]);
  });

  test('that process is replaced where somebody ends it while spad lives', async () => {
    const caller = stage.caller();
    const told = await stage.ask(caller, { openFor: 6 });
    const [first = 0] = closers();
    process.kill(first, 'SIGKILL');
    await waitFor('another one', () => closers().find((pid) => pid !== first), 5000);
    await stage.spad.stop('SIGKILL');
    await stage.endsOnTime(caller, {}, told);
    await stage.start();
  });
});

const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
};

describe('spad does not start', () => {
  test('where ufw is inactive, and says what to do', async () => {
    await stage.spad.stop();
    await ufw().run('disable');
    await expect(stage.start()).rejects.toThrow(/ufw is inactive: run "ufw enable"/);
    await ufw().run('--force', 'enable');
    await stage.start();
  });
});

test('where ufw has no IPv6, a grant for it is refused with a sentence, and others open', async () => {
  const other = await Stage.build({
    ...UFW,
    prepare: async (server) => ({ prefix: (await Ufw.create(server, { ipv6: 'no' })).room.prefix }),
  });
  try {
    await other.start();
    const caller = other.caller();
    await other.send({ ports: 'tcp/22', allow: caller.address6 });
    await other.spad.process.waitForLine(/ufw cannot open for fd99::101: set IPV6=yes in \/etc\/default\/ufw/);
    await other.ask(caller, { openFor: 60 });
    expect(await other.isOpen(caller)).toBe(true);
    expect(await other.answerToStranger()).toBe('silent');
  } finally {
    await other.lab.close();
  }
});

test('"spad flush" leaves no rule of ours, and all of theirs', async () => {
  await stage.spad.stop();
  expect(await stage.run('-c', stage.spad.confFile, 'flush')).toMatchObject({ code: 0 });
  const rules = await ufw().rules();
  expect(rules.filter((rule) => SPAD.test(rule))).toEqual([]);
  expect(rules).toContain('ufw allow 22/tcp');
});
