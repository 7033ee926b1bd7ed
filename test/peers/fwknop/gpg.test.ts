/** Packets sealed with GnuPG by the real client: signed, unsigned, signed by others, with and without an HMAC. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll } from 'vitest';
import { waitUntil } from '../../support/wait.ts';
import { altered, seededNumbers } from './harness/altered.ts';
import type { Variables } from './harness/fwknopd.ts';
import { GPG_PASSWORD, Keyrings } from './harness/gpg.ts';
import { scenario } from './harness/scenario.ts';
import type { Stage } from './harness/stage.ts';

let rings: Keyrings;

beforeAll(() => {
  rings = Keyrings.create();
}, 60_000);

afterAll(() => rings.remove());

const OPEN = ['10.99.0.1 tcp/22'];
const HMAC = ['HMAC_KEY', 'gpg hmac'] as const;
const HMAC_WORDS = ['--key-hmac', 'gpg hmac'];

/** What differs from the ordinary: sealed for the server's key, signed by the client, whom the stanza names. */
interface Wish {
  /** Whether both sides use an HMAC. */
  readonly hmac?: boolean;
  readonly recipient?: 'server' | 'friend' | 'guarded';
  /** `nobody`: the packet is not signed. */
  readonly signer?: 'client' | 'friend' | 'stranger' | 'nobody';
  /** Instead of GPG_REMOTE_ID with the client's key. */
  readonly signers?: (known: Keyrings) => Variables;
  readonly lines?: Variables;
  readonly words?: readonly string[];
}

async function start(stage: Stage, wish: Wish): Promise<void> {
  const home = rings.copy('server', stage.dir);
  // fwknopd leaves the asking for passwords to GnuPG, which by itself would ask a person.
  if (stage.peer.side === 'fwknopd') writeFileSync(join(home, 'gpg.conf'), 'pinentry-mode loopback\n');
  const recipient = wish.recipient === 'guarded' ? rings.guarded : rings.of.server;
  const password = wish.recipient === 'guarded' ? ['GPG_DECRYPT_PW', GPG_PASSWORD] : ['GPG_ALLOW_NO_PW', 'Y'];
  const [name = '', value = ''] = password;
  await stage.start([
    [
      ['SOURCE', 'ANY'],
      ['GPG_HOME_DIR', home],
      ['GPG_DECRYPT_ID', recipient.id],
      [name, value],
      ...(wish.signers?.(rings) ?? [['GPG_REMOTE_ID', rings.of.client.id.slice(-8)] as const]),
      ...(wish.hmac === true ? [HMAC] : []),
      ['FW_ACCESS_TIMEOUT', '30'],
      ...(wish.lines ?? []),
    ],
  ]);
}

function make(stage: Stage, { recipient = 'server', signer = 'client', hmac, words = [] }: Wish): Promise<string> {
  const home = rings.copy(signer === 'nobody' ? 'client' : signer, stage.dir);
  const to = recipient === 'guarded' ? rings.guarded.id : rings.of[recipient].id;
  const signed = signer === 'nobody' ? [] : ['--gpg-signer-key', rings.of[signer].id];
  return stage.make(
    ...['-A', 'tcp/22', '-a', 'CLIENT_IP', '-g', '--gpg-home-dir', home, '--gpg-recipient-key', to],
    ...[...signed, '--gpg-no-signing-pw', ...(hmac === true ? HMAC_WORDS : []), ...words],
  );
}

/**
 * Sends packets and says what that opens. spad does not wait for GnuPG before it takes the next packet, so that a marker
 * tells nothing of what is under way: where nothing is to open, nothing may in the time that the others take.
 */
async function opens(
  stage: Stage,
  isExpected: boolean,
  ...packets: readonly (string | Uint8Array)[]
): Promise<readonly string[]> {
  const before = stage.granted().length;
  await stage.send(packets);
  await stage.settle();
  const isThere = (): boolean => stage.granted().length > before;
  await waitUntil('something to open', isThere, isExpected ? 60_000 : 3000).catch(() => undefined);
  return stage.granted().slice(before);
}

/** Each with and without an HMAC. */
const WISHES: readonly (readonly [string, Wish, boolean])[] = [
  ['signed by the client', {}, true],
  ['not signed', { signer: 'nobody' }, false],
  ['not signed, and that is allowed', { signer: 'nobody', signers: () => [['GPG_DISABLE_SIG', 'Y']] }, true],
  ['signed by another whom the server trusts', { signer: 'friend' }, false],
  [
    'signed by the client, whose fingerprint is named',
    { signers: ({ of }) => [['GPG_FINGERPRINT_ID', of.client.fingerprint]] },
    true,
  ],
  [
    'signed by another than the one whose fingerprint is named',
    { signer: 'friend', signers: ({ of }) => [['GPG_FINGERPRINT_ID', of.client.fingerprint]] },
    false,
  ],
  [
    'signed by one of two who are named',
    {
      signer: 'friend',
      signers: ({ of }) => [['GPG_REMOTE_ID', `${of.client.id.slice(-8)},${of.friend.id.slice(-8)}`]],
    },
    true,
  ],
  [
    'signed by one whose key the server does not trust',
    { signer: 'stranger', signers: ({ of }) => [['GPG_REMOTE_ID', of.stranger.id.slice(-8)]] },
    false,
  ],
  ['sealed for another key', { recipient: 'friend' }, false],
  ['sealed for a key with a password', { recipient: 'guarded' }, true],
  ['for a port that is not allowed', { lines: [['OPEN_PORTS', 'tcp/23']] }, false],
  ['too old', { words: ['--time-offset-minus', '10m'] }, false],
];

for (const hmac of [true, false]) {
  for (const [title, wish, isOpen] of WISHES) {
    scenario(`${title}, ${hmac ? 'with' : 'without'} an HMAC`, async (stage, expect) => {
      await start(stage, { ...wish, hmac });
      const packet = await make(stage, { ...wish, hmac });
      expect(await opens(stage, isOpen, packet), stage.peer.log()).toEqual(isOpen ? OPEN : []);
    });
  }
}

for (const hmac of [true, false]) {
  scenario(`altered and replayed, ${hmac ? 'with' : 'without'} an HMAC`, async (stage, expect) => {
    await start(stage, { hmac });
    const packet = await make(stage, { hmac });
    expect(await opens(stage, false, ...altered(packet, seededNumbers(20_261_120)).slice(0, 3))).toEqual([]);
    expect(await opens(stage, true, packet, packet)).toEqual(OPEN);
    await waitUntil('the replay to be found', async () => (await stage.peer.replays()) > 0);
    await stage.peer.stop();
    await stage.peer.start();
    expect(await opens(stage, false, packet, `hQ${packet}`)).toEqual([]);
  });
}

scenario('with another HMAC', async (stage, expect) => {
  await start(stage, { hmac: true });
  expect(await opens(stage, false, await make(stage, { words: ['--key-hmac', 'another'] }))).toEqual([]);
});

scenario('without the HMAC that the stanza wants', async (stage, expect) => {
  await start(stage, { hmac: true });
  expect(await opens(stage, false, await make(stage, {}))).toEqual([]);
});
