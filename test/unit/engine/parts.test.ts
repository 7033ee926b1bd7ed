import { describe, expect, test } from 'vitest';
import { steadyMs, unixMs } from '../../../src/base/units.ts';
import { type AuditLine, formatAuditLine } from '../../../src/engine/audit.ts';
import { Counters } from '../../../src/engine/counters.ts';
import { Limiter } from '../../../src/engine/limiter.ts';
import {
  decodeSettings,
  encodeSettings,
  type KnockSettings,
  type ReceiverSettings,
  SETTINGS_HEAD,
  settingsLength,
} from '../../../src/engine/receiver-settings.ts';
import { ip, portOf, ports } from '../values.ts';
import { decodeUtf8 } from '../../../src/bytes/encoding.ts';
import { gateKeysOf } from '../../support/gate-keys.ts';

describe('the audit line', () => {
  const NOW = unixMs(Date.UTC(2026, 0, 1, 12, 0, 0, 7));
  const read = (line: AuditLine): unknown => JSON.parse(formatAuditLine(line, NOW));

  test('a grant', () => {
    const line: AuditLine = {
      event: 'granted',
      stanza: 'alice',
      format: 'native',
      source: ip('192.0.2.1'),
      allow: [ip('2001:DB8::1')],
      ports: ports('tcp/22 udp/60000-60010'),
      until: unixMs(NOW + 30_000),
    };
    expect(read(line)).toEqual({
      ...{ time: '2026-01-01T12:00:00.007Z', event: 'granted', stanza: 'alice', format: 'native' },
      ...{ source: '192.0.2.1', allow: '2001:db8::1', ports: ['tcp/22', 'udp/60000-60010'] },
      until: '2026-01-01T12:00:30.007Z',
    });
  });

  test('a refusal with two addresses; what says nothing is left out', () => {
    const line = {
      event: 'rejected',
      reason: 'stale',
      skew: 0,
      allow: [ip('10.0.0.1'), ip('::5')],
      ports: [],
    } as const;
    expect(read(line)).toEqual({
      ...{ time: '2026-01-01T12:00:00.007Z', event: 'rejected', reason: 'stale', skew: 0 },
      ...{ allow: ['10.0.0.1', '::5'], ports: [] },
    });
  });

  test('is one line, whatever the machine said', () => {
    const text = formatAuditLine({ event: 'failed', detail: 'a\nb\u001b[31m\u2028' }, NOW);
    expect(text).not.toMatch(/[\n\u001b\u2028]/);
    expect(JSON.parse(text)).toMatchObject({ detail: 'a\\u{a}b\\u{1b}[31m\\u{2028}' });
  });

  test('a stanza cannot forge a member', () => {
    expect(read({ event: 'granted', stanza: '","event":"x' })).toMatchObject({
      event: 'granted',
      stanza: '","event":"x',
    });
  });
});

test('counters add up, and say when there is something new', () => {
  const counters = new Counters();
  expect(counters.changed).toBe(false);
  counters.add('granted');
  counters.add('bad-mac', 5);
  counters.addAll({ granted: 2, stale: 0 });
  counters.add('shed', 0);
  counters.add('shed', -3);
  expect(counters.changed).toBe(true);
  expect(JSON.stringify(counters.take())).toBe('{"bad-mac":5,"granted":3}');
  expect(counters.changed).toBe(false);
  expect(counters.take()).toEqual({ 'bad-mac': 5, granted: 3 });
});

test('a limiter lets a burst pass, then so many a second', () => {
  const limiter = new Limiter(2, 3);
  const passed = (at: number, asked: number): number =>
    Array.from({ length: asked }, () => limiter.take(steadyMs(at))).filter(Boolean).length;
  expect(passed(1_000_000, 10)).toBe(3);
  expect(passed(1_000_400, 10)).toBe(0);
  expect(passed(1_000_500, 10)).toBe(1);
  expect(passed(1_002_500, 10)).toBe(3);
  expect(passed(9_000_000, 10)).toBe(3);
});

