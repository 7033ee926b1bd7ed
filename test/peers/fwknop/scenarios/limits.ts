/** What a stanza allows: sources, destinations, ports, users, dates, times; and stanzas that share their keys. */
import type { Variables } from '../harness/fwknopd.ts';
import { type Case, OPEN_FOR } from '../harness/table.ts';
import { cipherKey, hmacKey } from './matrix.ts';

type Ending = Case['effect'];

const day = 86_400_000;

/** `MM/DD/YYYY`, so many days from now. */
function date(days: number): string {
  const [year = '', month = '', dayOfMonth = ''] = new Date(Date.now() + days * day).toISOString().split(/[-T]/);
  return `${month}/${dayOfMonth}/${year}`;
}

const epoch = (days: number): string => String(Math.floor((Date.now() + days * day) / 1000));

interface Limit {
  /** Lines of the stanza beside its keys; KEYS stands for those again, where there are several stanzas. */
  readonly lines: Variables;
  /** Beside `-A tcp/PORT -a CLIENT_IP`, unless it brings its own. */
  readonly words?: readonly string[];
  readonly more?: Partial<Case>;
}

function limit(name: string, effect: Ending, { lines, words = [], more = {} }: Limit): Case {
  const [cipher, mac] = [cipherKey(name, 'base64'), hmacKey(name, 'base64')];
  const keyLines = [cipher.line, mac.line];
  const places = words.includes('-A') ? [] : ['-A', 'tcp/PORT'];
  const allow = words.includes('-s') || words.includes('-a') ? [] : ['-a', 'CLIENT_IP'];
  const hasKeys = lines.some(([variable]) => variable === 'KEYS');
  const all: Variables = hasKeys ? lines : [...lines, ['KEYS', '']];
  return {
    name,
    effect,
    stanza: all.flatMap((line) => (line[0] === 'KEYS' ? keyLines : [line])),
    client: [...places, ...allow, ...words, ...cipher.words, ...mac.words],
    ...more,
  };
}

/** A list of addresses and whether it holds the client's (10.99.0.1) and the server's (10.99.0.3). */
const LISTS: readonly (readonly [string, Ending, Ending])[] = [
  ['ANY', 'access', 'access'],
  ['10.99.0.1', 'access', 'nothing'],
  ['10.99.0.3', 'nothing', 'access'],
  ['10.99.0.0/24', 'access', 'access'],
  ['10.98.0.0/24', 'nothing', 'nothing'],
  ['10.99.0.0/255.255.255.0', 'access', 'access'],
  ['10.99.0.2/255.255.255.254', 'nothing', 'access'],
  ['192.0.2.1, 10.99.0.1', 'access', 'nothing'],
  ['192.0.2.0/24,10.99.0.2/31', 'nothing', 'access'],
  ['192.0.2.1, 10.98.0.0/16, 203.0.113.0/255.255.255.0', 'nothing', 'nothing'],
];

const addresses: readonly Case[] = LISTS.flatMap(([list, source, destination]) => [
  limit(`SOURCE ${list}`, source, { lines: [['SOURCE', list]] }),
  limit(`DESTINATION ${list}`, destination, { lines: [['DESTINATION', list]] }),
]);

