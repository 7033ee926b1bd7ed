import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { parseFwknopCommand } from '../../../../client/fwknop/command-line.ts';
import { gpgWords } from '../../../../client/fwknop/gpg.ts';
import { FWKNOP_HELP } from '../../../../client/fwknop/help.ts';
import { saveCommand, savedWords } from '../../../../client/fwknop/history.ts';
import { addressInBody, packetRequest, resolveUrl } from '../../../../client/fwknop/http.ts';
import { LONG_OPTIONS } from '../../../../client/fwknop/options.ts';
import { icmpPacket, tcpPacket, udpPacket } from '../../../../client/fwknop/raw-packet.ts';
import { formatAddress } from '../../../../src/base/address.ts';
import { parseProfiles } from '../../../../src/config/profile.ts';

/** What a receiver adds up: 0xffff where the checksum in it is right (RFC 1071). */
const sumOf = (bytes: Uint8Array): number => {
  let sum = 0;
  for (let at = 0; at < bytes.length; at += 2) sum += ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  return sum;
};

const segmentSum = (packet: Uint8Array): number => {
  const segment = packet.subarray(20);
  const pseudo = [...packet.subarray(12, 20), 0, packet[9] ?? 0, segment.length >> 8, segment.length & 0xff];
  return sumOf(Uint8Array.from([...pseudo, ...segment]));
};

describe('raw packets', () => {
  const addresses = { source: Uint8Array.of(192, 0, 2, 9), destination: Uint8Array.of(10, 99, 0, 1) };
  const ports = { sourcePort: 40_000, destinationPort: 62_201 };

  test.each([0, 1, 2, 203, 204])('checksums over %i letters', (length) => {
    const packet = { ...addresses, payload: new Uint8Array(length).fill(0x41) };
    const [udp, tcp] = [udpPacket(packet, ports, 7), tcpPacket(packet, ports, 0x8000_0001, 7)];
    const icmp = icmpPacket(packet, { type: 8, code: 0 }, 0x1234, 7);
    for (const each of [udp, tcp, icmp]) {
      expect(sumOf(each.subarray(0, 20))).toBe(0xffff);
      expect(((each[2] ?? 0) << 8) | (each[3] ?? 0)).toBe(each.length);
    }
    expect([segmentSum(udp), segmentSum(tcp), sumOf(icmp.subarray(20))]).toEqual([0xffff, 0xffff, 0xffff]);
    expect([udp.length, tcp.length, icmp.length]).toEqual([28 + length, 40 + length, 28 + length]);
  });

  test('a UDP checksum that adds up to 0 is written as 0xffff (RFC 768)', () => {
    const none = { source: new Uint8Array(4), destination: new Uint8Array(4) };
    // 17 + 2 × 10 + ports and payload: all of it 0xffff.
    const rest = 0xffff - 17 - 20;
    const packet = udpPacket({ ...none, payload: Uint8Array.of(0, 0) }, { sourcePort: 0, destinationPort: rest }, 0);
    expect([...packet.subarray(26, 28)]).toEqual([0xff, 0xff]);
  });

  test('the fields of an example by hand', () => {
    const packet = { ...addresses, payload: Uint8Array.of(0x41) };
    expect([...tcpPacket(packet, ports, 1, 0)].slice(20, 36)).toEqual([
      ...[0x9c, 0x40, 0xf2, 0xf9, 0, 0, 0, 1, 0, 0, 0, 0, 0x50, 0x02, 0x7f, 0xff],
    ]);
    expect([...icmpPacket(packet, { type: 0, code: 0 }, 0x1234, 0)].slice(20)).toEqual([
      0, 0, 0xbe, 0xff, 0, 0, 0, 0, 0x41,
    ]);
    expect([...udpPacket(packet, ports, 0)].slice(0, 10)).toEqual([0x45, 0, 0, 29, 0, 0, 0, 0, 255, 17]);
  });
});

describe('HTTP', () => {
  test('a request, and one through a proxy', () => {
    expect(packetRequest('a+b/c', 'gw', undefined, 'Fwknop/2.6.10')).toBe(
      'GET /a-b_c HTTP/1.0\r\nUser-Agent: Fwknop/2.6.10\r\nAccept: */*\r\nHost: gw\r\nConnection: close\r\n\r\n',
    );
    expect(packetRequest('a', 'gw', { host: 'proxy' }, 'x')).toMatch(/^GET http:\/\/gw\/a .*\r\nHost: proxy\r\n/s);
  });

  test('the address in an answer', () => {
    const found = (body: string): string | undefined => {
      const address = addressInBody(body);
      return address && formatAddress(address);
    };
    expect(found('203.0.113.7\n')).toBe('203.0.113.7');
    expect(found('<p>at 1.2.3.4.5 no, 1.2.3.256 no, 8.8.4.4 yes</p>')).toBe('8.8.4.4');
    expect(found('2001:db8::7')).toBe('2001:db8::7');
    expect(found('dead beef')).toBeUndefined();
  });

  test('the URL to ask', () => {
    expect(resolveUrl(undefined, false)?.href).toBe('https://www.cipherdyne.org/cgi-bin/myip');
    expect(resolveUrl(undefined, true)?.protocol).toBe('http:');
    expect(resolveUrl('127.0.0.1:8000/a', true)?.href).toBe('http://127.0.0.1:8000/a');
    expect(resolveUrl('http://h/', false)?.href).toBe('http://h/');
    expect(resolveUrl('https://h/', true)).toBeUndefined();
    expect(resolveUrl('http://[', false)).toBeUndefined();
  });
});

