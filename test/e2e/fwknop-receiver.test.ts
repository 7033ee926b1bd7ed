/** The receiver hears the real fwknop client on every transport, knows its HMAC keys, and hands over what it sent. */
import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { formatAddress, parseCidr } from '../../src/base/address.ts';
import type { Port } from '../../src/base/units.ts';
import { encodeUtf8 } from '../../src/bytes/encoding.ts';
import type { FwknopTransports } from '../../src/engine/fwknop-settings.ts';
import type { FwknopCandidate } from '../../src/engine/input.ts';
import type { ReceiverSettings } from '../../src/engine/receiver-settings.ts';
import { textCaptureFilter } from '../../src/frame/capture-filter.ts';
import type { FwknopHmacKey } from '../../src/spa/fwknop/key.ts';
import { sealFwknop } from '../../src/spa/fwknop/seal.ts';
import type { Host } from '../support/host.ts';
import { Lab } from '../support/lab.ts';
import { LoneReceiver } from '../support/lone-receiver.ts';
import { sendDatagram } from '../support/probe.ts';
import { builtFile } from '../support/paths.ts';
import { sendFrames } from '../support/send-frames.ts';
import { waitUntil } from '../support/wait.ts';
import { ethernet, join as joinBytes, v6 } from '../unit/frame/frames.ts';
import { gateKeysOf } from '../support/gate-keys.ts';

const PORT = 62_201 as Port;
const SPOOFED = '10.99.0.77';
const FORWARDED = '203.0.113.9';
const CIPHER = randomBytes(32);
const HMAC: FwknopHmacKey = { type: 'sha256', key: randomBytes(64) };
const ANY = ['0.0.0.0/0', '::/0'].map(parseCidr).filter((cidr) => cidr !== undefined);

const ALL: FwknopTransports = {
  ports: [
    { protocol: 'tcp', first: PORT, last: PORT },
    { protocol: 'udp', first: 10_000 as Port, last: 65_535 as Port },
  ],
  http: { anyUserAgent: false, forwardedFor: true },
  icmp: true,
  tcpServer: PORT,
};

function settings(fields: Partial<ReceiverSettings>, transports = ALL): ReceiverSettings {
  const kinds = { rijndael: true, gpg: false, sources: ANY };
  const other: FwknopHmacKey = { type: 'sha256', key: randomBytes(32) };
  return {
    ...{ capture: 'pcap', interface: 'any', file: undefined, port: PORT, user: { uid: 65_534, gid: 65_534 } },
    ...{ reach: 900_000, clients: gateKeysOf([]) },
    fwknop: {
      gate: {
        keys: [
          { hmac: other, ...kinds },
          { hmac: HMAC, ...kinds },
        ],
        unkeyed: undefined,
      },
      transports,
    },
    ...fields,
  };
}

let lab: Lab;
let client: Host;
let server: Host;
let receiver: LoneReceiver;

beforeAll(async () => {
  lab = await Lab.create({ hosts: ['client', 'server'] });
  [client, server] = [lab.host('client'), lab.host('server')];
});
afterAll(() => lab.close());
afterEach(() => receiver.stop());

async function start(fields: Partial<ReceiverSettings> = {}, transports = ALL): Promise<void> {
  receiver = await LoneReceiver.start(server, settings(fields, transports));
}

/** Runs the real client, and gives the text that it says it has sent. */
async function fwknop(...args: readonly string[]): Promise<string> {
  const file = join(lab.dir, 'sent');
  rmSync(file, { force: true });
  const words = [
    ...['--no-rc-file', '--no-save-args', '-A', 'tcp/22', '-a', client.address4, '-D', server.address4],
    ...['--key-base64-rijndael', CIPHER.toString('base64'), '--use-hmac', '-B', file],
    ...['--key-base64-hmac', Buffer.from(HMAC.key).toString('base64')],
  ];
  await client.run('fwknop', [...words, ...args], { env: { HOME: lab.dir } });
  return readFileSync(file, 'latin1').trim();
}

/** A text of ours, for what the real client cannot do. */
const ownText = (): string =>
  sealFwknop(`1234567890123456:${'x'.repeat(80)}`, { passphrase: CIPHER, mode: 'cbc' }, HMAC, randomBytes(8));

/** What was handed over, in words. */
const told = (candidate: FwknopCandidate): Record<string, unknown> => ({
  ...candidate,
  source: formatAddress(candidate.source),
  destination: candidate.destination && formatAddress(candidate.destination),
  forwardedFor: candidate.forwardedFor && formatAddress(candidate.forwardedFor),
  text: Buffer.from(candidate.text).toString('latin1'),
  captured: Math.abs(candidate.captured - Date.now()) < 10_000,
});

