/** The process that meets hostile bytes: what it can do (little), and that there is always one. */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { deriveNativeKey, type KeyLabel } from '../../src/spa/native/keys.ts';
import type { Host } from '../support/host.ts';
import { Keyholder } from '../support/keyholder.ts';
import { Lab } from '../support/lab.ts';
import { sendDatagram } from '../support/probe.ts';
import { childrenOf, SPA_PORT, Spad, type SpadConfig } from '../support/spad.ts';
import { waitFor, waitUntil } from '../support/wait.ts';

const NOBODY = 65_534;

const alice = new Keyholder();

let lab: Lab;
let client: Host;
let server: Host;
let spad: Spad;
let runs = 0;

beforeAll(async () => {
  lab = await Lab.create({ hosts: ['client', 'server'] });
  [client, server] = [lab.host('client'), lab.host('server')];
});
afterAll(() => lab.close());
beforeEach(() => {
  runs += 1;
  spad = new Spad(lab, server, `run${runs}`);
});
afterEach(async () => {
  await spad.stop();
});

function configure(daemon: SpadConfig['daemon'] = {}): void {
  spad.configure({ daemon, access: { alice: { key: alice.base64, allow: 'tcp/22, tcp/9' } } });
}

async function start(daemon: SpadConfig['daemon'] = {}): Promise<void> {
  configure(daemon);
  await spad.start();
}

const proc = (pid: number, name: string): string => readFileSync(`/proc/${pid}/${name}`, 'latin1');

/** Whether a process still runs; one that nobody has waited for yet does not. */
function isRunning(pid: number): boolean {
  try {
    return !/^State:\s+Z/m.test(proc(pid, 'status'));
  } catch {
    return false;
  }
}

/** All threads: what one of them may, whoever has taken the process over may. */
async function confined(pid: number): Promise<void> {
  // It is found before it has begun to capture, and is as it stays from then on.
  await waitUntil('the receiver to be confined', () => /^Seccomp:\s2$/m.test(proc(pid, 'status')));
  const threads = readdirSync(`/proc/${pid}/task`);
  // Node has several from its start on; V8's, and those of the pool.
  expect(threads.length).toBeGreaterThan(3);
  for (const thread of threads) {
    const status = proc(pid, `task/${thread}/status`);
    expect(status).toMatch(/^NoNewPrivs:\s1$/m);
    expect(status).toMatch(/^Seccomp:\s2$/m);
    expect(status).toMatch(new RegExp(`^Uid:(?:\\s${NOBODY}){4}$`, 'm'));
    expect(status).toMatch(/^Groups:\s*$/m);
    for (const name of ['Inh', 'Prm', 'Eff', 'Amb']) expect(status).toMatch(new RegExp(`^Cap${name}:\\s0+$`, 'm'));
  }
}

/** Waits until the daemon captures anew, and finds that it opens. */
async function worksAgain(mark: number): Promise<void> {
  await spad.process.waitForLine(/spad: (?:capturing again|ready: capturing) on/, 20_000, mark);
  await spad.settle(client, alice);
}