describe('the last command line', () => {
  test.each([
    ['-C', 'two  words', '-s'],
    ['-C', "it's", '-v'],
    ['-C', ''],
    ['-C', 'a\\b "c" $d'],
  ])('%j comes back', (...words) => {
    const { line } = saveCommand(words, false);
    expect(savedWords(line)).toEqual(words);
  });

  test('lines of the real client', () => {
    expect(savedWords('fwknop -A tcp/22 -C a b \n')).toEqual(['-A', 'tcp/22', '-C', 'a', 'b']);
  });

  test('no key in any spelling is kept', () => {
    const words = ['--key-rij=k1', '--key-base64-rijndael', 'k2', '--key-hmac', 'k3', '--key-base64-h=k4', '-s'];
    expect(saveCommand(words, false)).toEqual({ line: 'fwknop -s\n', lacksKeys: true });
  });
});

describe('options', () => {
  test('the help names every one, and the man page says where', () => {
    const page = readFileSync(new URL('../../../../packaging/man/spa-client.1', import.meta.url), 'utf8');
    expect(page).toContain('.Cm fwknop');
    // It is for special builds of fwknop alone.
    const names = LONG_OPTIONS.map(({ name }) => name).filter((name) => name !== 'fault-injection-tag');
    expect(names.filter((name) => !FWKNOP_HELP.includes(`--${name}`))).toEqual([]);
  });

  test('two names of one option are no ambiguity, and the abbreviations of others are', () => {
    const options = (...words: string[]) => {
      const command = parseFwknopCommand(words, false);
      return 'words' in command ? [...command.words.options.keys()] : command.complaint;
    };
    expect(options('--spoof-s', '1.1.1.1')).toEqual(['spoof-source']);
    expect(options('--resolve-ip')).toEqual(['resolve-ip-https']);
    expect(options('--show')).toEqual(['show-last']);
    expect(options('--spoof', 'x')).toMatch(/ambiguous; possibilities: '--spoof-source' '--spoof-user'/);
    expect(options('-a', '1.1.1.1', '-s')).toEqual(['source-ip']);
    expect(options('-s', '-a', '1.1.1.1')).toEqual(['allow-ip']);
  });

  test('gpg gets no secret in its words', () => {
    const plan = { program: 'gpg', home: '/g', recipient: 'R', signer: 'S', passphrase: Uint8Array.of(1) } as const;
    expect(gpgWords(plan).join(' ')).toContain('--pinentry-mode loopback --passphrase-fd 3');
    expect(gpgWords({ ...plan, passphrase: 'agent' }).join(' ')).not.toContain('pinentry');
    expect(gpgWords({ ...plan, signer: undefined }).join(' ')).not.toContain('--sign');
  });
});

describe('profiles for fwknop', () => {
  const parse = (...lines: string[]) => parseProfiles(['[p]', 'format = fwknop', ...lines, ''].join('\n'), 'f');

  test('become variables of .fwknoprc', () => {
    const { fwknop, issues } = parse(
      'access = tcp/22, udp/53',
      'key = a key',
      'fwknop_hmac_key_base64 = aA==',
      'open_for = 1m',
    );
    expect(issues).toEqual([]);
    expect([...(fwknop[0]?.variables ?? [])].map(([name, { value }]) => `${name} ${value}`)).toEqual([
      ...['SPA_SERVER p', 'SPA_SERVER_PORT 62201', 'ACCESS tcp/22,udp/53', 'FW_TIMEOUT 60'],
      ...['KEY a key', 'HMAC_KEY_BASE64 aA=='],
    ]);
  });

  test.each([
    ['access = tcp/22-25', /range/],
    ['allow = 8.8.8.8, 8.8.4.4', /two addresses/],
    ['server = gw1', /server is not for fwknop's packets/],
    ['colour = blue', /unknown key "colour"/],
  ])('%s is told', (line, problem) => {
    const { fwknop, broken, issues } = parse(line);
    expect([fwknop, broken]).toEqual([[], ['p']]);
    expect(issues.map((issue) => issue.problem).join()).toMatch(problem);
  });
});
