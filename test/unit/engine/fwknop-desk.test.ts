/** Texts of fwknop's on their way through the authorizer. */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { steadyMs, unixMs } from '../../../src/base/units.ts';
import { bytesKey, encodeUtf8 } from '../../../src/bytes/encoding.ts';
import type { Decision } from '../../../src/engine/effect.ts';
import type { Engine } from '../../../src/engine/engine.ts';
import { textDigest } from '../../../src/engine/fwknop-admit.ts';
import type { FwknopCandidate } from '../../../src/engine/input.ts';
import type { GpgKeys } from '../../../src/access/fwknop-keys.ts';
import type { FwknopClient, FwknopPolicy } from '../../../src/engine/policy.ts';
import { ReplayCache } from '../../../src/replay/cache.ts';
import { encodeFields } from '../../../src/spa/fwknop/fields.ts';
import { gpgTextOf } from '../../../src/spa/fwknop/gpg-text.ts';
import { parseGpgStatus } from '../../../src/spa/fwknop/gpg-status.ts';
import type { FwknopMessage } from '../../../src/spa/fwknop/message.ts';
import { ascii, cidr, hex, ip, portOf, present, specs } from '../values.ts';
import { EPOCH, engineOf, moment, policyOf, show } from './desk.ts';
import {
  fwknopClient,
  fwknopInput,
  fwknopPolicy,
  fwknopStanza,
  GPG_KEYS,
  hmacOf,
  messageOf,
  NO_NAT,
  ROOT,
  textOf,
} from './fwknop.ts';

const NOW = moment(0);
const KEYS = { cipher: 'k1', hmac: 'h1' };

const engineFor = (
  clients: readonly FwknopClient[],
  fields: Partial<FwknopPolicy> = {},
  foreign?: Set<string>,
): Engine =>
  engineOf(policyOf([], { fwknop: fwknopPolicy(clients, fields) }), 100, foreign && { foreignDigests: foreign });

const send = (
  engine: Engine,
  text: Uint8Array,
  fields: Partial<FwknopCandidate> = {},
  now = NOW,
): readonly Decision[] => engine.handle(fwknopInput(text, now, fields), now);

const packet = (fields: Partial<FwknopMessage> = {}): Uint8Array => textOf(messageOf(NOW, fields), 'k1', 'h1');
const bare = (fields: Partial<FwknopMessage> = {}): Uint8Array => textOf(messageOf(NOW, fields), 'k1', undefined);

const lineOf = (decisions: readonly Decision[]) => {
  const effect = decisions.flat().find(({ kind }) => kind === 'audit');
  return effect?.kind === 'audit' ? effect.line : undefined;
};

const GRANTED = ['remember', 'record +g1', 'open 192.0.2.1 tcp/22 until 30000', 'audit granted alice'];