describe('what it can do:', () => {
  test.each(['nflog', 'pcap', 'udp'])(
    'it is nobody, without a capability, group or file (capture = %s)',
    async (capture) => {
      await start({ capture });
      const pid = await spad.receiverPid();
      const status = proc(pid, 'status');
      expect(status).toMatch(new RegExp(`^Uid:(?:\\s${NOBODY}){4}$`, 'm'));
      expect(status).toMatch(/^Gid:(?:\s6553[34]){4}$/m);
      expect(status).toMatch(/^Groups:\s*$/m);
      for (const name of ['Inh', 'Prm', 'Eff', 'Amb']) expect(status).toMatch(new RegExp(`^Cap${name}:\\s0+$`, 'm'));
      await confined(pid);
      const files = readdirSync(`/proc/${pid}/fd`).map((fd) => readlinkSync(`/proc/${pid}/fd/${fd}`));
      expect(files.filter((file) => !/^(?:pipe|socket|anon_inode):|\/dev\/(?:null|urandom)$/.test(file))).toEqual([]);
    },
  );

  test('the one for knocks is confined alike, and works', async () => {
    configure();
    const door = '[door ring]\nsequence = 7000:udp,8000:udp\nopen = tcp/22\nopen_for = 20s\n';
    spad.writeConf(`${readFileSync(spad.confFile, 'utf8')}\n${door}`);
    await spad.start();
    const pids = await waitFor('two receivers', () => {
      const found = childrenOf(spad.process.pid).filter((pid) => proc(pid, 'cmdline').includes('receiver/main'));
      return found.length === 2 ? found : undefined;
    });
    for (const pid of pids) await confined(pid);
    for (const port of [7000, 8000]) await sendDatagram(client, server.address4, port, new Uint8Array(1));
    await spad.audit.waitFor({ event: 'granted', source: client.address4, ports: ['tcp/22'] });
    await spad.settle(client, alice);
    expect(spad.process.output).not.toContain('not confined');
  });

  test('it is shown no secret, and nobody else is shown one', async () => {
    await start();
    const secrets = ['hint', 'mac', 'seal'].map((label) => deriveNativeKey(alice.secret, 'gw1', label as KeyLabel));
    const forms = [alice.secret.reveal(), ...secrets].flatMap((bytes) =>
      (['hex', 'base64', 'latin1'] as const).map((form) => Buffer.from(bytes).toString(form)),
    );
    const receiver = await spad.receiverPid();
    const shown = [receiver, spad.process.pid].flatMap((pid) => [proc(pid, 'cmdline'), proc(pid, 'environ')]);
    for (const form of forms) expect(shown.filter((text) => text.includes(form))).toEqual([]);
    expect(proc(receiver, 'environ')).toBe('');
    expect(spad.process.output + JSON.stringify(spad.audit.entries())).not.toContain(alice.base64);
  });
});

describe('there is always one:', () => {
  test('killed, it is replaced', async () => {
    await start();
    for (const signal of ['SIGKILL', 'SIGSEGV'] as const) {
      const pid = await spad.receiverPid();
      const mark = spad.process.mark();
      process.kill(pid, signal);
      await worksAgain(mark);
      expect(await spad.receiverPid()).not.toBe(pid);
      expect(spad.process.output).toContain(`the receiver ended (${signal}); starting another`);
    }
  });

  test.each(['eth0', 'any'])('with interface = %s, it hears the first packet after the start', async (name) => {
    await start({ interface: name });
    await spad.settle(client, alice);
  });

  test.each(['eth0', 'any'])('with interface = %s, it hears again after the link was down', async (name) => {
    await start({ interface: name });
    const mark = spad.process.mark();
    await server.linkDown();
    if (name === 'eth0') await spad.process.waitForLine(/interface eth0 is now down/);
    await server.linkUp();
    if (name === 'eth0') await spad.process.waitForLine(/capturing again on eth0/, 20_000, mark);
    // The link's last flicker may replace the receiver once more.
    await spad.settle(client, alice, 5);
  });

  test('it hears again after the link was down for an instant only', async () => {
    await start({ interface: 'eth0' });
    const mark = spad.process.mark();
    await server.run('sh', ['-c', 'ip link set eth0 down; ip link set eth0 up']);
    await server.linkUp();
    await spad.process.waitForLine(/capturing again on eth0/, 10_000, mark);
    await spad.settle(client, alice);
  });

  test('it waits for an interface that is missing, says so once, and follows it when it is made anew', async () => {
    configure({ interface: 'late0' });
    await spad.start({ until: /warning: cannot capture: .*late0.*; trying again until it works/ });
    const makeLate = async (): Promise<void> => {
      const peer = ['peer', 'name', 'late1', 'netns', client.namespace];
      await server.run('ip', ['link', 'add', 'late0', 'type', 'veth', ...peer]);
      await server.run('ip', ['addr', 'add', '10.98.0.1/24', 'dev', 'late0']);
      await client.run('ip', ['addr', 'add', '10.98.0.2/24', 'dev', 'late1']);
      await server.run('ip', ['link', 'set', 'late0', 'up']);
      await client.run('ip', ['link', 'set', 'late1', 'up']);
    };
    for (const ready of [/spad: ready: capturing on late0/, /spad: capturing again on late0/]) {
      const mark = spad.process.mark();
      const from = spad.audit.mark();
      await makeLate();
      await spad.process.waitForLine(ready, 20_000, mark);
      await waitFor('a packet by way of late0', async () => {
        await sendDatagram(client, '10.98.0.1', SPA_PORT, alice.seal({ ports: 'tcp/9', openFor: 1 }));
        return spad.audit.all({ source: '10.98.0.2', allow: '10.98.0.2' }, from)[0];
      });
      // The receiver may have found it first; what comes and goes between two looks at it is not told.
      await spad.process.waitForLine(/interface late0 is now up/, 10_000, mark);
      await server.run('ip', ['link', 'del', 'late0']);
      await spad.process.waitForLine(/interface late0 is now missing/, 10_000, mark);
    }
    const complaints = spad.process.output.split('\n').filter((line) => line.includes('cannot capture'));
    expect(complaints.length).toBeLessThanOrEqual(3);
  });

  test('with capture = udp, it waits for a port that somebody else has', async () => {
    const script = `require('dgram').createSocket('udp4').bind(${SPA_PORT}, () => console.log('bound'))`;
    const other = server.spawn(process.execPath, ['-e', script]);
    await other.waitForLine(/^bound$/);
    configure({ capture: 'udp' });
    await spad.start({ until: /warning: cannot capture: .*EADDRINUSE.*; trying again/ });
    await other.stop();
    await worksAgain(0);
  });
});