const ports: readonly Case[] = [
  limit('OPEN_PORTS with the port', 'access', { lines: [['OPEN_PORTS', 'tcp/PORT']] }),
  limit('OPEN_PORTS with the port among others', 'access', { lines: [['OPEN_PORTS', 'udp/53, tcp/PORT, tcp/1']] }),
  limit('OPEN_PORTS without the port', 'nothing', { lines: [['OPEN_PORTS', 'tcp/1']] }),
  limit('OPEN_PORTS with the port of the other protocol', 'nothing', { lines: [['OPEN_PORTS', 'udp/PORT']] }),
  limit('OPEN_PORTS with one of the two ports asked for', 'nothing', {
    lines: [['OPEN_PORTS', 'tcp/PORT']],
    words: ['-A', 'tcp/PORT,tcp/1'],
  }),
  limit('OPEN_PORTS with both ports asked for', 'access', {
    lines: [['OPEN_PORTS', 'tcp/PORT, tcp/1']],
    words: ['-A', 'tcp/1,tcp/PORT'],
  }),
  limit('RESTRICT_PORTS with the port', 'nothing', { lines: [['RESTRICT_PORTS', 'tcp/1, tcp/PORT']] }),
  limit('RESTRICT_PORTS with another port', 'access', { lines: [['RESTRICT_PORTS', 'tcp/1']] }),
  limit('RESTRICT_PORTS with one of the two ports asked for', 'nothing', {
    lines: [['RESTRICT_PORTS', 'tcp/1']],
    words: ['-A', 'tcp/PORT,tcp/1'],
  }),
  limit('RESTRICT_PORTS beats OPEN_PORTS', 'nothing', {
    lines: [
      ['OPEN_PORTS', 'tcp/PORT'],
      ['RESTRICT_PORTS', 'tcp/PORT'],
    ],
  }),
];

const people: readonly Case[] = [
  limit('REQUIRE_USERNAME, the right one', 'access', {
    lines: [['REQUIRE_USERNAME', 'alice']],
    words: ['-U', 'alice'],
  }),
  limit('REQUIRE_USERNAME, another', 'nothing', { lines: [['REQUIRE_USERNAME', 'alice']], words: ['-U', 'bob'] }),
  limit('REQUIRE_USERNAME, in capitals', 'nothing', { lines: [['REQUIRE_USERNAME', 'alice']], words: ['-U', 'Alice'] }),
  limit('REQUIRE_USERNAME, the beginning', 'nothing', { lines: [['REQUIRE_USERNAME', 'alice']], words: ['-U', 'ali'] }),
  limit('a user name of 29 letters', 'access', { lines: [], words: ['-U', 'abcdefghijklmnopqrstuvwxyz-._'] }),
  limit('REQUIRE_SOURCE_ADDRESS and an address', 'access', { lines: [['REQUIRE_SOURCE_ADDRESS', 'Y']] }),
  limit('REQUIRE_SOURCE_ADDRESS and none', 'nothing', { lines: [['REQUIRE_SOURCE_ADDRESS', 'Y']], words: ['-s'] }),
  limit('REQUIRE_SOURCE and none', 'nothing', { lines: [['REQUIRE_SOURCE', 'Y']], words: ['-s'] }),
  limit('REQUIRE_SOURCE_ADDRESS N and none', 'access', { lines: [['REQUIRE_SOURCE_ADDRESS', 'N']], words: ['-s'] }),
  limit('the source of the packet', 'access', { lines: [], words: ['-s'] }),
  limit('an address that is not the source', 'access', {
    lines: [],
    words: ['-a', 'OTHER_IP'],
    more: { seenBy: 'other' },
  }),
  limit('an address that is not the source: the source', 'nothing', { lines: [], words: ['-a', 'OTHER_IP'] }),
  limit('SOURCE is about where the packet comes from, not about the address that it names', 'access', {
    lines: [['SOURCE', '10.99.0.1']],
    words: ['-a', 'OTHER_IP'],
    more: { seenBy: 'other' },
  }),
];

const dates: readonly Case[] = [
  limit('ACCESS_EXPIRE in the past', 'nothing', { lines: [['ACCESS_EXPIRE', date(-2)]] }),
  limit('ACCESS_EXPIRE in the future', 'access', { lines: [['ACCESS_EXPIRE', date(2)]] }),
  limit('ACCESS_EXPIRE_EPOCH in the past', 'nothing', { lines: [['ACCESS_EXPIRE_EPOCH', epoch(-0.01)]] }),
  limit('ACCESS_EXPIRE_EPOCH in the future', 'access', { lines: [['ACCESS_EXPIRE_EPOCH', epoch(0.01)]] }),
];

