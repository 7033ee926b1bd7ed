/** Packets sent again after the daemon has ended, however it ended and whatever became of its journal. */
import { copyFileSync, mkdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openInKernel } from '../support/grant-list.ts';
import { Lab } from '../support/lab.ts';
import { Spad } from '../support/spad.ts';
import { waitUntil } from '../support/wait.ts';
import { FORMATS, fwknopSender, nativeSender } from './scene.ts';

const STATE_FILES = ['replay.journal', 'grants.log'] as const;
const senders = { native: nativeSender(), fwknop: fwknopSender() } as const;

let lab: Lab;
let spad: Spad;
let runs = 0;
/** What the run before has left, and what it has let in. */
let template: string;
let admitted: Readonly<Record<(typeof FORMATS)[number], Uint8Array>>;

function prepare(): void {
  runs += 1;
  spad = new Spad(lab, lab.host('server'), `run${runs}`);
  const stanzas = FORMATS.map((format) => [format, { ...senders[format].keys, allow: 'tcp/22' }]);
  spad.configure({ access: Object.fromEntries(stanzas) as Record<string, Record<string, string>> });
}

const judged = (mark: number): number =>
  spad.audit
    .entries()
    .slice(mark)
    .filter(({ source }) => source !== undefined).length;

beforeAll(async () => {
  lab = await Lab.create({ hosts: ['client', 'attacker', 'server'] });
  prepare();
  await spad.start();
  await sleep(1000);
  admitted = { native: senders.native.seal({ openFor: 1 }), fwknop: senders.fwknop.seal({ openFor: 1 }) };
  for (const format of FORMATS) {
    await spad.send(lab.host('client'), admitted[format]);
    await spad.audit.waitFor({ event: 'granted', stanza: format });
  }
  await waitUntil('the kernel to close', async () => (await openInKernel(spad.host)).length === 0);
  await spad.stop('SIGKILL');
  template = spad.stateDir;
});
afterAll(() => lab.close());

function flip(path: string, offset: number): void {
  const bytes = readFileSync(path);
  bytes[offset] = (bytes[offset] ?? 0) ^ 0x10;
  writeFileSync(path, bytes);
}

describe.each<readonly [string, (journal: string) => void]>([
  ['kill -9', () => undefined],
  ['kill -9 and the journal deleted', (journal) => rmSync(journal)],
  ['kill -9 and the journal emptied', (journal) => truncateSync(journal, 0)],
  ['kill -9 and the journal cut in its last record', (journal) => truncateSync(journal, 90)],
  ['kill -9 and a bit of the journal changed', (journal) => flip(journal, 70)],
])('after %s', (_, damage) => {
  beforeAll(async () => {
    prepare();
    mkdirSync(spad.stateDir, { mode: 0o700 });
    for (const name of STATE_FILES) copyFileSync(join(template, name), join(spad.stateDir, name));
    damage(join(spad.stateDir, STATE_FILES[0]));
    await spad.start();
  });
  afterAll(async () => {
    await spad.stop();
  });

  test.each(FORMATS)('A6 %s: what was let in before is refused', async (format) => {
    const mark = spad.audit.mark();
    await spad.send(lab.host('attacker'), admitted[format]);
    const { reason } = await spad.audit.waitFor({ event: 'rejected', stanza: format }, mark);
    expect(['replayed', 'below-floor']).toContain(reason);
    expect(spad.audit.all({ event: 'granted' }, mark)).toEqual([]);
    expect(await openInKernel(spad.host)).toEqual([]);
  });
});

describe('after a restart', () => {
  beforeAll(async () => {
    prepare();
    await spad.start();
    await sleep(1000);
  });
  afterAll(async () => {
    await spad.stop();
  });

  test.each(FORMATS)('A6 %s: what was let in before an orderly stop is refused', async (format) => {
    const packet = senders[format].seal({ openFor: 1 });
    const mark = spad.audit.mark();
    await spad.send(lab.host('client'), packet);
    await spad.audit.waitFor({ event: 'granted', stanza: format }, mark);
    await spad.stop();
    await spad.start();
    const again = spad.audit.mark();
    await spad.send(lab.host('attacker'), packet);
    await spad.audit.waitFor({ event: 'rejected', stanza: format, reason: 'replayed' }, again);
    // And the daemon still lets in what is new.
    await spad.send(lab.host('client'), senders[format].seal({ allow: '192.0.2.1', openFor: 1 }));
    await spad.audit.waitFor({ event: 'granted', stanza: format, allow: '192.0.2.1' }, again);
  });

  test.each(FORMATS)(
    'A6 %s: kill -9 amid a burst, at one instant or another: no packet opens twice',
    async (format) => {
      for (const after of [1, 7, 16]) {
        const packets = Array.from({ length: 24 }, (_, index) =>
          senders[format].seal({ allow: `192.0.2.${after * 8 + index}`, openFor: 1 }),
        );
        const first = spad.audit.mark();
        const granted = (from: number, to?: number): readonly (string | undefined)[] =>
          spad.audit
            .entries()
            .slice(from, to)
            .filter(({ event }) => event === 'granted' || event === 'extended')
            .map(({ allow }) => String(allow));
        const sending = spad.sendAll(lab.host('client'), packets, 3, 2);
        await waitUntil('the burst to be under way', () => granted(first).length >= after);
        await spad.stop('SIGKILL');
        await sending;
        const second = spad.audit.mark();
        await spad.start();
        await spad.sendAll(lab.host('attacker'), packets);
        await waitUntil('every packet to be judged', () => judged(second) >= packets.length);
        const before = granted(first, second);
        expect(before.length).toBeGreaterThanOrEqual(after);
        expect(granted(second).filter((allow) => before.includes(allow))).toEqual([]);
      }
    },
  );
});
