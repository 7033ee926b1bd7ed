/** What is firewalld's own: its zones, its reloads and the timers that they leave, and firewalld itself coming and going. */
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { waitUntil } from '../../support/wait.ts';
import { FIREWALLD, firewalld } from './firewalld-subject.ts';
import { Stage } from './stage.ts';

let stage: Stage;

beforeAll(async () => {
  stage = await Stage.build(FIREWALLD);
  await stage.start();
});
afterAll(() => stage.lab.close());

/** Waits until spad has put things right, and gives how often it had to since `mark`. */
const repaired = async (mark: number): Promise<number> => {
  await stage.spad.audit.waitFor({ event: 'repaired' }, mark);
  await sleep(1500);
  return stage.spad.audit.all({ event: 'repaired' }, mark).length;
};

describe('rich rules', () => {
  test('are in the running configuration alone, where everybody can read them', async () => {
    const caller = stage.caller();
    await stage.ask(caller, { allow: `${caller.address4} ${caller.address6}`, openFor: 60 });
    const rules = await firewalld().rules();
    const granted = rules.filter((rule) => rule.includes('accept'));
    expect(granted.sort()).toEqual([
      expect.stringMatching(
        `^rule priority="-322\\d\\d" family="ipv4" source address="${caller.address4}" port port="22" protocol="tcp" accept$`,
      ),
      expect.stringMatching(
        `^rule priority="-322\\d\\d" family="ipv6" source address="${caller.address6}" port port="22" protocol="tcp" accept$`,
      ),
    ]);
    expect(rules).toContain('rule priority="-32208" port port="22" protocol="tcp" drop');
    // The SPA port, too, so that nothing answers there.
    expect(rules).toContain('rule priority="-32208" port port="62201" protocol="udp" drop');
    expect((await firewalld().cmd('--permanent', '--list-rich-rules')).trim()).toBe('');
    await stage.ask(caller, { type: 'close', allow: `${caller.address4} ${caller.address6}` }, { event: 'closed' });
  });

  test('are one a grant, however often its client asks again, and there is no moment without', async () => {
    const caller = stage.caller();
    const told = await stage.ask(caller, { openFor: 30 });
    const watched = stage.watch(caller, {}, told.time + 3000);
    for (let openFor = 31; openFor < 41; openFor++) await stage.ask(caller, { openFor }, { event: 'extended' });
    expect((await watched).filter(({ answer }) => !answer.includes('sees'))).toEqual([]);
    expect((await firewalld().rules()).filter((rule) => rule.includes(`"${caller.address4}"`))).toHaveLength(1);
    await stage.ask(caller, { type: 'close' }, { event: 'closed' });
  });
});

describe('a reload', () => {
  test.each(['--reload', '--complete-reload'])('%s: all is put back within a second', async (option) => {
    const caller = stage.caller();
    await stage.ask(caller, { openFor: 60 });
    const goesOn = await stage.hold(caller);
    const mark = stage.spad.audit.mark();
    await firewalld().cmd(option);
    await stage.spad.audit.waitFor({ event: 'repaired' }, mark, 3000);
    expect(await stage.isOpen(caller)).toBe(true);
    expect(await stage.answerToStranger()).toBe('silent');
    expect(await goesOn()).toBe(true);
  });

  test('leaves timers in firewalld, which end no grant too soon', async () => {
    const caller = stage.caller();
    const { time } = await stage.ask(caller, { openFor: 4 });
    const mark = stage.spad.audit.mark();
    await firewalld().cmd('--reload');
    await repaired(mark);
    await stage.ask(caller, { openFor: 60 }, { event: 'extended' });
    await stage.ask(caller, { openFor: 61 }, { event: 'extended' });
    const looks = await stage.watch(caller, {}, time + 7000);
    expect(looks.length).toBeGreaterThan(5);
    expect(looks.filter(({ answer }) => !answer.includes('sees'))).toEqual([]);
  });

  test('does not bring back for good what somebody made permanent meanwhile', async () => {
    const caller = stage.caller();
    const told = await stage.ask(caller, { openFor: 4 });
    await firewalld().cmd('--runtime-to-permanent');
    await stage.endsOnTime(caller, {}, told);
    await firewalld().cmd('--reload');
    await waitUntil('the port to be shut again', async () => !(await stage.isOpen(caller)), 8000);
    await firewalld().room.run('sh', ['-c', 'sed -i "/<rule /,/<.rule>/d" /etc/firewalld/zones/public.xml']);
    await firewalld().cmd('--reload');
  });
});

test('an interface that changes its zone is guarded in the next one, and grants are open there', async () => {
  const caller = stage.caller();
  await stage.ask(caller, { openFor: 60 });
  await firewalld().cmd('--permanent', '--zone=work', '--add-port=9000/tcp');
  await firewalld().cmd('--zone=work', '--change-interface=eth0');
  await waitUntil('the guard to follow', async () => (await stage.answerToStranger()) === 'silent', 8000);
  await waitUntil('the grant to follow', async () => stage.isOpen(caller), 3000);
  await firewalld().cmd('--zone=public', '--change-interface=eth0');
  await waitUntil('the guard to come back', async () => (await stage.answerToStranger()) === 'silent', 8000);
  await waitUntil('no rule to be left', async () => (await firewalld().rules('work')).length === 0, 8000);
  expect(await stage.isOpen(caller)).toBe(true);
});

describe('firewalld', () => {
  afterEach(async () => {
    await firewalld().stop();
    await firewalld().start();
  });

  test.each(['SIGTERM', 'SIGKILL'] as const)(
    'ends by %s: that is said once, and all is right when it is back',
    async (signal) => {
      const [caller, brief] = [stage.caller(), stage.caller()];
      await stage.ask(caller, { openFor: 60 });
      const { until } = await stage.ask(brief, { openFor: 2 });
      const from = stage.spad.process.mark();
      await firewalld().stop(signal);
      if (signal === 'SIGKILL') await stage.server.run('nft', ['add', 'table', 'ip', 'elsewhere']);
      await stage.spad.process.waitForLine(/firewalld is not running: systemctl start firewalld/, 10_000, from);
      await sleep(3000);
      const said = stage.spad.process.output.split('\n').slice(from);
      // While it is stopping it may not answer; that is another sentence.
      expect(said.filter((line) => /cannot be repaired: firewalld is not running/.test(line))).toHaveLength(1);
      expect(said.filter((line) => line.includes('cannot be repaired')).length).toBeLessThanOrEqual(2);
      expect(said.filter((line) => line.includes('could not be closed')).length).toBeLessThanOrEqual(1);
      await firewalld().start();
      const isRight = async (): Promise<boolean> =>
        (await stage.isOpen(caller)) && (await stage.answerToStranger()) === 'silent';
      await waitUntil('the guard and the grant to be back', isRight, 15_000);
      await sleep(until + stage.lateMs - Date.now());
      expect(await stage.isOpen(brief)).toBe(false);
    },
  );
});

test('spad does not start without it, and says what to do', async () => {
  await stage.spad.stop();
  await firewalld().stop();
  await expect(stage.start()).rejects.toThrow(/firewalld is not running: systemctl start firewalld/);
  await firewalld().start();
  await stage.start();
});
