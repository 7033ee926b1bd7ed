/** What -T and -v print of a packet, in the form of fwknop's own client, which scripts read. */
import type { FwknopDigest } from '../../src/spa/fwknop/key.ts';
import { FWKNOP_DIGESTS } from '../../src/spa/fwknop/key.ts';
import { FWKNOP_TYPES, type FwknopMessage, type FwknopType } from '../../src/spa/fwknop/message.ts';
import { formatMessage, formatNat } from '../../src/spa/fwknop/syntax.ts';
import type { FwknopSettings } from './settings.ts';

/** One packet with what it was made from. */
export interface Dumped {
  readonly message: FwknopMessage;
  /** With its digest at the end. */
  readonly plain: string;
  readonly digest: FwknopDigest;
  readonly mode: FwknopSettings['mode'];
  readonly hmacDigest: FwknopDigest | undefined;
  /** The text of the datagram, its HMAC included. */
  readonly text: string;
  /** How many letters of `text` are the HMAC. */
  readonly macLength: number;
  readonly gpg: { readonly recipient: string; readonly signer: string | undefined } | undefined;
}

const TYPE_NAMES: Readonly<Record<FwknopType, string>> = {
  command: 'Command msg',
  access: 'Access msg',
  'nat-access': 'NAT access msg',
  'timeout-access': 'Client timeout access msg',
  'timeout-nat-access': 'Client timeout NAT access msg',
  'local-nat-access': 'Local NAT access msg',
  'timeout-local-nat-access': 'Client timeout local NAT access msg',
};

/** fwknop's numbers; PCBC, which nothing implements, has the fourth. */
const MODE_NUMBERS: Readonly<Record<FwknopSettings['mode'], number>> = {
  ...{ ecb: 1, cbc: 2, cfb: 3, ofb: 5, ctr: 6, asymmetric: 7, legacy: 8 },
};

const NOTHING = '<NULL>';

/** The lines of a packet and an empty one. Once decoded, its text stands there without the HMAC. */
export const dumpPacket = (dumped: Dumped, isDecoded = false): string => {
  const { message, plain, text, macLength, gpg } = dumped;
  const end = plain.lastIndexOf(':');
  const lines: (readonly [string, string])[] = [
    ['Random Value', message.random],
    ['Username', message.user],
    ['Timestamp', String(Math.floor(message.time / 1000))],
    ['FKO Version', message.version],
    ['Message Type', `${String(FWKNOP_TYPES.indexOf(message.type))} (${TYPE_NAMES[message.type]})`],
    ['Message String', formatMessage(message)],
    ['Nat Access', message.nat === undefined ? NOTHING : formatNat(message.nat)],
    ['Server Auth', message.serverAuth ?? NOTHING],
    ['Client Timeout', String(message.timeout ?? 0)],
    ['Digest Type', digestName(dumped.digest)],
    ['HMAC Type', dumped.hmacDigest === undefined ? '0 (None)' : digestName(dumped.hmacDigest)],
    ['Encryption Type', gpg === undefined ? '1 (Rijndael)' : '2 (GPG)'],
    ['Encryption Mode', modeName(dumped.mode)],
    ...gpgLines(gpg),
    ['Encoded Data', plain.slice(0, end)],
    ['SPA Data Digest', plain.slice(end + 1)],
    ['HMAC', macLength === 0 ? NOTHING : text.slice(-macLength)],
    ['Final SPA Data', isDecoded ? text.slice(0, text.length - macLength) : text],
  ];
  const body = lines.map(([name, value]) => `${name.padStart(15)}: ${value}\n`).join('');
  return `SPA Field Values:\n=================\n${body}\n`;
};

const digestName = (digest: FwknopDigest): string =>
  `${String(FWKNOP_DIGESTS.indexOf(digest) + 1)} (${digest.toUpperCase()})`;

const modeName = (mode: FwknopSettings['mode']): string => {
  const name = mode === 'asymmetric' ? 'Asymmetric' : mode === 'legacy' ? mode : mode.toUpperCase();
  return `${String(MODE_NUMBERS[mode])} (${name})`;
};

const gpgLines = (gpg: Dumped['gpg']): (readonly [string, string])[] =>
  gpg === undefined
    ? []
    : [
        ['GPG signer', gpg.signer ?? NOTHING],
        ['GPG recipient', gpg.recipient],
      ];

/** The block that -v adds: how the packet goes. */
export const dumpTransport = (
  protocol: string,
  sourcePort: number | undefined,
  destinationPort: number,
  host: string,
): string =>
  [
    'Generating SPA packet:',
    `            protocol: ${protocol}`,
    `         source port: ${sourcePort === undefined ? '<OS assigned>' : String(sourcePort)}`,
    `    destination port: ${String(destinationPort)}`,
    `             IP/host: ${host}`,
    '',
  ].join('\n');
