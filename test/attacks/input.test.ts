/** Bytes that are made to deceive: frames that lie, texts in another dress, fields with commands and control characters. */
import { createHash, randomBytes } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { FRAME_FAULTS } from '../../src/frame/link.ts';
import { gpgTextOf } from '../../src/spa/fwknop/gpg-text.ts';
import { sealFwknop } from '../../src/spa/fwknop/seal.ts';
import { FwknopHolder } from '../support/fwknop-holder.ts';
import { openInKernel } from '../support/grant-list.ts';
import type { Host } from '../support/host.ts';
import { Keyholder } from '../support/keyholder.ts';
import { sendFrames } from '../support/send-frames.ts';
import { SPA_PORT, Spad } from '../support/spad.ts';
import { waitFor, waitUntil } from '../support/wait.ts';
import { broadcast, lyingFrames, spoiltFrames } from '../unit/frame/lying-frames.ts';
import { fwknopSender, Scene, type Side, testBoth } from './scene.ts';

/** May run commands. */
const runner = new FwknopHolder();
/** Of GnuPG's messages. */
const signer = { type: 'sha256' as const, key: randomBytes(64) };

let scene: Scene;
let client: Host;
let attacker: Host;
let shared: string;

/** Leaves a line for each time it is run, and its arguments, one a line. */
const script = (name: string): string => join(shared, name);

beforeAll(async () => {
  scene = await Scene.create({
    daemon: { capture: 'pcap' },
    access: ({ format, spad }) => {
      if (format === 'native') return {};
      shared = spad.dir;
      for (const name of ['args', 'gpg']) {
        const lines = [`echo run >> ${script(name)}.ran`, `for word; do echo "$word" >> ${script(name)}.words; done`];
        writeFileSync(script(name), `#!/bin/sh\n${lines.join('\n')}\n`, { mode: 0o755 });
      }
      const gpg = { gpg_decrypt_id: 'A'.repeat(40), gpg_allow_no_pw: 'yes', gpg_home_dir: spad.dir };
      const key = Buffer.from(signer.key).toString('base64');
      return {
        runner: { ...fwknopSender(runner).keys, allow: 'tcp/22', enable_cmd_exec: 'yes' },
        signed: {
          ...{ format: 'fwknop', encryption_mode: 'asymmetric', hmac_key_base64: key, allow: 'tcp/22' },
          ...{ ...gpg, gpg_exe: script('gpg'), gpg_disable_sig: 'yes' },
        },
      };
    },
  });
  ({ client, attacker } = scene);
});
afterAll(() => scene.close());

/** A message of OpenPGP's in form: a session key for somebody, then sealed data (RFC 4880 sections 4.2 and 5.13). */
const openPgp = (): Uint8Array => Uint8Array.of(0x84, 0x5e, 3, ...randomBytes(93), 0xd2, 100, 1, ...randomBytes(99));

test('A10 fwknop: gpg is not run before the HMAC is right', async () => {
  const side = scene.side('fwknop');
  const before = await side.spad.counts();
  const forged = { type: 'sha256' as const, key: randomBytes(64) };
  const junk = Array.from({ length: 200 }, () => Buffer.from(gpgTextOf(openPgp(), forged), 'latin1'));
  await side.spad.sendAll(attacker, junk, 5, 4);
  await side.countedSince(before, 'no-key-matched', junk.length);
  await side.spad.settle(client, side.witness);
  expect(existsSync(`${script('gpg')}.ran`)).toBe(false);
  // And is, for whoever has the key: what does not open is told then.
  await side.spad.send(client, Buffer.from(gpgTextOf(openPgp(), signer), 'latin1'));
  await waitUntil('gpg to be run', () => existsSync(`${script('gpg')}.ran`));
  await side.spad.audit.waitFor({ event: 'rejected', stanza: 'signed' });
});