describe('one client', () => {
  test('is remembered, then opened, then told', () => {
    expect(show(send(engineFor([fwknopClient(fwknopStanza('alice'), KEYS)]), packet()))).toEqual(GRANTED);
  });

  test('the line tells who, by the packet’s own word, and how it came', () => {
    const engine = engineFor([fwknopClient(fwknopStanza('alice'), KEYS)]);
    expect(lineOf(send(engine, packet({ user: 'bob' }), { transport: 'icmp' }))).toMatchObject({
      ...{ event: 'granted', format: 'fwknop', transport: 'icmp', stanza: 'alice', user: 'bob' },
      source: ip('192.0.2.1'),
    });
  });

  test('HMAC and key are asked again here: the receiver is not believed', () => {
    const engine = engineFor([fwknopClient(fwknopStanza('alice'), KEYS)]);
    expect(send(engine, textOf(messageOf(NOW), 'k1', 'other'))).toEqual([[]]);
    expect(send(engine, bare())).toEqual([[]]);
    expect(send(engine, packet(), { key: 1 })).toEqual([]);
    expect(send(engine, packet(), { key: undefined })).toEqual([]);
    expect(show(send(engine, textOf(messageOf(NOW), 'k2', 'h1')))).toEqual(['audit rejected alice unsealing-failed']);
    expect(engine.handle({ kind: 'report' }, NOW).flat()[0]).toMatchObject({
      line: { counts: { 'bad-mac': 2, 'no-key-matched': 2, 'unsealing-failed': 1 } },
    });
  });

  test.each([
    [-121, 'stale', -121],
    [121, 'future', 121],
  ])('a packet %s seconds from now is %s', (seconds, reason, skew) => {
    const engine = engineFor([fwknopClient(fwknopStanza('alice'), KEYS)]);
    const decisions = send(engine, packet({ time: unixMs(NOW.wall + 1000 * seconds) }));
    expect(show(decisions)).toEqual([`audit rejected alice ${reason}`]);
    expect(lineOf(decisions)?.skew).toBe(skew);
  });

  test.each([-120, 120])('one %s seconds from now is fresh, and with aging off any is', (seconds) => {
    const clients = [fwknopClient(fwknopStanza('alice'), KEYS)];
    expect(show(send(engineFor(clients), packet({ time: unixMs(NOW.wall + 1000 * seconds) })))).toEqual(GRANTED);
    const old = packet({ time: unixMs(NOW.wall + 1_000_000 * seconds) });
    const engine = engineFor(clients, { maxAge: Number.POSITIVE_INFINITY });
    expect(show(send(engine, old))).toEqual(GRANTED);
    engine.handle({ kind: 'tick' }, moment(86_400_000));
    expect(show(send(engine, old, {}, moment(86_400_001)))).toEqual(['audit rejected alice replayed']);
  });

  test('what the policy refuses is remembered, too: it must not come again from where it would be granted', () => {
    const stanza = fwknopStanza('alice', { sources: [cidr('192.0.2.0/24')] });
    const engine = engineFor([fwknopClient(stanza, KEYS)]);
    const text = packet();
    expect(show(send(engine, text, { source: ip('203.0.113.1') }))).toEqual([
      'remember',
      'audit rejected alice source-not-allowed',
    ]);
    expect(show(send(engine, text))).toEqual(['audit rejected alice replayed']);
  });

  test('X-Forwarded-For is believed of HTTP alone, and only where it is to be', () => {
    const clients = [fwknopClient(fwknopStanza('alice'), KEYS)];
    const forwardedFor = ip('203.0.113.50');
    const opened = (trustForwardedFor: boolean, fields: Partial<FwknopCandidate>): unknown =>
      lineOf(send(engineFor(clients, { trustForwardedFor }), packet(), { forwardedFor, ...fields }))?.allow;
    expect(opened(true, { transport: 'http' })).toEqual([forwardedFor]);
    expect(opened(false, { transport: 'http' })).toEqual([ip('192.0.2.1')]);
    expect(opened(true, { transport: 'tcp' })).toEqual([ip('192.0.2.1')]);
  });

  test('what an fwknopd has let in before is refused, whatever its time', () => {
    const text = packet();
    const foreign = new Set([bytesKey(textDigest(text))]);
    const clients = [fwknopClient(fwknopStanza('alice'), KEYS)];
    const engine = engineFor(clients, { maxAge: Number.POSITIVE_INFINITY }, foreign);
    expect(show(send(engine, text))).toEqual(['audit rejected alice replayed']);
    expect(show(send(engine, packet()))).toEqual(GRANTED);
  });
});