const SENT: readonly (readonly [string, FwknopCandidate['transport'], string | undefined, readonly string[]])[] = [
  ['udp', 'udp', undefined, []],
  ['udp to a random port', 'udp', undefined, ['-r']],
  ['tcp', 'tcp', undefined, ['-P', 'tcp']],
  ['http', 'http', undefined, ['-P', 'http']],
  ['udpraw', 'udp', SPOOFED, ['-P', 'udpraw', '-Q', SPOOFED]],
  ['tcpraw', 'tcp', SPOOFED, ['-P', 'tcpraw', '-Q', SPOOFED]],
  ['icmp', 'icmp', SPOOFED, ['-P', 'icmp', '-Q', SPOOFED]],
  ['icmp that asks for an echo', 'icmp', undefined, ['-P', 'icmp', '-Q', '10.99.0.1', '--icmp-type', '8']],
  ['udp, a longer text', 'udp', undefined, ['-m', 'sha512', '-U', 'u'.repeat(28)]],
];

describe.each(['any', 'eth0'])('captured on %s', (device) => {
  test('each transport of the real client', async () => {
    await start({ interface: device, clients: gateKeysOf([{ hint: randomBytes(32), mac: randomBytes(32) }]) });
    for (const [index, [, transport, source, args]] of SENT.entries()) {
      const text = await fwknop(...args);
      expect(told(await receiver.next(index))).toEqual({
        ...{ key: 1, transport, source: source ?? client.address4, destination: server.address4 },
        ...{ forwardedFor: undefined, captured: true, text },
      });
    }
    expect(receiver.candidates).toHaveLength(SENT.length);
    expect(Object.keys(receiver.counts)).toEqual([]);
  });

  test('IPv6 over UDP, TCP, HTTP and ICMPv6', async () => {
    await start({ interface: device });
    const texts = Array.from({ length: 4 }, ownText) as [string, string, string, string];
    await sendDatagram(client, server.address6, PORT, encodeUtf8(texts[0]));
    await receiver.next(0);
    await connect(server.address6, texts[1]);
    await receiver.next(1);
    await connect(server.address6, request(texts[2], `X-Forwarded-For: ${FORWARDED}\r\n`));
    await receiver.next(2);
    // RFC 4443: type, code, checksum, and the four bytes of an echo; frames.ts has addresses of its own.
    const icmp = joinBytes(Uint8Array.of(128, 0, 0, 0, 0, 0, 0, 0), encodeUtf8(texts[3]));
    await sendFrames(client, [broadcast(ethernet(v6(icmp, 58)))]);
    await receiver.next(3);
    expect(receiver.candidates.map(told)).toMatchObject([
      { transport: 'udp', source: client.address6, destination: server.address6, text: texts[0] },
      { transport: 'tcp', source: client.address6, text: texts[1] },
      { transport: 'http', source: client.address6, text: texts[2], forwardedFor: FORWARDED },
      { transport: 'icmp', source: '2001:db8::1', destination: '2001:db8::7', text: texts[3] },
    ]);
  });
});

describe('on sockets', () => {
  test('UDP, TCP and HTTP of the real client', async () => {
    await start({ capture: 'udp' });
    for (const [index, transport] of (['udp', 'tcp', 'http'] as const).entries()) {
      const text = await fwknop('-P', transport);
      expect(told(await receiver.next(index))).toMatchObject({ key: 1, transport, source: client.address4, text });
    }
  });

  test('a request is read before the client closes, over IPv6, in pieces', async () => {
    await start({ capture: 'udp' });
    const text = ownText();
    await connect(server.address6, request(text), 7);
    expect(told(await receiver.next(0))).toMatchObject({ transport: 'http', source: client.address6, text });
  });
});

test('what is not wanted is counted by its reason, and what the kernel can see costs nothing', async () => {
  await start({}, { ...ALL, ports: ALL.ports.slice(0, 1), icmp: false });
  const good = await fwknop('--test');
  const send = (text: string): Promise<void> => sendDatagram(client, server.address4, PORT, encodeUtf8(text));
  await send(good.slice(0, 139));
  await send(`U2FsdGVkX1${good}`);
  await send(`${good}=`);
  await send(`${good.slice(0, -1)}${good.endsWith('A') ? 'B' : 'A'}`);
  await sendDatagram(client, server.address4, PORT, randomBytes(176));
  await connect(server.address4, request(good).replace('Fwknop', 'Mozilla'));
  await fwknop('-P', 'icmp', '-Q', SPOOFED);
  await fwknop('-r');
  await send(good);
  expect(told(await receiver.next(0))).toMatchObject({ text: good });
  await receiver.counted('bad-request', 1);
  expect(receiver.counts).toEqual({
    ...{ 'refused-prefix': 1, 'bad-alphabet': 2, 'no-key-matched': 1, 'bad-request': 1 },
  });
  expect(receiver.candidates).toHaveLength(1);
});