describe('the receiver’s settings', () => {
  const settings: ReceiverSettings = {
    ...{ capture: 'pcap', interface: 'any', file: undefined, port: portOf(62_201), reach: 900_000 },
    user: { uid: 65_534, gid: 65_534 },
    clients: gateKeysOf([
      { hint: new Uint8Array(32).fill(1), mac: new Uint8Array(32).fill(2) },
      { hint: new Uint8Array(32).fill(3), mac: new Uint8Array(32).fill(4), codes: true, ends: 5000 },
    ]),
    fwknop: undefined,
  };

  const whole = encodeSettings(settings);
  const textEnd = whole.length - 2 * 64;
  const text = decodeUtf8(whole.subarray(SETTINGS_HEAD, textEnd)) ?? '';
  /** As `whole` is made, by hand. */
  const joined = (json: string, keys: Uint8Array): Uint8Array => {
    const head = Buffer.alloc(SETTINGS_HEAD);
    head.writeUInt32BE(Buffer.byteLength(json), 0);
    head.writeUInt32BE(keys.length, 4);
    return Uint8Array.from(Buffer.concat([head, Buffer.from(json), keys]));
  };
  const keys = whole.subarray(textEnd);

  test('are read as written, and begin with how long they are', () => {
    expect(decodeSettings(whole)).toEqual(settings);
    expect(settingsLength(whole.subarray(0, SETTINGS_HEAD))).toBe(whole.length);
    expect(joined(text, keys)).toEqual(whole);
  });

  test('hold the keys that recognise packets, and no other', () => {
    expect([...keys]).toEqual([1, 2, 3, 4].flatMap((byte) => Array.from({ length: 32 }, () => byte)));
    expect(text).not.toMatch(/seal|secret|hint|mac/);
  });

  test.each([
    ['null', joined('null', keys)],
    ['a number', joined('5', keys)],
    ['nothing', joined('{}', keys)],
    ['another capture', joined(text.replace('"pcap"', '"bpf"'), keys)],
    ['a short key', joined(text, keys.subarray(1))],
    ['codes that are no list of numbers', joined(text.replace('"withCodes":[1]', '"withCodes":["1"]'), keys)],
    ['codes of a client that there is not', joined(text.replace('"withCodes":[1]', '"withCodes":[2]'), keys)],
    ['the end of a client that there is not', joined(text.replace('"ends":[[1,', '"ends":[[2,'), keys)],
    ['an end that is no number', joined(text.replace('[[1,5000]]', '[[1,"5000"]]'), keys)],
    ['ends that are no pairs', joined(text.replace('[[1,5000]]', '[1,5000]'), keys)],
    ['what is cut short', whole.subarray(0, -1)],
    ['what goes on', Uint8Array.of(...whole, 0)],
    ['a head that is cut short', whole.subarray(0, SETTINGS_HEAD - 1)],
    ['a capture that is no text', joined(text.replace('"pcap"', '5'), keys)],
    ['nflog without its group', joined(text.replace('"pcap"', '"nflog"'), keys)],
    ['a group without nflog', joined(text.replace('"pcap"', '"pcap","group":5'), keys)],
    ['an interface that is no name', joined(text.replace('"any"', '5'), keys)],
    ['a port that is no number', joined(text.replace('62201', '"62201"'), keys)],
    ['a reach that is no number', joined(text.replace('900000', 'null'), keys)],
    ['codes that are no list', joined(text.replace('"withCodes":[1]', '"withCodes":1'), keys)],
    ['ends that are no list', joined(text.replace('[[1,5000]]', '1'), keys)],
    ['settings of fwknop’s that are none', joined(`${text.slice(0, -1)},"fwknop":{}}`, keys)],
  ])('not %s', (_, bytes) => {
    expect(decodeSettings(bytes)).toBeUndefined();
  });

  describe('of one that looks out for knocks', () => {
    const knocks: KnockSettings = {
      ...{ capture: 'knock', interface: 'eth0', user: undefined, watches: [], local: ['192.0.2.1'], families: [4] },
    };

    test('are read as written, and hold no keys', () => {
      expect(decodeSettings(encodeSettings(knocks))).toEqual(knocks);
    });

    test.each(['interface', 'watches', 'local', 'families'])('not without %s', (name) => {
      const { [name as keyof KnockSettings]: _, ...rest } = knocks;
      expect(decodeSettings(joined(JSON.stringify(rest), new Uint8Array(0)))).toBeUndefined();
    });
  });
});
