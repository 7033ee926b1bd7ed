/** Ages, lengths and rules at their limits. */
import { setTimeout as sleep } from 'node:timers/promises';
import { waitUntil } from '../../support/wait.ts';
import type { Variables } from './harness/fwknopd.ts';
import { scenario } from './harness/scenario.ts';
import { FIRST_PORT, type Stage } from './harness/stage.ts';

const KEY: Variables = [
  ['SOURCE', 'ANY'],
  ['KEY', 'packets'],
];
const KEYS: Variables = [...KEY, ['HMAC_KEY', 'packets hmac']];

const KEY_WORDS = ['--key-rijndael', 'packets'];
const KEYS_WORDS = [...KEY_WORDS, '--key-hmac', 'packets hmac'];

async function opens(stage: Stage, ...words: readonly string[]): Promise<readonly string[]> {
  const before = new Set(await stage.open());
  await stage.send([await stage.make(...words)]);
  await stage.settle();
  return (await stage.open()).filter((line) => !before.has(line));
}

// --- ages

/** Whether a packet of such a clock opens, if it is made and received within one second, in which both programs count. */
async function opensAtOnce(stage: Stage, ...words: readonly string[]): Promise<boolean> {
  for (let attempt = 1; ; attempt++) {
    const allowed = `192.0.2.${attempt}`;
    await sleep(1000 - (Date.now() % 1000));
    const second = Math.floor(Date.now() / 1000);
    await stage.send([await stage.make('-A', 'tcp/22', '-a', allowed, ...words)]);
    await sleep(150);
    const isOneSecond = Math.floor(Date.now() / 1000) === second;
    await stage.settle();
    if (isOneSecond) return (await stage.open()).includes(`${allowed} tcp/22`);
    if (attempt === 20) throw new Error('this machine takes more than a second for one packet');
  }
}

const AGES: readonly (readonly [string, string, boolean])[] = [
  ['--time-offset-minus', '119s', true],
  ['--time-offset-minus', '121s', false],
  ['--time-offset-plus', '119s', true],
  ['--time-offset-plus', '121s', false],
];

for (const [option, offset, isFresh] of AGES) {
  scenario(`${option} ${offset}`, async (stage, expect) => {
    await stage.start([KEYS]);
    expect(await opensAtOnce(stage, option, offset, ...KEYS_WORDS), stage.peer.log()).toBe(isFresh);
  });
}

scenario('MAX_SPA_PACKET_AGE', async (stage, expect) => {
  await stage.start([KEYS], [['MAX_SPA_PACKET_AGE', '10']]);
  const words = ['-A', 'tcp/22', '-a', 'CLIENT_IP', ...KEYS_WORDS];
  expect(await opens(stage, ...words, '--time-offset-minus', '15s')).toEqual([]);
  expect(await opens(stage, ...words, '--time-offset-minus', '2s')).toEqual(['10.99.0.1 tcp/22']);
});

scenario(
  'packets do not age where that is switched off',
  async (stage, expect) => {
    await stage.start([KEYS], [['ENABLE_SPA_PACKET_AGING', 'N']]);
    const words = ['-A', 'tcp/22', '-a', 'CLIENT_IP', ...KEYS_WORDS];
    expect(await opens(stage, ...words, '--time-offset-minus', '1000d')).toEqual(['10.99.0.1 tcp/22']);
  },
  // spad.conf has no words for it but fwknop_config, which names such a fwknopd.conf.
  { without: ['spad.conf'] },
);

// --- lengths

/** A request for so many ports of five digits: 9 + 10 letters a port. */
const portList = (count: number): string =>
  Array.from({ length: count }, (_, index) => `tcp/${30_000 + index}`).join(',');

scenario('the shortest request there is', async (stage, expect) => {
  await stage.start([KEY]);
  const packet = await stage.make('-A', 'tcp/1', '-a', '1.1.1.1', '-U', 'a', '-m', 'md5', ...KEY_WORDS);
  expect(packet).toHaveLength(140);
  await stage.send([packet.slice(0, 139), packet]);
  await stage.settle();
  expect(await stage.open()).toEqual(['1.1.1.1 tcp/1']);
});