describe('when the authorizer ends', () => {
  test.each(['SIGTERM', 'SIGINT', 'SIGKILL'] as const)('by %s, so does the receiver', async (signal) => {
    await start();
    const pid = await spad.receiverPid();
    await spad.stop(signal);
    await waitUntil('the receiver to end', () => !isRunning(pid));
  });

  test('by SIGKILL under a flood, so does the receiver', async () => {
    await start();
    const pid = await spad.receiverPid();
    const junk = Buffer.concat([alice.seal().subarray(0, 8), new Uint8Array(168)]);
    const script = `const socket = require('dgram').createSocket('udp4');
const junk = Buffer.from('${junk.toString('hex')}', 'hex');
const send = () => socket.send(junk, ${SPA_PORT}, '${server.address4}', send);
send(); console.log('flooding');`;
    const flood = client.spawn(process.execPath, ['-e', script]);
    await flood.waitForLine(/^flooding$/);
    await waitUntil('the flood to arrive', async () => ((await spad.counts())['bad-mac'] ?? 0) > 1000);
    await spad.stop('SIGKILL');
    await waitUntil('the receiver to end', () => !isRunning(pid));
    expect(flood.running).toBe(true);
    await flood.stop('SIGKILL');
  });
});

describe('with capture = file', () => {
  test.each(['eth0', 'any'])('a file that tcpdump has written on %s is read to its end', async (name) => {
    const file = join(spad.dir, 'packets.pcap');
    const words = ['-i', name, '-U', '--immediate-mode', '-c', '4', '-w', file, 'udp dst port 62201'];
    const tcpdump = server.spawn('tcpdump', words);
    await tcpdump.waitForLine(/listening on/);
    const packet = alice.seal({ ports: 'tcp/22' });
    const sent = [
      [packet, 4],
      [packet, 6],
      [alice.seal({ ports: 'tcp/443' }), 4],
      [new Uint8Array(20), 4],
    ] as const;
    for (const [bytes, family] of sent) await spad.send(client, bytes, family);
    expect(await tcpdump.exited).toMatchObject({ code: 0 });
    configure({ capture: 'file', capture_file: file, firewall: 'dry-run' });
    await spad.start();
    expect(await spad.process.exited).toMatchObject({ code: 0 });
    const decided = spad.audit.entries().filter(({ source }) => source !== undefined);
    expect(decided).toMatchObject([
      { event: 'granted', source: client.address4, ports: ['tcp/22'] },
      { event: 'rejected', source: client.address6, reason: 'replayed' },
      { event: 'rejected', source: client.address4, reason: 'port-not-allowed' },
    ]);
    expect(spad.process.output).toContain(`would open tcp/22 for ${client.address4}`);
  });
});