/** What comes back for a datagram within a second, by UDP or as an error of ICMP's. */
async function answerTo(from: Host, side: Side, bytes: Uint8Array): Promise<string> {
  const program = `import socket, sys
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.connect((sys.argv[1], int(sys.argv[2])))
s.settimeout(1)
s.send(sys.stdin.buffer.read())
try:
    print('answered', s.recv(2000))
except socket.timeout:
    print('silent')
except ConnectionRefusedError:
    print('refused')
`;
  const args = ['-c', program, side.server.address4, String(SPA_PORT)];
  return (await from.run('python3', args, { input: bytes })).trim();
}

test('A16 fwknop: whatever is wrong, padding or HMAC, nothing answers; the log alone tells them apart', async () => {
  const side = scene.side('fwknop');
  const holder = new FwknopHolder({ hmacKey: runner.hmacKey });
  const before = await side.spad.counts();
  const mark = side.spad.audit.mark();
  // The right HMAC around what the stanza's key does not open; then a wrong HMAC; then neither wrong.
  expect(await answerTo(attacker, side, holder.seal())).toBe('silent');
  expect(await answerTo(attacker, side, new FwknopHolder({ passphrase: runner.passphrase }).seal())).toBe('silent');
  expect(await answerTo(client, side, runner.seal({ allow: '192.0.2.9' }))).toBe('silent');
  const { reason } = await side.spad.audit.waitFor({ event: 'rejected', stanza: 'runner' }, mark);
  expect(reason).toBe('unsealing-failed');
  await side.countedSince(before, 'no-key-matched');
  await side.spad.audit.waitFor({ event: 'granted', stanza: 'runner', allow: '192.0.2.9' }, mark);
});

test('A16 fwknop: a stanza without an HMAC key is refused, unless it is allowed, and then warned of at each start', async () => {
  const spad = new Spad(scene.lab, attacker, 'unkeyed');
  const { key_base64: key = '' } = fwknopSender().keys;
  const stanza = { format: 'fwknop', key_base64: key, allow: 'tcp/22' };
  spad.configure({ access: { old: stanza } });
  const refused = await spad.exec('-c', spad.confFile);
  expect(refused.code).toBe(1);
  expect(refused.stderr).toMatch(/error: .*HMAC/);
  spad.configure({ daemon: { firewall: 'dry-run' }, access: { old: { ...stanza, allow_unauthenticated: 'yes' } } });
  await spad.start();
  expect(spad.process.output).toMatch(/warning: .*HMAC/);
  await spad.stop();
});

/** No control character but the ends of lines, and nothing that turns a terminal's text around. */
const UNSEEN = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069]/;

/** What an operator reads: the log, whose lines are whole, and what the daemon prints. */
function expectPrintable({ spad }: Side): void {
  const log = readFileSync(spad.audit.path, 'utf8');
  expect(UNSEEN.exec(log)).toBeNull();
  for (const line of log.trimEnd().split('\n')) expect(typeof JSON.parse(line)).toBe('object');
  for (const line of spad.audit.entries()) expect(UNSEEN.exec(JSON.stringify(Object.values(line)))).toBeNull();
  expect(UNSEEN.exec(spad.process.output)).toBeNull();
}

const bare64 = (text: string): string => Buffer.from(text).toString('base64').replace(/=+$/, '');

/** A packet with a right HMAC and digest whose fields no client would write. */
function sealFields(holder: FwknopHolder, user: string, message: string, type = 1): Uint8Array {
  const random = String(BigInt(`0x${randomBytes(8).toString('hex')}`))
    .padStart(20, '0')
    .slice(-16);
  const fields = [random, bare64(user), Math.floor(Date.now() / 1000), '3.0.0', type, bare64(message)].join(':');
  const digest = createHash('sha256').update(fields).digest('base64').replace(/=+$/, '');
  const keys = { passphrase: holder.passphrase, mode: holder.mode };
  const hmac = { type: 'sha256' as const, key: holder.hmacKey };
  return Buffer.from(sealFwknop(`${fields}:${digest}`, keys, hmac, randomBytes(8)), 'latin1');
}

