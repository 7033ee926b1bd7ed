/** The real knock and ours, one after the other on one host: what each prints, how it ends, and what leaves it. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { unixMs } from '../../src/base/units.ts';
import { Secret } from '../../src/crypto/secret.ts';
import { timedSequence, timedWindowOf } from '../../src/knock/timed-sequence.ts';
import type { Host } from '../support/host.ts';
import { Lab } from '../support/lab.ts';
import type { ExecResult, LabProcess } from '../support/lab-process.ts';
import { builtFile } from '../support/paths.ts';
import { startTcpService } from '../support/probe.ts';

const REAL = ['knock'];
const OURS = [process.execPath, builtFile('bin/knock.cjs')];
const SUBCOMMAND = [process.execPath, builtFile('bin/spa-client.cjs'), 'knock'];

/** An address that is nobody's: the client knows a link address for it, so that its packets leave and nothing answers. */
const SILENT = '10.99.0.77';
/** Where a datagram goes after each program, to mark the end of what it sent. */
const MARK_PORT = 60_999;
const IS_MARK = /^[0-9.]+ IP .*\.60999: UDP/;

/** One packet as far as it must be the same, and when it came. */
interface Packet {
  readonly seconds: number;
  readonly text: string;
  readonly port: number;
  readonly isSyn: boolean;
}

interface Run extends ExecResult {
  readonly packets: readonly Packet[];
}

let lab: Lab;
let client: Host;
let server: Host;
let capture: LabProcess;

beforeAll(async () => {
  lab = await Lab.create({ hosts: ['client', 'server'] });
  [client, server] = [lab.host('client'), lab.host('server')];
  await client.run('ip', ['neigh', 'add', SILENT, 'lladdr', await server.macAddress(), 'dev', 'eth0']);
  await startTcpService(server, [8022]);
  writeFileSync(join(lab.dir, 'hosts'), `127.0.0.1 localhost\n${server.address4} both\n${server.address6} both\n`);
  // The ring has room for as many packets as are whole ones of the snapshot length: eight by default.
  const words = ['-lnn', '-tt', '-x', '--immediate-mode', '-s', '256', '-i', 'eth0', '-Q', 'in', 'tcp or udp'];
  capture = server.spawn('tcpdump', words);
  await capture.waitForLine(/listening on/);
});
afterAll(async () => {
  await capture.stop('SIGINT');
  await lab.close();
  expect(capture.output).toContain('\n0 packets dropped by kernel');
});

/** Runs one of them on the client, where the name "both" has two addresses, and gathers what it sent. */
const run = async (program: readonly string[], words: readonly string[]): Promise<Run> => {
  const from = capture.mark();
  const inside = 'mount --bind "$1" /etc/hosts && shift && exec "$@"';
  const hosts = join(lab.dir, 'hosts');
  const result = await client.exec('unshare', ['-m', 'sh', '-c', inside, 'sh', hosts, ...program, ...words]);
  return { ...result, packets: await packetsSince(from) };
};

/** What has come since the line `from`, up to a datagram sent now. */
const packetsSince = async (from: number): Promise<readonly Packet[]> => {
  const mark = capture.mark();
  await client.run('bash', ['-c', `echo -n end > /dev/udp/${server.address4}/${String(MARK_PORT)}`]);
  await capture.waitForLine(IS_MARK, 10_000, mark);
  const lines = capture.output.split('\n').slice(from);
  return readPackets(
    lines.slice(
      0,
      lines.findLastIndex((line) => IS_MARK.test(line)),
    ),
  ).filter(({ port }) => port !== MARK_PORT);
};

const readPackets = (lines: readonly string[]): Packet[] => {
  const packets: { seconds: number; hex: string }[] = [];
  for (const line of lines) {
    const seconds = /^([0-9]+\.[0-9]+) IP/.exec(line)?.[1];
    if (seconds !== undefined) packets.push({ seconds: Number(seconds), hex: '' });
    const last = packets.at(-1);
    const hex = /^\s+0x[0-9a-f]+:\s+([0-9a-f ]+)$/.exec(line)?.[1];
    if (last !== undefined && hex !== undefined) last.hex += hex.replaceAll(' ', '');
  }
  return packets.map(({ seconds, hex }) => readPacket(seconds, Buffer.from(hex, 'hex')));
};

const readPacket = (seconds: number, bytes: Buffer): Packet => {
  const isV4 = bytes[0] !== undefined && bytes[0] >> 4 === 4;
  const protocol = bytes[isV4 ? 9 : 6] === 6 ? 'tcp' : 'udp';
  const target = isV4 ? bytes.subarray(16, 20) : bytes.subarray(24, 40);
  const segment = bytes.subarray(isV4 ? ((bytes[0] ?? 0) & 15) * 4 : 40);
  const port = segment.readUInt16BE(2);
  const flags = protocol === 'tcp' ? (segment[13] ?? 0) : 0;
  const what = protocol === 'tcp' ? describeSegment(segment) : `payload ${segment.subarray(8).toString('hex')}`;
  return { seconds, port, isSyn: flags === 2, text: `${protocol} ${target.toString('hex')} ${String(port)} ${what}` };
};