scenario('the longest address and port', async (stage, expect) => {
  await stage.start([KEYS]);
  const open = await opens(stage, '-A', 'udp/65535', '-a', '223.255.255.254', ...KEYS_WORDS);
  expect(open).toEqual(['223.255.255.254 udp/65535']);
});

/** By the words for the user's name: the last text that fits below fwknop's 400 letters, and the first that does not. */
const CEILINGS = [
  { title: 'with an HMAC', ports: 12, users: ['a', 'ab'], stanza: KEYS, words: KEYS_WORDS },
  { title: 'without an HMAC', ports: 14, users: ['abcde', 'abcdef'], stanza: KEY, words: KEY_WORDS },
] as const;

for (const { title, ports, users, stanza, words } of CEILINGS) {
  scenario(`the longest text ${title}, and one letter more, which fwknopd takes for GnuPG`, async (stage, expect) => {
    await stage.start([stanza]);
    const request = ['-A', portList(ports), '-a', 'CLIENT_IP'];
    const [fits, tooLong] = [
      await stage.make(...request, '-U', users[0], ...words),
      await stage.make(...request, '-U', users[1], ...words),
    ];
    expect([fits.length, tooLong.length]).toEqual([396, 417]);
    await stage.send([fits]);
    await stage.settle();
    expect(await stage.open()).toHaveLength(ports);
    await stage.peer.stop();
    await stage.peer.start();
    await stage.send([tooLong]);
    await stage.settle();
    const after = (await stage.open()).length;
    expect(after).toBe(stage.peer.side === 'fwknopd' ? 0 : ports);
  });
}

// --- rules

scenario(
  'many ports in one request',
  async (stage, expect) => {
    await stage.start([KEYS]);
    const ports = Array.from({ length: 8 }, (_, index) => FIRST_PORT + 1 + index);
    const list = ports.map((port) => `tcp/${port}`).join(',');
    expect(await opens(stage, '-A', list, '-a', 'CLIENT_IP', ...KEYS_WORDS)).toHaveLength(8);
    const scanned = [...(await stage.scan([...ports, FIRST_PORT + 9])).values()];
    expect(scanned.slice(0, 8).every((state) => state.startsWith('open'))).toBe(true);
    expect(scanned[8]).toBe('filtered');
  },
  { ports: 9 },
);

scenario('the same request again extends it', async (stage, expect) => {
  await stage.start([[...KEYS, ['FW_ACCESS_TIMEOUT', '4']]]);
  const isOpen = async (): Promise<boolean> => (await stage.open()).includes('10.99.0.1 tcp/22');
  const words = ['-A', 'tcp/22', '-a', 'CLIENT_IP', ...KEYS_WORDS];
  await stage.send([await stage.make(...words)]);
  await waitUntil('the port to open', isOpen);
  await sleep(2500);
  await stage.send([await stage.make(...words)]);
  await sleep(3000);
  expect(await isOpen(), 'the first has ended, the second has not').toBe(true);
  await sleep(3000);
  expect(await isOpen(), 'both have ended').toBe(false);
});

scenario('a hundred requests at once; fwknopd then loses sight of their ends', async (stage, expect) => {
  await stage.start([[...KEYS, ['FW_ACCESS_TIMEOUT', '15']]]);
  const lines = Array.from({ length: 100 }, (_, index) => ['-A', 'tcp/22', '-a', `192.0.2.${index}`, ...KEYS_WORDS]);
  const packets = await stage.fwknop.make(lines);
  await stage.send(packets);
  await waitUntil('all to be open', async () => (await stage.open()).length === 100);
  if (stage.peer.side === 'fwknopd') return;
  await waitUntil('all to be closed', async () => (await stage.open()).length === 0, 25_000);
  expect(await stage.open()).toEqual([]);
});