test('A17 fwknop: fields with control characters, shell and path are refused, and none reaches the log as it is', async () => {
  const side = scene.side('fwknop');
  const good = `${client.address4},tcp/22`;
  const hostile: readonly (readonly [string, string, string])[] = [
    ['bad-user', 'eve\u001b[2J', good],
    ['bad-user', 'eve\n{"event":"granted"}', good],
    ['bad-user', '$(id)|/bin/sh', good],
    ['bad-user', '../../etc/passwd', good],
    ['bad-user', 'e\u202eve', good],
    ['bad-address', 'eve', `$(id),tcp/22`],
    ['bad-address', 'eve', `192.0.2.1;id,tcp/22`],
    ['bad-address', 'eve', `192.0.2.1\n,tcp/22`],
    ['bad-ports', 'eve', `192.0.2.1,tcp/22;id`],
    ['bad-ports', 'eve', `192.0.2.1,tcp/22\u001b[2J`],
    ['bad-ports', 'eve', `192.0.2.1,tcp/22 accept`],
  ];
  for (const [reason, user, message] of hostile) {
    const mark = side.spad.audit.mark();
    await side.spad.send(client, sealFields(runner, user, message));
    const line = await side.spad.audit.waitFor({ event: 'rejected', stanza: 'runner' }, mark);
    expect([line.reason, user, message]).toEqual([reason, user, message]);
  }
  // The same fields without the attack are taken: these packets were refused for nothing else.
  const mark = side.spad.audit.mark();
  await side.spad.send(client, sealFields(runner, 'eve', '192.0.2.1,tcp/22'));
  await side.spad.audit.waitFor({ event: 'granted', stanza: 'runner', allow: '192.0.2.1', user: 'eve' }, mark);
  expectPrintable(side);
});

test('A17 fwknop: a command is words for a program, never for a shell, and printed without control characters', async () => {
  const side = scene.side('fwknop');
  const owned = join(shared, 'owned');
  const all = [`$(touch ${owned}) ; touch ${owned}`, `\`touch ${owned}\` && a`, '$IP %IP% | a', '\u009b31m \u202etxt'];
  const mark = side.spad.audit.mark();
  for (const [index, words] of all.entries()) {
    await side.spad.send(client, sealFields(runner, 'eve', `192.0.2.1,${script('args')} ${words}`, 0));
    await waitUntil('it to end', () => side.spad.audit.all({ event: 'ended', stanza: 'runner' }, mark).length > index);
  }
  expect(
    readFileSync(`${script('args')}.words`, 'utf8')
      .trimEnd()
      .split('\n'),
  ).toEqual(all.join(' ').split(' '));
  expect(existsSync(owned)).toBe(false);
  const { detail } = side.spad.audit.all({ event: 'commanded', stanza: 'runner' }, mark).at(-1) ?? {};
  expect(detail).toContain('\\u{9b}31m');
  await side.spad.send(client, sealFields(runner, 'eve', `192.0.2.1,${script('args')} a\ntouch ${owned}`, 0));
  await side.spad.audit.waitFor({ event: 'rejected', stanza: 'runner', reason: 'bad-command' }, mark);
  expectPrintable(side);
});

test('A17 native: a command is refused, and its characters reach neither a shell nor the log as they are', async () => {
  const side = scene.side('native');
  const holder = new Keyholder();
  side.configure({ capture: 'pcap' }, { eve: { key: holder.base64, allow: 'tcp/22' } });
  await side.spad.reload();
  const owned = join(side.spad.dir, 'owned');
  for (const command of [`$(touch ${owned})`, `; touch ${owned}`, '\u009b31m\u202etxt', '"}\\u001b[2J']) {
    const mark = side.spad.audit.mark();
    await waitFor('the command to be judged', async () => {
      await side.spad.send(client, holder.seal({ type: 'command', command }));
      const judged = (): unknown => side.spad.audit.all({ event: 'rejected', stanza: 'eve' }, mark)[0];
      return waitFor('a line', judged, 2000).catch(() => undefined);
    });
    expect(side.openedSince(mark)).toEqual([]);
  }
  expect(existsSync(owned)).toBe(false);
  expectPrintable(side);
});