/** Flags, window and options; of the options the kinds, and the value of the first (the segment size). */
const describeSegment = (segment: Buffer): string => {
  const header = ((segment[12] ?? 0) >> 4) * 4;
  const kinds: number[] = [];
  for (let at = 20; at < header; at += (segment[at] ?? 0) < 2 ? 1 : (segment[at + 1] ?? 1))
    kinds.push(segment[at] ?? 0);
  const size = segment.subarray(header).length;
  const options = `options ${kinds.join(',')} ${segment.subarray(20, 24).toString('hex')}`;
  return `flags ${String(segment[13])} window ${String(segment.readUInt16BE(14))} ${options} payload of ${String(size)}`;
};

/** What must be the same of two runs: the packets in their order, and the texts. */
const comparable = ({ packets, code, stdout, stderr }: Run): object => ({
  ...{ code, stdout, stderr },
  packets: packets.map(({ text }) => text),
});

const V4 = '10.99.0.2';
const V6 = 'fd99::2';

/** The title, the words, and how many packets leave; for a wrong command line the words are judged, not the usage text. */
const SAME: readonly (readonly [string, readonly string[], number])[] = [
  ['three TCP knocks', ['-v', V4, '7000', '8000', '9000'], 3],
  ['nothing is printed without -v', [V4, '7000', '8000:udp'], 2],
  ['TCP and UDP mixed', ['-v', V4, '7000:tcp', '8000:udp', '9000', '9001:udp'], 4],
  ['-u beats :tcp', ['-u', '-v', V4, '7000:tcp', '8000', '9000:udp'], 3],
  ['only :udp is UDP', ['-v', V4, '7000:UDP', '7001:icmp', '7002:', '7003:udp:tcp', '7004: udp'], 5],
  ['port numbers wrap', ['-v', V4, '70000', '65536', '4294967318', '131095:udp'], 4],
  ['port numbers as C reads them', ['-v', V4, ' 22', '+23', '', '007', '\t9'], 5],
  ['negative port numbers are none', ['-v', '--', V4, '-5'], 0],
  ['numbers too large are none', ['-v', V4, '3000000000'], 0],
  ['numbers beyond 64 bits are none', ['-v', V4, '18446744073709551616'], 0],
  ['UDP to port 0 never leaves', ['-v', V4, '0:udp', '7000'], 1],
  ['names of services', ['-v', V4, 'ssh', 'http', 'domain:udp', 'www:udp', 'syslog', 'syslog:udp', 'tftp'], 7],
  ['a service that there is not, after one that there is', ['-v', V4, '7000', 'SSH', '9000'], 1],
  ['a number with text behind it', ['-v', V4, '22x'], 0],
  ['one port again and again', ['-v', V4, '7000', '7000', '7000:udp', '7000'], 4],
  ['options anywhere and cut short', [V4, '--verb', '7000', '--de=1', '8000', '-u'], 2],
  ['options run together', ['-vu4d1', V4, '7000'], 1],
  ['nothing is an option after --', ['-v', '--', V4, '7000', '-u'], 1],
  ['the last family wins', ['-4', '-6', '-v', 'both', '7000'], 1],
  ['IPv6', ['-v', V6, '7000', '8000:udp'], 2],
  ['another spelling of an address', ['-v', 'FD99:0:0::2', '7000'], 1],
  ['IPv4 written as IPv6', ['-v', `::ffff:${V4}`, '7000', '8000:udp'], 2],
  ['a short IPv4 address', ['-v', '10.99.2', '7000'], 1],
  ['a name with two addresses', ['-v', 'both', '7000', '8000:udp'], 2],
  ['the same, IPv4 alone', ['-4', '-v', 'both', '7000'], 1],
  ['an IPv4 address where IPv6 is asked for', ['-6', '-v', V4, '7000', '8000'], 0],
  ['an IPv6 address where IPv4 is asked for', ['-4', '-v', V6, '7000', '8000'], 0],
  ['a zone where none can be', ['-v', `${V6}%eth0`, '7000'], 0],
  ['a name that is not known', ['-v', 'nobody.invalid', '7000', '8000'], 0],
  ['a service is looked for before the host', ['nobody.invalid', 'nothing'], 0],
  ['no route', ['-v', '192.0.2.1', '7000', '8000:udp'], 0],
  ['a negative delay', ['-d', '-5', V4, '7000'], 0],
  ['a delay that becomes negative', ['-d', '3000000000', V4, '7000'], 0],
  ['a delay that is text', ['-v', '-d', 'soon', V4, '7000', '8000'], 2],
  ['forty knocks', ['-v', V4, ...Array.from({ length: 40 }, (_, index) => String(20_000 + index))], 40],
];