test('native packets and texts of a native length are told apart', async () => {
  await start({ clients: gateKeysOf([{ hint: randomBytes(32), mac: randomBytes(32) }]) });
  await sendDatagram(client, server.address4, PORT, randomBytes(176));
  await sendDatagram(client, server.address4, PORT, encodeUtf8('8'.repeat(176)));
  await sendDatagram(client, server.address4, PORT, randomBytes(204));
  await receiver.counted('bad-alphabet', 1);
  expect(receiver.counts).toEqual({ 'unknown-hint': 1, 'no-key-matched': 1, 'bad-alphabet': 1 });
});

test('the TCP server answers nothing, and holds no more than its share', async () => {
  await start({ capture: 'udp' });
  const script = `import socket, sys, time
socks = []
for _ in range(80):
    s = socket.create_connection((sys.argv[1], ${PORT}))
    s.send(b'8' * 10)
    socks.append(s)
time.sleep(0.5)
s = socket.create_connection((sys.argv[1], ${PORT}))
s.sendall(sys.argv[2].encode())
s.shutdown(socket.SHUT_WR)
s.settimeout(8)
def rest(one):
    one.settimeout(8)
    try:
        return len(one.recv(100))
    except ConnectionResetError:
        return 0
print(rest(s), sum(rest(one) for one in socks))`;
  const text = ownText();
  expect((await client.run('python3', ['-c', script, server.address4, text])).trim()).toBe('0 0');
  expect(told(await receiver.next(0))).toMatchObject({ transport: 'tcp', text });
});

test('a burst of genuine packets waits for an authorizer that has no time, up to a bound that is counted', async () => {
  await start();
  const texts = Array.from({ length: 9000 }, ownText);
  receiver.listen(false);
  const lines = texts.map((text) => `${Buffer.from(text).toString('hex')}\n`);
  const script = builtFile('test/support/udp-send-many.js');
  const args = [script, server.address4, String(PORT), '5'];
  await client.run(process.execPath, args, { input: lines.join(''), timeoutMs: 60_000 });
  receiver.listen(true);
  await receiver.counted('pipe-full', 1);
  const { counts, candidates } = receiver;
  const lost = (): number => (counts['pipe-full'] ?? 0) + (counts['kernel-dropped'] ?? 0);
  await waitUntil('every packet to be handed over or counted', () => candidates.length + lost() === texts.length);
  expect(candidates.length).toBeGreaterThanOrEqual(4000);
  const got = receiver.candidates.map(({ text }) => Buffer.from(text).toString('latin1'));
  expect(got).toEqual(texts.filter((text) => got.includes(text)));
});

test('the kernel’s compiler takes every filter', async () => {
  await start();
  const ports = ALL.ports.flatMap((spec) => [[spec], [spec, { ...spec, last: spec.first }]]);
  for (const icmp of [false, true]) {
    for (const list of [...ports, ALL.ports]) {
      const filter = textCaptureFilter({ ports: list, icmp, least: 140, most: 1500 }, { by: 'nothing' });
      const { status, stderr } = spawnSync('tcpdump', ['-d', '-y', 'EN10MB', filter], { encoding: 'utf8' });
      expect([status, stderr.replace(/^Warning.*\n/, '')]).toEqual([0, '']);
    }
  }
});

function request(text: string, headers = ''): string {
  const word = text.replaceAll('+', '-').replaceAll('/', '_');
  return `GET /${word} HTTP/1.1\r\nUser-Agent: Fwknop/2.6.11\r\n${headers}Host: spa\r\n\r\n`;
}

/** To every host on the wire. */
function broadcast(frame: Uint8Array): Uint8Array {
  return frame.slice().fill(0xff, 0, 6);
}

/** Sends over a TCP connection, in one piece or in several, and stays until the other side closes. */
async function connect(address: string, text: string, pieces = 1): Promise<void> {
  const script = `import socket, sys, time
s = socket.create_connection((sys.argv[1], ${PORT}))
s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
data = sys.stdin.buffer.read()
size = -(-len(data) // ${pieces})
for at in range(0, len(data), size):
    s.send(data[at:at + size])
    time.sleep(0.05)
if not data.startswith(b'GET'):
    s.shutdown(socket.SHUT_WR)
s.settimeout(5)
try:
    assert s.recv(100) == b''
except ConnectionResetError:
    pass`;
  await client.run('python3', ['-c', script, address], { input: text });
}