describe('without an HMAC', () => {
  const clients = [fwknopClient(fwknopStanza('alice'), { cipher: 'k1' })];
  const key = undefined;

  test('opens as with one', () => {
    expect(show(send(engineFor(clients), bare(), { key }))).toEqual(GRANTED);
  });

  test('the same plain text in other letters opens nothing', () => {
    const engine = engineFor(clients);
    const message = messageOf(NOW);
    expect(show(send(engine, textOf(message, 'k1', undefined), { key }))[0]).toBe('remember');
    expect(show(send(engine, textOf(message, 'k1', undefined), { key }))).toEqual(['audit rejected alice replayed']);
  });

  test('an HMAC that is cut off makes no second packet', () => {
    const both = [fwknopClient(fwknopStanza('alice'), KEYS), ...clients];
    const engine = engineFor(both);
    const message = messageOf(NOW);
    expect(show(send(engine, textOf(message, 'k1', 'h1'))).at(-1)).toBe('audit granted alice');
    const cut = textOf(message, 'k1', undefined);
    expect(show(send(engine, cut, { key }))).toEqual(['audit rejected alice replayed']);
  });

  test('what cannot be read is anybody’s: no line, and only so many a second', () => {
    const engine = engineFor(clients);
    const junk = textOf(messageOf(NOW), 'other', undefined);
    for (let index = 0; index < 2500; index += 1) expect(send(engine, junk, { key }).flat()).toEqual([]);
    expect(engine.handle({ kind: 'report' }, NOW).flat()[0]).toMatchObject({
      line: { counts: { 'no-key-matched': 2000, 'over-budget': 500 } },
    });
  });
});

describe('several clients', () => {
  const named = (name: string, fields = {}, keys = KEYS): FwknopClient =>
    fwknopClient(fwknopStanza(name, fields), keys);

  test('the first that grants ends the search, whatever those before it said', () => {
    const clients = [
      named('a', { sources: [cidr('203.0.113.0/24')] }),
      named('b', { expires: NOW.wall }),
      named('c', { username: 'somebody' }),
      named('d', { openPorts: specs('tcp/80') }),
      named('e', {}, { cipher: 'k2', hmac: 'h1' }),
      named('f'),
      named('g'),
    ];
    expect(show(send(engineFor(clients), packet()))).toEqual([...GRANTED.slice(0, -1), 'audit granted f']);
  });

  test('where none grants, the reason is that of the one with which it came furthest, once', () => {
    const clients = [
      named('a', { openPorts: specs('tcp/80') }),
      named('b', { sources: [cidr('203.0.113.0/24')] }),
      named('c', {}, { cipher: 'k2', hmac: 'h1' }),
    ];
    expect(show(send(engineFor(clients), packet()))).toEqual(['remember', 'audit rejected a port-not-allowed']);
    expect(show(send(engineFor(clients.slice(1)), packet()))).toEqual([
      'remember',
      'audit rejected b source-not-allowed',
    ]);
  });

  test('only those of the key that was used are asked', () => {
    const clients = [named('a', {}, { cipher: 'k1', hmac: 'h0' }), named('b')];
    expect(show(send(engineFor(clients), packet(), { key: 1 })).at(-1)).toBe('audit granted b');
    expect(send(engineFor(clients), packet(), { key: 0 }).flat()).toEqual([]);
  });
});

