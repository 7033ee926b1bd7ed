/** A reload is no gap: packets that come while the configuration is read again are admitted, and each once. */
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Host } from '../support/host.ts';
import { Keyholder } from '../support/keyholder.ts';
import { Lab } from '../support/lab.ts';
import { Spad } from '../support/spad.ts';
import { waitUntil } from '../support/wait.ts';

const RELOADS = 20;
/** For longer than the reloads take. */
const PACKETS = 3000;
const PAUSE_MS = 5;
const [alice, bob] = [new Keyholder(), new Keyholder()];

let lab: Lab;
let client: Host;
let spad: Spad;

beforeAll(async () => {
  lab = await Lab.create({ hosts: ['client', 'server'] });
  client = lab.host('client');
  spad = new Spad(lab, lab.host('server'));
});
afterAll(() => lab.close());

/** With bob before alice her number is another one. */
const configure = (withBob: boolean, capture?: string): void => {
  const allow = 'tcp/22, tcp/1000-60000';
  spad.configure({
    daemon: { capture },
    access: {
      ...(withBob ? { bob: { key: bob.base64, allow } } : {}),
      alice: { key: alice.base64, allow, open_for: '1s' },
    },
  });
};

test.each([
  ['nflog', 'nflog'],
  ['pcap', 'pcap'],
  ['pcap', 'nflog'],
])(
  'packets sent all through twenty reloads (capture = %s, %s) are all admitted exactly once',
  async (odd, even) => {
    configure(false, even);
    if (spad.hasStarted) await spad.stop();
    await spad.start();
    const mark = spad.audit.mark();
    const admitted = (): number =>
      spad.audit.all({ stanza: 'alice', event: 'granted' }, mark).length +
      spad.audit.all({ stanza: 'alice', event: 'extended' }, mark).length;
    const packets = Array.from({ length: PACKETS }, () => alice.seal({ ports: 'tcp/22' }));
    const sending = spad.sendAll(client, packets, PAUSE_MS, 1);
    for (let count = 1; count <= RELOADS; count += 1) {
      configure(count % 2 === 1, count % 2 === 1 ? odd : even);
      const from = spad.process.mark();
      await spad.reload();
      // Each second one comes while the receiver of the one before is still on its way.
      if (count % 2 === 0) await spad.process.waitForLine(/capturing again/, 10_000, from);
    }
    const during = admitted();
    await sending;
    await waitUntil('all to be admitted', () => Promise.resolve(admitted() >= PACKETS), 5000).catch(() => undefined);
    expect(admitted()).toBe(PACKETS);
    expect(during).toBeGreaterThan(100);
    expect(during).toBeLessThan(PACKETS);
    expect(spad.audit.all({ event: 'rejected' }, mark)).toEqual([]);
    const { replayed = 0, 'bad-mac': wrong = 0 } = await spad.counts();
    expect([replayed, wrong]).toEqual([0, 0]);
  },
  120_000,
);

test('a copy of a packet, sent while receivers change, is still told as what it is', async () => {
  const mark = spad.audit.mark();
  const packet = alice.seal({ ports: 'tcp/22' });
  await spad.send(client, packet);
  configure(true);
  const from = spad.process.mark();
  await spad.reload();
  await spad.sendAll(client, [packet, packet]);
  await spad.process.waitForLine(/capturing again/, 10_000, from);
  await waitUntil('two refusals', () =>
    Promise.resolve(spad.audit.all({ event: 'rejected', reason: 'replayed' }, mark).length === 2),
  );
  await sleep(300);
  expect(spad.audit.all({ event: 'rejected', reason: 'replayed' }, mark)).toHaveLength(2);
});