const times: readonly Case[] = [
  limit('MAX_FW_TIMEOUT cuts what the client asks for', 'access', {
    lines: [
      ['FW_ACCESS_TIMEOUT', '1'],
      ['MAX_FW_TIMEOUT', String(OPEN_FOR)],
    ],
    words: ['-f', '65536'],
  }),
  limit('MAX_FW_TIMEOUT does not cut less', 'access', {
    lines: [
      ['FW_ACCESS_TIMEOUT', '1'],
      ['MAX_FW_TIMEOUT', '600'],
    ],
    words: ['-f', String(OPEN_FOR)],
  }),
  limit("-f 0 is the stanza's own time", 'access', { lines: [], words: ['-f', '0'] }),
  limit('-f of more than 65536 is refused', 'nothing', { lines: [], words: ['-f', '66000'] }),
  limit('a clock that is 100 seconds behind', 'access', { lines: [], words: ['--time-offset-minus', '100s'] }),
  limit('a clock that is 100 seconds ahead', 'access', { lines: [], words: ['--time-offset-plus', '100s'] }),
  limit('a clock that is 3 minutes behind', 'nothing', { lines: [], words: ['--time-offset-minus', '3m'] }),
  limit('a clock that is 3 minutes ahead', 'nothing', { lines: [], words: ['--time-offset-plus', '3m'] }),
  limit('a clock that is 2 hours behind', 'nothing', { lines: [], words: ['--time-offset-minus', '2h'] }),
  limit('a clock that is 2 days ahead', 'nothing', { lines: [], words: ['--time-offset-plus', '2d'] }),
];

/** Two stanzas with the same keys: the first is `lines`, and the second opens what it is asked for. */
function fallsThrough(name: string, lines: Variables, words: readonly string[] = []): Case {
  const first: Variables = [['SOURCE', 'ANY'], ['KEYS', ''], ...lines];
  return limit(`${name}, then one that allows it`, 'access', {
    lines: [...first, ['FW_ACCESS_TIMEOUT', '60'], ['SOURCE', 'ANY'], ['KEYS', '']],
    words,
  });
}

const several: readonly Case[] = [
  fallsThrough('a stanza for another port', [['OPEN_PORTS', 'tcp/1']]),
  fallsThrough('a stanza that restricts the port', [['RESTRICT_PORTS', 'tcp/PORT']]),
  fallsThrough('a stanza for another user', [['REQUIRE_USERNAME', 'bob']], ['-U', 'alice']),
  fallsThrough('a stanza that wants an address', [['REQUIRE_SOURCE_ADDRESS', 'Y']], ['-s']),
  fallsThrough('a stanza that has expired', [['ACCESS_EXPIRE_EPOCH', epoch(-1)]]),
  limit('a stanza for another source, then one that allows it', 'access', {
    lines: [
      ['SOURCE', '192.0.2.1'],
      ['KEYS', ''],
      ['FW_ACCESS_TIMEOUT', '60'],
      ['SOURCE', 'ANY'],
      ['KEYS', ''],
    ],
  }),
  limit('the first of two stanzas that allow it decides', 'access', {
    lines: [
      ['SOURCE', 'ANY'],
      ['KEYS', ''],
      ['FW_ACCESS_TIMEOUT', String(OPEN_FOR)],
      ['SOURCE', 'ANY'],
      ['KEYS', ''],
      ['FW_ACCESS_TIMEOUT', '60'],
    ],
  }),
  limit('two stanzas with the same keys, and neither allows it', 'nothing', {
    lines: [
      ['SOURCE', 'ANY'],
      ['KEYS', ''],
      ['OPEN_PORTS', 'tcp/1'],
      ['SOURCE', 'ANY'],
      ['KEYS', ''],
      ['OPEN_PORTS', 'tcp/2'],
    ],
  }),
];

export const limits: readonly Case[] = [...addresses, ...ports, ...people, ...dates, ...times, ...several];
