/** What a receiver is told of fwknop's clients, and how it hands their texts over. */
import { describe, expect, test } from 'vitest';
import type { FwknopStanza } from '../../../src/access/fwknop-stanza.ts';
import { PLAIN_TERMS } from '../../../src/access/terms.ts';
import { seconds, unixMs } from '../../../src/base/units.ts';
import {
  decodeFwknopSettings,
  encodeFwknopSettings,
  type FwknopSettings,
  fwknopReceiverSettings,
  UDP_ALONE,
} from '../../../src/engine/fwknop-settings.ts';
import { encodeHandoff, type Handoff, HandoffReader, MAX_HANDOFF } from '../../../src/engine/handoff.ts';
import type { FwknopCandidate } from '../../../src/engine/input.ts';
import type { GpgKeys } from '../../../src/access/fwknop-keys.ts';
import { type FwknopClient, NO_FWKNOP } from '../../../src/engine/policy.ts';
import { ascii, cidr, ip, portOf, present, specs, toHex } from '../values.ts';
import { TEXTS } from '../spa/fwknop/captured.ts';

const stanzaOf = (name: string, sources: readonly string[]): FwknopStanza => ({
  ...{ name, sources: sources.map(cidr), destinations: undefined, openPorts: undefined, restrictPorts: [] },
  ...{ openFor: seconds(30), maxOpenFor: seconds(300), username: undefined, requireAddress: false, expires: undefined },
  ...PLAIN_TERMS,
  nat: {
    ...{ forward: false, local: false, targets: undefined, forced: undefined, source: 'client', names: false },
    ...{ disableDnat: false, forwardAll: false },
  },
  commands: undefined,
  cycle: undefined,
});

const CIPHER = { passphrase: ascii('the key that reads'), mode: 'cbc' } as const;
const GPG: GpgKeys = {
  ...{ homeDir: '/root/.gnupg', program: '/usr/bin/gpg', recipient: 'ABCD', password: 'the password', signerIds: [] },
  ...{ requireSignature: true, ignoreBadSignature: false, signerFingerprints: [] },
};

const client = (sources: readonly string[], fields: Partial<FwknopClient> = {}): FwknopClient => ({
  ...{ stanza: stanzaOf('one', sources), cipher: CIPHER, gpg: undefined, hmac: { type: 'sha256', key: ascii('mac') } },
  ...fields,
});

describe('settings', () => {
  test('are none where no client is fwknop’s', () => {
    expect(fwknopReceiverSettings(NO_FWKNOP, UDP_ALONE)).toBeUndefined();
  });

  const clients = [
    client(['192.0.2.0/24']),
    client(['198.51.100.0/24'], { hmac: { type: 'sha512', key: ascii('mac') } }),
    client(['192.0.2.0/24', '2001:db8::/32'], { cipher: undefined, gpg: GPG }),
    client(['203.0.113.0/24'], { hmac: undefined }),
  ];
  const transports = {
    ...{ ports: specs('udp/10000-65535 tcp/80'), http: { anyUserAgent: false, forwardedFor: true }, icmp: true },
    tcpServer: portOf(62_201),
  };
  const settings = present(fwknopReceiverSettings({ ...NO_FWKNOP, clients }, transports));

  test('have each HMAC key once, with the sources and the seals of all that use it', () => {
    expect(settings.gate).toEqual({
      keys: [
        {
          hmac: { type: 'sha256', key: ascii('mac') },
          ...{ rijndael: true, gpg: true, sources: [cidr('192.0.2.0/24'), cidr('2001:db8::/32')] },
        },
        {
          hmac: { type: 'sha512', key: ascii('mac') },
          ...{ rijndael: true, gpg: false, sources: [cidr('198.51.100.0/24')] },
        },
      ],
      unkeyed: { rijndael: true, gpg: false, sources: [cidr('203.0.113.0/24')] },
    });
  });

  test('look where the TCP server listens', () => {
    expect(settings.transports.ports).toEqual(specs('tcp/80 tcp/62201 udp/10000-65535'));
  });

  const again = (value: unknown): FwknopSettings | undefined => decodeFwknopSettings(JSON.parse(JSON.stringify(value)));

  test('are read as written', () => {
    expect(again(encodeFwknopSettings(settings))).toEqual(settings);
    const plain = present(fwknopReceiverSettings({ ...NO_FWKNOP, clients: clients.slice(0, 1) }, UDP_ALONE));
    expect(again(encodeFwknopSettings(plain))).toEqual(plain);
  });

  test('hold no key that reads or makes a packet', () => {
    const text = JSON.stringify(encodeFwknopSettings(settings));
    for (const key of [CIPHER.passphrase, ascii('the password')]) {
      expect(text).not.toContain(toHex(key));
      expect(text).not.toContain(Buffer.from(key).toString('latin1'));
    }
  });

  test.each([
    ['"type":"sha256"', '"type":"sha257"'],
    ['"key":"6d6163"', '"key":"6d616"'],
    ['"key":"6d6163"', '"key":""'],
    ['"192.0.2.0/24"', '"192.0.2.1/24"'],
    ['"icmp":true', '"icmp":1'],
    ['"tcpServer":62201', '"tcpServer":0'],
    ['"first":80', '"first":81'],
    ['"protocol":"tcp"', '"protocol":"sctp"'],
    ['"anyUserAgent":false,', ''],
    ['"gate":', '"gates":'],
    ['"rijndael":true,', ''],
  ])('%s is not read as %s', (from, to) => {
    const text = JSON.stringify(encodeFwknopSettings(settings));
    expect(text).toContain(from);
    expect(decodeFwknopSettings(JSON.parse(text.replace(from, to)))).toBeUndefined();
  });
});