describe('grants', () => {
  test('a name is looked up first, with nothing remembered, and the answer judged', () => {
    const nat = { ...NO_NAT, forward: true };
    const engine = engineFor([fwknopClient(fwknopStanza('alice', { nat }), KEYS)]);
    const text = packet({ type: 'nat-access', nat: { host: 'inner', port: portOf(22) } });
    const asked = send(engine, text);
    expect(show(asked)).toEqual(['ask inner']);
    expect(show(send(engine, text))).toEqual(['audit rejected alice replayed']);
    const id = bytesKey(textDigest(text));
    const lookup = { host: 'inner', addresses: [ip('10.0.0.5')] };
    const answer = { kind: 'answered', id, answer: { kind: 'resolve-host', lookup } } as const;
    const later = moment(200_000);
    const decisions = engine.handle(answer, later);
    expect(show(decisions)[0]).toBe('remember');
    expect(lineOf(decisions)).toMatchObject({ event: 'granted', forward: { to: ip('10.0.0.5'), port: 22 } });
    expect(engine.handle(answer, later)).toEqual([]);
    expect(show(send(engine, text))).toEqual(['audit rejected alice replayed']);
  });

  test('a stanza that is no more takes its grants along; one that is there keeps them', () => {
    const clients = ['alice', 'bob'].map((name) =>
      fwknopClient(fwknopStanza(name), { cipher: `k-${name}`, hmac: name }),
    );
    const engine = engineFor(clients);
    for (const [key, name] of ['alice', 'bob'].entries()) {
      engine.handle(fwknopInput(textOf(messageOf(NOW), `k-${name}`, name), NOW, { key }), NOW);
    }
    const policy = policyOf([], { fwknop: fwknopPolicy(clients.slice(1)) });
    expect(show(engine.handle({ kind: 'reload', policy }, NOW))).toContain('audit revoked alice stanza-removed');
    expect(engine.grants().map(({ stanza }) => stanza)).toEqual(['bob']);
  });
});

describe('commands', () => {
  const engine = (): Engine => engineFor([fwknopClient(fwknopStanza('alice', { commands: ROOT }), KEYS)]);
  const command = (): Uint8Array =>
    packet({ type: 'command', command: '/bin/id  -u', ports: [], user: 'a\u0000b'.slice(0, 1) });

  test('are remembered, run and told; the end has a line of its own', () => {
    const desk = engine();
    const [decision] = send(desk, command());
    expect(show(decision === undefined ? [] : [decision])).toEqual([
      'remember',
      'start /bin/id -u',
      'audit commanded alice',
    ]);
    const effect = decision?.find(({ kind }) => kind === 'run-program');
    if (effect?.kind !== 'run-program') throw new Error('a program');
    const ended = desk.handle({ kind: 'program-ended', effect, failed: true, how: 'status 3' }, NOW);
    expect(lineOf(ended)).toMatchObject({ event: 'ended', reason: 'program-failed', detail: '/bin/id -u: status 3' });
  });

  test('what could not be remembered or started is told', () => {
    const desk = engine();
    const [decision = []] = send(desk, command());
    for (const kind of ['remember', 'run-program'] as const) {
      const effect = present(decision.find((one) => one.kind === kind));
      const failed = desk.handle({ kind: 'effect-failed', failure: { effect, decision, message: 'no' } }, NOW);
      expect(show(failed)).toEqual([`audit failed alice ${kind === 'remember' ? 'journal-failed' : 'program-failed'}`]);
    }
  });
});

