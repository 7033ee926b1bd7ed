/** What the fuzzer begins with: inputs that get deep into each decoder. */
import { readFileSync } from 'node:fs';
import { steadyMs, unixMs } from '../../src/base/units.ts';
import { Secret } from '../../src/crypto/secret.ts';
import { encodeHandoff, type Handoff } from '../../src/engine/handoff.ts';
import { encodeSettings } from '../../src/engine/receiver-settings.ts';
import type { LinkType } from '../../src/frame/link.ts';
import { encodeGrantEvent } from '../../src/grant/record.ts';
import { encodeJournal } from '../../src/replay/journal.ts';
import {
  authentication,
  extension,
  fragmentHeader,
  join,
  onLink,
  tcp,
  udp,
  v4,
  v6,
  vlan,
} from '../unit/frame/frames.ts';
import { TEXTS } from '../unit/spa/fwknop/captured.ts';
import { ascii, cidr, grantOf, hex, ip, portOf, present, spec } from '../unit/values.ts';
import { gateKeysOf } from '../support/gate-keys.ts';

interface Vector {
  secret: string;
  server: string;
  datagram: string;
  body?: string;
}

const load = (file: string): Vector[] => {
  const url = new URL(`../vectors/native/${file}`, import.meta.url);
  return (JSON.parse(readFileSync(url, 'utf8')) as { vectors: Vector[] }).vectors;
};

const good = load('good.json');

/** The clock of the first vectors. */
export const NOW = unixMs(1_767_225_630_000);

export const nativeVectors = good.map((vector) => ({
  secret: present(Secret.fromBase64(vector.secret)),
  server: vector.server,
}));

export const nativeSeeds = [...good, ...load('bad.json'), ...load('codes.json')].map((vector) => hex(vector.datagram));

export const bodySeeds = good.map((vector) => hex(present(vector.body)));

const payload = present(nativeSeeds[0]);

const packets = [
  v4(udp(payload)),
  v4(udp(payload), { options: new Uint8Array(8).fill(1) }),
  v4(udp(payload), { fragment: 0x2000 }),
  v4(tcp(payload, 2, 1, 22, 3), { protocol: 6 }),
  v6(udp(payload)),
  v6(extension(60, 0, extension(43, 1, extension(17, 0, udp(payload)))), 0),
  v6(fragmentHeader(17, 1, udp(payload)), 44),
  v6(authentication(6, tcp(payload, 0x12)), 51),
];

export const frameSeeds = (link: LinkType): Uint8Array[] => [
  ...packets.map((packet) => onLink[link](packet)),
  ...(link === 'ethernet' ? [vlan(0x8100, v4(udp(payload)))] : []),
];

const records = Array.from({ length: 5 }, (_, index) => ({
  digest: new Uint8Array(16).fill(index + 1),
  time: unixMs(NOW + index),
}));

export const journalSeeds = [encodeJournal(8, NOW, records), encodeJournal(5, NOW, records), encodeJournal(0, NOW, [])];

const messages: Handoff[] = [
  { kind: 'ready', text: 'any' },
  { kind: 'candidate', candidate: { client: 1, source: ip('192.0.2.1'), captured: NOW, datagram: payload } },
  { kind: 'candidate', candidate: { client: 2, source: ip('2001:db8::1'), captured: NOW, datagram: hex('aabb') } },
  {
    kind: 'fwknop-candidate',
    candidate: {
      ...{ key: undefined, source: ip('192.0.2.1'), destination: ip('192.0.2.2'), forwardedFor: ip('2001:db8::5') },
      ...{ transport: 'http', captured: NOW, text: ascii(TEXTS.sha256) },
    },
  },
  { kind: 'counts', counts: { 'unknown-hint': 5, 'bad-mac': 6 } },
  { kind: 'trouble', text: 'Gerät' },
  { kind: 'done' },
];

export const handoffSeeds = [join(...messages.map(encodeHandoff)), ...messages.map(encodeHandoff)];

const receiverSettings = encodeSettings({
  capture: 'pcap',
  interface: 'any',
  file: undefined,
  port: portOf(62_201),
  user: { uid: 1, gid: 1 },
  reach: 900_000,
  clients: gateKeysOf([{ hint: new Uint8Array(32).fill(1), mac: new Uint8Array(32).fill(2), codes: true }]),
  fwknop: {
    gate: {
      keys: [
        {
          hmac: { type: 'sha256', key: ascii('hmackey') },
          ...{ rijndael: true, gpg: true, sources: [cidr('192.0.2.0/24'), cidr('::/0')] },
        },
      ],
      unkeyed: { rijndael: true, gpg: false, sources: [] },
    },
    transports: {
      ...{ ports: [spec('tcp/62201')], http: { anyUserAgent: false, forwardedFor: true }, icmp: true },
      tcpServer: portOf(62_201),
    },
  },
});

export const settingsSeeds = [receiverSettings];

const LOG_MOMENT = { wall: unixMs(NOW), steady: steadyMs(0), boot: 'b' };
const events = [
  encodeGrantEvent(
    { kind: 'open', grant: grantOf('192.0.2.1', 'tcp/22 udp/60000-60010', 0, { until: unixMs(NOW + 9000) }) },
    LOG_MOMENT,
  ),
  encodeGrantEvent(
    { kind: 'open', grant: grantOf('2001:db8::1', 'tcp/443', 0, { until: unixMs(NOW + 9000) }) },
    LOG_MOMENT,
  ),
  encodeGrantEvent({ kind: 'end', id: 'g1' }, LOG_MOMENT),
];

export const grantLogSeeds = [ascii(`${events.join('\n')}\n`), ...events.map(ascii)];

const KEY = 'Ioi/3epz4xV+aNBVmpUOr2uATmL0y94UXKxlo1V180E=';

const CONF = `[spad]
name = "gate ; one" ; bound into every packet
interface = any
port = 62201
capture = pcap
firewall = nftables
guard = tcp/22, tcp/443
max_age = 120s
state_dir = /var/lib/spad

[access alice]
key = ${KEY}
allow = tcp/22, tcp/8000-8010
default = tcp/22 # comment
open_for = 30s
source = 0.0.0.0/0, ::/0, 192.0.2.0/24
require_address = no
expires = 2027-12-31
`;

const PROFILES = `[home]
host = gate.example.net
server = gw1
key = ${KEY}
access = tcp/443, tcp/22
allow = source
open_for = 5m
`;

export const confSeeds = [ascii(CONF), ascii(PROFILES), ascii(`${CONF}${PROFILES}`), ascii('[a]\nk = "b\\\\" ; c\n')];

export const wordSeeds = [
  ...['192.0.2.1', '2001:db8::8:800:200c:417a', '::ffff:192.0.2.1', '192.0.2.0/24', '2001:db8::/32', '::/0'],
  ...['tcp/22', 'udp/8000-8010', '1h30m', '4294967295', '2d', KEY, 'Zm9vYg==', 'c0000201', 'Grüße'],
].map((word) => Uint8Array.from(Buffer.from(word)));
