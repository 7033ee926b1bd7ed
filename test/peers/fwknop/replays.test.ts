/** A packet opens once: not again as it is, in another spelling, after a restart, or twice at the same time. */
import { setTimeout as sleep } from 'node:timers/promises';
import { test } from 'vitest';
import { waitUntil } from '../../support/wait.ts';
import { Fwknopd, type Variables } from './harness/fwknopd.ts';
import { sides } from './harness/peer.ts';
import { scenario } from './harness/scenario.ts';
import { Stage } from './harness/stage.ts';

const KEY = ['KEY', 'replay'] as const;
const HMAC = ['HMAC_KEY', 'replay hmac'] as const;
const WORDS = ['-A', 'tcp/22', '-a', 'CLIENT_IP', '--key-rijndael', 'replay'];
const MAC_WORDS = ['--key-hmac', 'replay hmac'];

const stanza = (...lines: Variables): Variables => [['SOURCE', 'ANY'], ...lines, ['FW_ACCESS_TIMEOUT', '2']];

/** Whether something opens when these arrive. */
async function opens(stage: Stage, ...datagrams: readonly string[]): Promise<boolean> {
  return (await stage.opens(...datagrams)).length > 0;
}

const BASE64 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';

/** The packet with bits of its last letter changed that stand for nothing, where its length leaves such. */
function lowBits(packet: string): string {
  const last = BASE64.indexOf(packet.slice(-1));
  return packet.slice(0, -1) + BASE64.charAt(last ^ 1);
}

const SPELLINGS: readonly (readonly [string, (packet: string) => string])[] = [
  ['as it is', (packet) => packet],
  ['with the prefix that was cut off', (packet) => `U2FsdGVkX1${packet}`],
  ['with the prefix of GnuPG', (packet) => `hQ${packet}`],
  ['with = appended', (packet) => `${packet}=`],
  ['with == appended', (packet) => `${packet}==`],
  ['with letters appended', (packet) => `${packet}AAAA`],
  ['with letters in front', (packet) => `AAAA${packet}`],
  ['with bytes appended that are no base64', (packet) => `${packet}!\u0000`],
  ['with a line end', (packet) => `${packet}\n`],
  ['with low bits changed', lowBits],
];

scenario('with an HMAC, in no spelling', async (stage, expect) => {
  await stage.start([stanza(KEY, HMAC)]);
  const packet = await stage.make(...WORDS, ...MAC_WORDS);
  expect(await opens(stage, packet), stage.peer.log()).toBe(true);
  for (const [name, change] of SPELLINGS) expect(await opens(stage, change(packet)), name).toBe(false);
});

scenario('without an HMAC, in no spelling; fwknopd takes some', async (stage, expect) => {
  await stage.start([stanza(KEY)]);
  // The length of this one is such that its last letter has bits to spare.
  const packet = await stage.make(...WORDS);
  expect(await opens(stage, packet), stage.peer.log()).toBe(true);
  for (const [name, change] of SPELLINGS) {
    // A rule that would end in the same second as another is not added again.
    await sleep(1100);
    const taken = ['with = appended', 'with == appended', 'with low bits changed'].includes(name);
    expect(await opens(stage, change(packet)), name).toBe(taken && stage.peer.side === 'fwknopd');
  }
});

scenario('a packet that was altered does not use up the right one', async (stage, expect) => {
  await stage.start([stanza(KEY, HMAC)]);
  const packet = await stage.make(...WORDS, ...MAC_WORDS);
  for (const [, change] of SPELLINGS.slice(1)) expect(await opens(stage, change(packet))).toBe(false);
  expect(await opens(stage, packet)).toBe(true);
});

scenario('after a stop and a start', async (stage, expect) => {
  await stage.start([stanza(KEY, HMAC)]);
  const packet = await stage.make(...WORDS, ...MAC_WORDS);
  expect(await opens(stage, packet)).toBe(true);
  await stage.peer.stop();
  await stage.peer.start();
  expect(await opens(stage, packet)).toBe(false);
});

scenario('after it was killed and started', async (stage, expect) => {
  await stage.start([stanza(KEY, HMAC)]);
  const packet = await stage.make(...WORDS, ...MAC_WORDS);
  expect(await opens(stage, packet)).toBe(true);
  await stage.peer.stop('SIGKILL');
  await stage.peer.start();
  expect(await opens(stage, packet)).toBe(false);
});

scenario('after the configuration was read again', async (stage, expect) => {
  await stage.start([stanza(KEY, HMAC)]);
  const packet = await stage.make(...WORDS, ...MAC_WORDS);
  expect(await opens(stage, packet)).toBe(true);
  await stage.peer.reload();
  expect(await opens(stage, packet)).toBe(false);
});

scenario('two at once', async (stage, expect) => {
  await stage.start([stanza(KEY, HMAC)]);
  const packet = await stage.make(...WORDS, ...MAC_WORDS);
  expect(await stage.opens(packet, packet, packet)).toHaveLength(1);
  expect(await stage.peer.replays()).toBe(2);
});

scenario('from another host', async (stage, expect) => {
  await stage.start([stanza(KEY, HMAC)]);
  const packet = await stage.make(...WORDS, ...MAC_WORDS);
  expect(await opens(stage, packet)).toBe(true);
  const before = stage.granted().length;
  await stage.send([packet], stage.other);
  await stage.settle();
  expect(stage.granted()).toHaveLength(before);
});

scenario(
  'a packet that was refused for its port is seen; what it may, it may not later either',
  async (stage, expect) => {
    await stage.start([stanza(KEY, HMAC, ['OPEN_PORTS', 'tcp/1'])]);
    const packet = await stage.make(...WORDS, ...MAC_WORDS);
    expect(await opens(stage, packet)).toBe(false);
    await stage.peer.stop();
    await stage.start([stanza(KEY, HMAC)]);
    expect(await opens(stage, packet)).toBe(false);
  },
);

for (const side of sides()) {
  if (side === 'fwknopd') continue;
  test.concurrent(`${side}: what fwknopd has seen before it was replaced`, async ({ expect }) => {
    const stage = await Stage.create(side, 1);
    try {
      const before = new Fwknopd(stage.lab, stage.server);
      before.configure({ access: [stanza(KEY, HMAC)] });
      await before.start();
      const [seen, unseen] = [await stage.make(...WORDS, ...MAC_WORDS), await stage.make(...WORDS, ...MAC_WORDS)];
      await stage.send([seen]);
      await waitUntil('fwknopd to open', async () => (await before.open()).length > 0);
      await before.stop();
      await stage.start([stanza(KEY, HMAC)], [['DIGEST_FILE', before.digestFile]]);
      expect(await opens(stage, seen)).toBe(false);
      expect(await stage.peer.replays()).toBe(1);
      expect(await opens(stage, unseen)).toBe(true);
    } finally {
      await stage.close();
    }
  });
}