describe('gpg', () => {
  const openPgp = hex(
    (
      JSON.parse(readFileSync(new URL('../../vectors/fwknop/real.json', import.meta.url), 'utf8')) as {
        gpg: { openPgp: string }[];
      }
    ).gpg[0]?.openPgp ?? '',
  );
  const status = (name: string) =>
    parseGpgStatus(readFileSync(new URL(`../spa/gpg-status/${name}.txt`, import.meta.url), 'utf8'));
  const text = (hmac: string | undefined): Uint8Array =>
    ascii(gpgTextOf(openPgp, hmac === undefined ? undefined : hmacOf(hmac)));
  const answerOf = (sent: Uint8Array, keys: GpgKeys, name: string | undefined) => {
    const plain = encodeUtf8(encodeFields(messageOf(NOW), 'sha256'));
    const result = name === undefined ? undefined : { plain, status: status(name) };
    const answer = { kind: 'unseal-gpg', unsealing: { keys, result } } as const;
    return { kind: 'answered', id: bytesKey(textDigest(sent)), answer } as const;
  };
  const clients = [fwknopClient(fwknopStanza('alice'), { gpg: GPG_KEYS, hmac: 'h1' })];

  test('is asked once about a text, after the HMAC; then it opens once', () => {
    const engine = engineFor(clients);
    const sent = text('h1');
    expect(send(engine, text('h2')).flat()).toEqual([]);
    expect(show(send(engine, sent))).toEqual(['ask gpg']);
    expect(show(send(engine, sent))).toEqual(['audit rejected alice replayed']);
    expect(show(engine.handle(answerOf(sent, GPG_KEYS, 'fully'), NOW))).toEqual(GRANTED);
    expect(show(send(engine, sent))).toEqual(['audit rejected alice replayed']);
  });

  test.each([
    [undefined, 'gpg-failed'],
    ['no-secret-key', 'unsealing-failed'],
    ['bad-signature', 'bad-signature'],
    ['unknown-validity', 'bad-signature'],
    ['unsigned', 'unsigned'],
  ])('%s: %s, and nothing is remembered', (name, reason) => {
    const engine = engineFor(clients);
    const sent = text('h1');
    send(engine, sent);
    expect(show(engine.handle(answerOf(sent, GPG_KEYS, name), NOW))).toEqual([`audit rejected alice ${reason}`]);
  });

  test('one opening serves all stanzas of a ring, whoever they want as signer', () => {
    const other = { ...GPG_KEYS, signerFingerprints: ['00'] };
    const engine = engineFor([fwknopClient(fwknopStanza('other'), { gpg: other, hmac: 'h1' }), ...clients]);
    const sent = text('h1');
    send(engine, sent);
    expect(show(engine.handle(answerOf(sent, other, 'fully'), NOW)).at(-1)).toBe('audit granted alice');
  });

  test('another ring is another question', () => {
    const other = { ...GPG_KEYS, homeDir: '/other' };
    const engine = engineFor([fwknopClient(fwknopStanza('other'), { gpg: other, hmac: 'h1' }), ...clients]);
    const sent = text('h1');
    send(engine, sent);
    expect(show(engine.handle(answerOf(sent, other, 'no-secret-key'), NOW))).toEqual(['ask gpg']);
    expect(show(engine.handle(answerOf(sent, GPG_KEYS, 'fully'), NOW)).at(-1)).toBe('audit granted alice');
  });

  test('an answer after a reload is to a question that nobody remembers', () => {
    const engine = engineFor(clients);
    const sent = text('h1');
    send(engine, sent);
    engine.handle({ kind: 'reload', policy: policyOf([], { fwknop: fwknopPolicy(clients) }) }, NOW);
    expect(engine.handle(answerOf(sent, GPG_KEYS, 'fully'), NOW)).toEqual([]);
  });

  test('texts without an HMAC are anybody’s: so many questions at once and no more', () => {
    const engine = engineFor([fwknopClient(fwknopStanza('alice'), { gpg: GPG_KEYS })]);
    const asked = Array.from({ length: 100 }, (_, index) => {
      const changed = openPgp.slice();
      changed.set([index], changed.length - 1);
      return show(send(engine, ascii(gpgTextOf(changed, undefined)), { key: undefined })).length;
    });
    expect(asked.reduce((sum, count) => sum + count, 0)).toBe(20);
  });
});

test('the native replay cache and fwknop’s are one, kept for as long as the longer age', () => {
  const cache = new ReplayCache(1000, unixMs(0));
  const fwknop = fwknopPolicy([fwknopClient(fwknopStanza('alice'), KEYS)], { maxAge: 3_600_000 });
  const engine = engineOf(policyOf([], { fwknop }), 100, { cache });
  const text = packet();
  send(engine, text);
  engine.handle({ kind: 'tick' }, { wall: unixMs(EPOCH + 3_600_000), steady: steadyMs(3_600_000) });
  expect([cache.size, cache.floor]).toEqual([1, 0]);
  engine.handle({ kind: 'tick' }, { wall: unixMs(EPOCH + 3_600_001), steady: steadyMs(3_600_001) });
  expect([cache.size, cache.floor]).toEqual([0, EPOCH]);
});
