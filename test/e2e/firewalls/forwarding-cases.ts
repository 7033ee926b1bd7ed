/** Grants that send their connections elsewhere, where the back-end can; that it says so where it cannot. */
import { describe, expect, test } from 'vitest';
import type { BackendTraits } from '../../../src/firewall/backends.ts';
import type { OnStage } from './contract.ts';
import { OUTER } from './stage.ts';
import type { Shown } from './table.ts';

export const forwardingCases = (on: OnStage, traits: BackendTraits, shown: Shown): void => {
  if (traits.forwards) describe.concurrent('forwarding', () => forwarding(on, shown));
  else
    test('a client that may forward is an error of the configuration, which says so', async () => {
      on().configure(true);
      const { code, stdout, stderr } = await on().run('--check', '-c', on().spad.confFile);
      on().configure();
      expect(code).toBe(1);
      expect(stdout + stderr).toMatch(new RegExp(`firewall = ${on().subject.firewall} cannot forward`));
      shown.add('forwards', 'no');
    });
};

function forwarding(on: OnStage, shown: Shown): void {
  test.each([
    [4, 'tcp'],
    [4, 'udp'],
    [6, 'tcp'],
    [6, 'udp'],
  ] as const)('to an inner host, for its client only, until its end: IPv%d, %s', async (family, protocol) => {
    const caller = on().caller();
    const where = { family, protocol, port: OUTER };
    expect(await on().isOpen(caller, where)).toBe(false);
    const [from, forward] =
      family === 4 ? [caller.address4, `${on().inner.address4}:22`] : [caller.address6, `[${on().inner.address6}]:22`];
    const told = await on().ask(caller, { ports: `${protocol}/${OUTER}`, allow: from, forward, openFor: 3 });
    expect(await on().answerToStranger(where)).toBe('silent');
    const samples = await on().endsOnTime(caller, where, told);
    // At no instant at the server itself, where something else listens at that port.
    expect([...new Set(samples.map(({ answer }) => answer))].sort()).toEqual([`inner:22 sees ${from}`, 'silent']);
    shown.add('forwards', 'yes');
  });

  test.each([4, 6] as const)('to another port of the server: IPv%d', async (family) => {
    const caller = on().caller();
    const from = family === 4 ? caller.address4 : caller.address6;
    await on().ask(caller, { ports: `tcp/${OUTER}`, allow: from, forward: 'local:8022', openFor: 60 });
    expect(await on().answer(caller, { family, port: OUTER })).toBe(`server:8022 sees ${from}`);
    await on().ask(caller, { type: 'close', ports: '', allow: from }, { event: 'closed' });
    expect(await on().isOpen(caller, { family, port: OUTER })).toBe(false);
  });

  test.each([
    [4, '10.99.4.1'],
    [6, 'fd99:4::1'],
  ] as const)('with the source of the server: IPv%d', async (family, source) => {
    const caller = on().caller();
    const forward = family === 4 ? `${on().inner.address4}:22` : `[${on().inner.address6}]:22`;
    const allow = family === 4 ? caller.address4 : caller.address6;
    const wish = { ports: `tcp/${OUTER} udp/${OUTER}`, allow, forward, openFor: 60 };
    await on().ask(caller, wish, {}, 'masked');
    for (const protocol of ['tcp', 'udp'] as const) {
      expect(await on().answer(caller, { family, protocol, port: OUTER })).toBe(`inner:22 sees ${source}`);
    }
    await on().ask(caller, { type: 'close', ports: '', allow }, { event: 'closed' }, 'masked');
    expect(await on().isOpen(caller, { family, port: OUTER })).toBe(false);
  });

  test('ends, and what is established goes on', async () => {
    const caller = on().caller();
    const wish = { ports: `tcp/${OUTER}`, forward: `${on().inner.address4}:22`, openFor: 3 };
    const told = await on().ask(caller, wish, {}, 'masked');
    const goesOn = await on().hold(caller, { port: OUTER });
    await on().endsOnTime(caller, { port: OUTER }, told);
    expect(await goesOn()).toBe(true);
  });
}