test('A18 fwknop: a packet with its stripped prefix is refused before anything else, and is no replay of itself', async () => {
  const side = scene.side('fwknop');
  const text = Buffer.from(side.victim.seal({ allow: '192.0.2.18', openFor: 1 })).toString('latin1');
  const before = await side.spad.counts();
  const mark = side.spad.audit.mark();
  await side.spad.send(attacker, Buffer.from(`U2FsdGVkX1${text}`));
  await side.spad.send(attacker, Buffer.from(`hQ${randomBytes(600).toString('base64').replace(/=+$/, '')}`));
  const counts = await side.countedSince(before, 'refused-prefix', 2);
  for (const name of ['no-key-matched', 'over-budget']) expect(counts[name] ?? 0).toBe(before[name] ?? 0);
  expect(side.openedSince(mark)).toEqual([]);
  await side.admit(client, Buffer.from(text));
  // Nor does it pass once the packet itself has.
  const after = await side.spad.counts();
  await side.spad.send(attacker, Buffer.from(`U2FsdGVkX1${text}`));
  await side.countedSince(after, 'refused-prefix');
  expect(side.spad.audit.all({ event: 'granted', allow: '192.0.2.18' }, mark)).toHaveLength(1);
});

/** A second try has one of its own. */
let neighbours = 0;

testBoth(
  'A19 %s: malformed frames and datagrams are counted and ignored; the same receiver goes on',
  async (format) => {
    const side = scene.side(format);
    const near = await scene.lab.addBehind(side.server, `near-${format}${String((neighbours += 1))}`);
    const receiver = await side.spad.receiverPid();
    const junk =
      format === 'native'
        ? Buffer.concat([side.victim.seal().subarray(0, 8), randomBytes(168)])
        : new FwknopHolder().seal();
    const before = await side.spad.counts();
    const mark = side.spad.audit.mark();
    await sendFrames(near, [...lyingFrames(junk), ...spoiltFrames(junk, 2000)].map(broadcast));
    // Datagrams of every length up to that of a packet, nothing included, and some far beyond.
    const packet = side.victim.seal();
    const lengths = [...Array.from(packet, (_, length) => length), 1499, 1500, 1501, 9000, 65_507];
    await side.spad.sendAll(
      attacker,
      lengths.map((length) =>
        Buffer.concat([packet.subarray(0, length), randomBytes(Math.max(0, length - packet.length))]),
      ),
      3,
      16,
    );
    await side.spad.settle(client, side.witness, 5);
    const after = await side.spad.counts();
    const grown = Object.entries(after).filter(([name, count]) => count > (before[name] ?? 0));
    const refused = [...FRAME_FAULTS, 'other-port', 'wrong-size', 'unknown-hint', 'bad-mac', 'bad-alphabet'];
    const names: readonly string[] = [
      ...refused,
      'no-key-matched',
      'over-budget',
      'refused-prefix',
      'granted',
      'extended',
      // Grants of the cases before this one end.
      'expired',
    ];
    expect(grown.map(([name]) => name).filter((name) => !names.includes(name))).toEqual([]);
    for (const some of [FRAME_FAULTS, refused])
      expect(grown.some(([name]) => some.some((one) => one === name))).toBe(true);
    expect(side.spad.audit.all({ event: 'rejected' }, mark)).toEqual([]);
    expect(side.openedSince(mark)).toEqual([]);
    expect(await side.spad.receiverPid()).toBe(receiver);
    await side.admit(client, side.victim.seal({ openFor: 1 }));
    await waitUntil(
      'the kernel to close',
      async () => !(await openInKernel(side.server)).includes(`${client.address4} tcp/22`),
    );
  },
);