describe('on the pipe', () => {
  const candidate: FwknopCandidate = {
    ...{ key: 7, source: ip('192.0.2.1'), destination: ip('198.51.100.7'), forwardedFor: undefined },
    ...{ transport: 'icmp', captured: unixMs(0x19b76db185e), text: ascii(TEXTS.sha256) },
  };
  const read = (bytes: Uint8Array): { messages: Handoff[]; breached: boolean } => {
    const reader = new HandoffReader();
    return { messages: reader.push(bytes), breached: reader.breached };
  };

  test('a candidate: length, kind, key, time, transport, addresses, text', () => {
    const head = '00e5 07 00000007 0000019b76db185e 02 04c0000201 04c6336407 00'.replaceAll(' ', '');
    const bytes = encodeHandoff({ kind: 'fwknop-candidate', candidate });
    expect(toHex(bytes)).toBe(head + toHex(candidate.text));
  });

  test.each<[string, Partial<FwknopCandidate>]>([
    ['without a key', { key: undefined }],
    ['to a socket', { destination: undefined }],
    ['forwarded', { transport: 'http', forwardedFor: ip('2001:db8::5') }],
    ['of IPv6', { source: ip('2001:db8::1'), destination: ip('2001:db8::2'), transport: 'tcp' }],
    ['as long as can be', { text: new Uint8Array(1500).fill(65), transport: 'udp' }],
  ])('one %s comes back as it went', (_, fields) => {
    const message: Handoff = { kind: 'fwknop-candidate', candidate: { ...candidate, ...fields } };
    const bytes = encodeHandoff(message);
    expect(bytes.length).toBeLessThanOrEqual(MAX_HANDOFF);
    expect(read(bytes)).toEqual({ messages: [message], breached: false });
  });

  test.each<[string, (bytes: Uint8Array) => Uint8Array]>([
    ['another transport', (bytes) => bytes.fill(4, 15, 16)],
    ['another family', (bytes) => bytes.fill(5, 16, 17)],
    ['no source', (bytes) => bytes.fill(0, 16, 17)],
    ['a short text', (bytes) => bytes.fill(0, 0, 1).fill(0xa0, 1, 2)],
  ])('%s is a breach', (_, spoil) => {
    expect(read(spoil(encodeHandoff({ kind: 'fwknop-candidate', candidate })))).toEqual({
      messages: [],
      breached: true,
    });
  });

  test('an IPv4 address in the clothes of IPv6 is a breach', () => {
    const clothed = { family: 6 as const, bytes: Uint8Array.from([...new Uint8Array(10), 255, 255, 192, 0, 2, 1]) };
    const bytes = encodeHandoff({ kind: 'fwknop-candidate', candidate: { ...candidate, source: clothed } });
    expect(read(bytes).breached).toBe(true);
  });
});
