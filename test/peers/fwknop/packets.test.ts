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
  return stage.opens(await stage.make(...words));
}

// --- ages

/** Seconds by which a packet is made before it has the age that counts. */
const AHEAD = 4;

/**
 * Whether a packet opens that is so many seconds old when it arrives. Both programs count in whole seconds, so it is
 * made beforehand and sent at the beginning of the right one.
 */
async function opensAtAge(stage: Stage, age: number): Promise<boolean> {
  for (let attempt = 1; attempt <= 10; attempt++) {
    const allowed = `192.0.2.${attempt}`;
    const offset = age - AHEAD;
    const option = offset < 0 ? ['--time-offset-plus', `${-offset}s`] : ['--time-offset-minus', `${offset}s`];
    const made = Math.floor(Date.now() / 1000);
    const packet = await stage.make('-A', 'tcp/22', '-a', allowed, ...option, ...KEYS_WORDS);
    const isMadeThen = Math.floor(Date.now() / 1000) === made;
    const at = (made + AHEAD) * 1000;
    await sleep(Math.max(0, at - Date.now() + 20));
    await stage.send([packet]);
    const isSentThen = Date.now() - at < 800;
    await stage.settle();
    if (isMadeThen && isSentThen) return stage.granted().includes(`${allowed} tcp/22`);
  }
  throw new Error('this machine takes more than a second for one packet');
}

for (const age of [119, 121, -119, -121]) {
  scenario(`a packet that is ${age} seconds old`, async (stage, expect) => {
    await stage.start([KEYS]);
    expect(await opensAtAge(stage, age), stage.peer.log()).toBe(Math.abs(age) < 120);
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
  expect(await stage.opens(packet.slice(0, 139), packet)).toEqual(['1.1.1.1 tcp/1']);
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
    expect(await stage.opens(fits)).toHaveLength(ports);
    expect(await stage.opens(tooLong)).toHaveLength(stage.peer.side === 'fwknopd' ? 0 : ports);
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
  await stage.start([[...KEYS, ['FW_ACCESS_TIMEOUT', '8']]]);
  const isOpen = async (): Promise<boolean> => (await stage.open()).includes('10.99.0.1 tcp/22');
  const words = ['-A', 'tcp/22', '-a', 'CLIENT_IP', ...KEYS_WORDS];
  expect(await opens(stage, ...words)).toHaveLength(1);
  const first = performance.now();
  await sleep(4000);
  const second = performance.now();
  expect(await opens(stage, ...words)).toHaveLength(1);
  await sleep(Math.max(0, first + 9500 - performance.now()));
  const isStillOpen = await isOpen();
  // Asked too late, it has no answer.
  if (performance.now() - second < 7500) expect(isStillOpen, 'the first has ended, the second has not').toBe(true);
  await waitUntil('both to end', async () => !(await isOpen()), 30_000);
});

scenario('a hundred requests at once; fwknopd then loses sight of their ends', async (stage, expect) => {
  await stage.start([[...KEYS, ['FW_ACCESS_TIMEOUT', '15']]]);
  const lines = Array.from({ length: 100 }, (_, index) => ['-A', 'tcp/22', '-a', `192.0.2.${index}`, ...KEYS_WORDS]);
  expect(await stage.opens(...(await stage.fwknop.make(lines)))).toHaveLength(100);
  if (stage.peer.side === 'fwknopd') return;
  await waitUntil('all to be closed', async () => (await stage.open()).length === 0, 40_000);
});
