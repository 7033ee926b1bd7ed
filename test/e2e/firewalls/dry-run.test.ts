/** The contract the other way round: everything is said, nothing is done. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Stage } from './stage.ts';
import { GUARDED, type Subject, UNGUARDED } from './subject.ts';
import { Shown } from './table.ts';

const shut = GUARDED.map((port) => port.replace('/', ' . ')).join(', ');

const subject: Subject = {
  name: 'dry-run',
  firewall: 'dry-run',
  prepare: async (server) => {
    const lines = [
      'add table inet operator',
      'add chain inet operator in { type filter hook prerouting priority -150; policy accept; }',
      'add rule inet operator in ct state established,related accept',
      `add rule inet operator in fib daddr type local iif != "lo" meta l4proto . th dport { ${shut} } drop`,
    ];
    await server.run('nft', ['-f', '-'], { input: `${lines.join('\n')}\n` });
    return undefined;
  },
  flush: async (server) => {
    await server.run('nft', ['flush', 'ruleset']);
  },
  listing: (server) => server.run('nft', ['list', 'ruleset']),
};

describe('a dry run', () => {
  const shown = new Shown(subject.name);
  let stage: Stage;
  let before: string;

  beforeAll(async () => {
    stage = await Stage.build(subject);
    before = await subject.listing(stage.server);
    await stage.start();
  });
  afterAll(() => stage.lab.close());

  /** Asks, and waits until it has been said what would be done; nothing has been. */
  const says = async (words: string, ask: () => Promise<unknown>): Promise<void> => {
    const mark = stage.spad.process.mark();
    await ask();
    await stage.spad.process.waitForLine(new RegExp(`would ${words}$`), 5000, mark);
    expect(await subject.listing(stage.server)).toBe(before);
  };

  test('says what it would guard', async () => {
    await stage.spad.process.waitForLine(/would guard tcp\/22, tcp\/2222, tcp\/8000-8020, udp\/22/);
    expect(await stage.isOpen(stage.caller(), { port: UNGUARDED })).toBe(true);
    shown.add('guard', 'only said');
  });

  test.each([4, 6] as const)('says what it would open and close, and does not: IPv%d', async (family) => {
    const caller = stage.caller();
    const allow = family === 4 ? caller.address4 : caller.address6;
    await says(`open tcp/22 for ${allow}`, () => stage.ask(caller, { allow, openFor: 60 }));
    expect(await stage.isOpen(caller, { family })).toBe(false);
    await says(`open tcp/22 for ${allow}`, () => stage.ask(caller, { allow, openFor: 90 }, { event: 'extended' }));
    const range = { ports: 'tcp/8000-8010 udp/8000-8010', allow, openFor: 60 };
    await says(`open udp/8000-8010 for ${allow}`, () => stage.ask(caller, range));
    expect(await stage.isOpen(caller, { family, port: 8004, protocol: 'udp' })).toBe(false);
    const close = { type: 'close', ports: '', allow } as const;
    await says(`close udp/8000-8010 for ${allow}`, () => stage.ask(caller, close, { event: 'closed' }));
    for (const feature of ['protocols', 'ranges', 'overlaps'] as const) shown.add(feature, 'only said');
  });

  test('says where it would forward', async () => {
    const caller = stage.caller();
    const forward = `${stage.inner.address4}:22`;
    const wish = { ports: 'tcp/2222', forward, openFor: 60 };
    await says(`open tcp/2222 for ${caller.address4}, forwarded to ${forward}`, () => stage.ask(caller, wish));
    expect(await stage.isOpen(caller, { port: 2222 })).toBe(false);
    shown.add('forwards', 'only said');
  });

  test('leaves nothing to end, to repair or to flush', async () => {
    await subject.flush(stage.server, stage.lab);
    const caller = stage.caller();
    await stage.ask(caller, { openFor: 60 });
    expect(await subject.listing(stage.server)).toBe('');
    const goesOn = await stage.hold(caller);
    await stage.spad.stop();
    expect(await goesOn()).toBe(true);
    expect(stage.spad.audit.all({ event: 'repaired' })).toEqual([]);
    expect(await stage.run('-c', stage.spad.confFile, 'flush')).toMatchObject({ code: 0 });
    for (const feature of ['ends', 'crash', 'flush', 'removal', 'established'] as const) shown.add(feature, '–');
  });

  test('its row in docs/firewalls.md says what was shown', () => shown.settle());
});