describe('knock and ours', () => {
  test.each(SAME)('%s', async (_title, words, count) => {
    const [real, ours] = [await run(REAL, words), await run(OURS, words)];
    expect(comparable(ours)).toEqual(comparable(real));
    expect(ours.packets).toHaveLength(count);
  });

  const USAGE: readonly (readonly string[])[] = [
    [],
    [V4],
    ['-h'],
    ['--help', V4, '7000'],
    ['-x', V4, '7000'],
    ['--nothing', V4, '7000'],
    ['--ver', V4, '7000'],
    ['--udp=yes', V4, '7000'],
    [V4, '7000', '-d'],
    [V4, '7000', '--delay'],
    ['-d', '-5', V4],
  ];
  test.each(USAGE.map((words) => [words.join(' '), words] as const))('usage: "%s"', async (_title, words) => {
    const [real, ours] = [await run(REAL, words), await run(OURS, words)];
    expect({ stderr: ours.stderr, code: ours.code }).toEqual({ stderr: real.stderr, code: real.code });
    const [firstLine] = real.stdout.split('\n');
    expect(ours.stdout.split('\n')[0]).toBe(firstLine);
    for (const [option] of real.stdout.matchAll(/-[a-zA-Z46](?:, --[a-z0-9]+)/g)) expect(ours.stdout).toContain(option);
    expect(ours.packets).toEqual([]);
  });

  test('the version', async () => {
    const [real, ours] = [await run(REAL, ['-u', '-V', '--bad']), await run(OURS, ['-u', '-V', '--bad'])];
    expect([real.code, ours.code]).toEqual([0, 0]);
    expect(ours.stdout).toMatch(/^knock \(spad\) [0-9.]+\n$/);
  });

  test('as a subcommand of spa-client', async () => {
    const words = ['-v', V4, '7000', '8000:udp', 'nothing'];
    expect(comparable(await run(SUBCOMMAND, words))).toEqual(comparable(await run(REAL, words)));
  });
});

describe('on the wire', () => {
  const gapsOf = ({ packets }: Run): number[] =>
    packets.slice(1).map(({ seconds }, index) => seconds - (packets[index]?.seconds ?? 0));

  test('the delay is slept after every knock, the last one too', async () => {
    const words = ['-d', '200', V4, '7000', '8000:udp', '9000'];
    for (const program of [REAL, OURS]) {
      const started = performance.now();
      const result = await run(program, words);
      expect(performance.now() - started).toBeGreaterThan(600);
      for (const gap of gapsOf(result)) {
        expect(gap).toBeGreaterThan(0.195);
        expect(gap).toBeLessThan(0.4);
      }
    }
  });

  test('without an answer, exactly one SYN leaves for each port, then and later', async () => {
    for (const program of [REAL, OURS]) {
      const from = capture.mark();
      await run(program, [SILENT, '7000', '8000', '9000']);
      // The kernel would try again after 1 s.
      await sleep(2500);
      const packets = await packetsSince(from);
      expect(packets.map(({ port, isSyn }) => [port, isSyn])).toEqual([7000, 8000, 9000].map((port) => [port, true]));
    }
  });

  test('of an open port, one SYN, and no data', async () => {
    for (const program of [REAL, OURS]) {
      const { packets, code } = await run(program, [V4, '8022', '7000']);
      expect(code).toBe(0);
      expect(packets.filter(({ isSyn }) => isSyn).map(({ port }) => port)).toEqual([8022, 7000]);
      expect(packets.filter(({ text }) => !text.endsWith('payload of 0'))).toEqual([]);
    }
  });

  test('a time-based sequence is what anyone else computes for the minute', async () => {
    const secret = Secret.fromBytes(Uint8Array.from({ length: 32 }, (_, index) => index));
    if (secret === undefined) throw new Error('not a secret');
    const file = join(lab.dir, 'door.key');
    writeFileSync(file, `${secret.revealBase64()}\n`, { mode: 0o600 });
    const stepsNow = (): readonly string[] =>
      timedSequence(secret, 'front', timedWindowOf(unixMs(Date.now()))).map(
        ({ protocol, port }) => `${protocol} ${String(port)}`,
      );
    const before = stepsNow();
    const { packets, code } = await run(OURS, ['--secret-file', file, '--name', 'front', V4]);
    expect(code).toBe(0);
    const sent = packets.map(({ text, port }) => `${text.slice(0, 3)} ${String(port)}`);
    // The minute may have ended meanwhile.
    expect([before, stepsNow()]).toContainEqual(sent);
  });
});
