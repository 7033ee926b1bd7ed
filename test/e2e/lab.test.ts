import { execFileSync, spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Host } from '../support/host.ts';
import { Lab } from '../support/lab.ts';
import { builtFile } from '../support/paths.ts';
import { openConnection, sendDatagram, sendSpoofed, startTcpService, tcpState } from '../support/probe.ts';

function namespaces(): string {
  return execFileSync('ip', ['netns', 'list'], { encoding: 'utf8' });
}

/** Process ids of everything whose command line contains `marker`. */
function processesWith(marker: string): number[] {
  const numbers = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  return numbers.map(Number).filter((pid) => {
    try {
      return pid !== process.pid && readFileSync(`/proc/${pid}/cmdline`, 'latin1').includes(marker);
    } catch {
      return false;
    }
  });
}

function expectNoTrace(lab: { dir: string; namespaceNames: readonly string[] }, marker: string): void {
  for (const name of lab.namespaceNames) expect(namespaces()).not.toContain(name);
  expect(existsSync(lab.dir)).toBe(false);
  expect(processesWith(marker)).toEqual([]);
}

/** A UDP socket that prints every datagram as "ADDRESS PORT HEX". */
const UDP_LISTENER = `const socket = require('dgram').createSocket('udp6');
socket.on('message', (m, from) => console.log(from.address.replace('::ffff:', ''), from.port, m.toString('hex')));
socket.bind(4000, () => console.log('ready'));`;

describe('a laboratory of three hosts', () => {
  let lab: Lab;
  let client: Host;
  let server: Host;

  beforeAll(async () => {
    lab = await Lab.create({ hosts: ['client', 'attacker', 'server'] });
    client = lab.host('client');
    server = lab.host('server');
    await startTcpService(server, [22]);
  });
  afterAll(() => lab.close());

  test('has a private folder', () => {
    expect(statSync(lab.dir).mode & 0o777).toBe(0o700);
  });

  test.each(['address4', 'address6'] as const)('connects its hosts: %s', async (family) => {
    expect(await tcpState(client, server[family], 22)).toBe('open');
    expect(await tcpState(server, client[family], 22)).toBe('refused');
    const connection = await openConnection(client, server[family], 22);
    connection.write('are you there?\n');
    await connection.waitForLine(/^are you there\?$/);
    await connection.stop();
  });

  test('tells a filtered port from a refused one', async () => {
    await server.run('nft', ['add table inet t; add chain inet t c { type filter hook input priority 0; }']);
    await server.run('nft', ['add rule inet t c tcp dport 22 drop']);
    expect(await tcpState(client, server.address4, 22)).toBe('filtered');
    expect(await tcpState(client, server.address6, 22)).toBe('filtered');
    await server.run('nft', ['delete table inet t']);
    expect(await tcpState(client, server.address4, 22)).toBe('open');
  });

  test.each(['address4', 'address6'] as const)('sends datagrams as told: %s', async (family) => {
    const listener = server.spawn(process.execPath, ['-e', UDP_LISTENER]);
    await listener.waitForLine(/^ready$/);
    const attacker = lab.host('attacker');
    await sendDatagram(attacker, server[family], 4000, Uint8Array.of(0, 255, 10), { fromPort: 1234 });
    await listener.waitForLine(new RegExp(`^${attacker[family]} 1234 00ff0a$`));
    const to = { address: server[family], port: 4000 };
    await sendSpoofed(attacker, to, Uint8Array.of(1), { from: client[family], fromPort: 77 });
    await listener.waitForLine(new RegExp(`^${client[family]} 77 01$`));
    await listener.stop();
    expect(await tcpState(client, server[family], 22)).toBe('open');
  });

  test('takes a link down and up again, with both families', async () => {
    await server.linkDown();
    await expect(tcpState(client, server.address4, 22)).resolves.toBe('filtered');
    await server.linkUp();
    expect(await tcpState(client, server.address4, 22)).toBe('open');
    expect(await tcpState(client, server.address6, 22)).toBe('open');
  });

  test('puts a host behind another one', async () => {
    const inner = await lab.addBehind(server, 'container');
    await startTcpService(inner, [8080]);
    expect(await tcpState(server, inner.address4, 8080)).toBe('open');
    expect(await tcpState(server, inner.address6, 8080)).toBe('open');
    await client.run('ip', ['route', 'add', '10.99.4.0/24', 'via', server.address4]);
    expect(await tcpState(client, inner.address4, 8080)).toBe('open');
  });

  test('hands input and environment to a command and reports how it ended', async () => {
    const script = 'cat; echo "$GREETING" >&2; exit 3';
    const result = await client.exec('sh', ['-c', script], { input: 'in', env: { GREETING: 'hello' } });
    expect(result).toEqual({ code: 3, signal: undefined, stdout: 'in', stderr: 'hello\n' });
    await expect(client.exec('sleep', ['60'], { timeoutMs: 50 })).rejects.toThrow('still running after 50 ms');
    await expect(client.run('false')).rejects.toThrow('ended with code 1');
    await expect(client.exec('no-such-program')).rejects.toThrow('exec of "no-such-program" failed');
  });

  test('follows a program: its lines, its end', async () => {
    const child = client.spawn('sh', ['-c', 'echo one; sleep 0.1; echo two >&2; printf three; exec sleep 60']);
    expect((await child.waitForLine(/^t(.o)$/))[1]).toBe('wo');
    await expect(child.waitForLine(/never/, 50)).rejects.toThrow('within 50 ms');
    expect(readFileSync(`/proc/${child.pid}/comm`, 'utf8')).toBe('sleep\n');
    expect(await child.stop()).toEqual({ code: 143, signal: 'SIGTERM' });
    expect(child.output).toBe('one\ntwo\nthree');
    await expect(child.waitForLine(/never/)).rejects.toThrow('before it ended with code 143');
  });
});

describe('after the end', () => {
  const marker = (lab: Lab): string => `86400.${lab.namespaceNames[0]?.replaceAll(/\D/g, '') ?? ''}`;

  /** A stubborn program, and one that has left its parent: both must go. */
  async function populate(lab: Lab, mark: string): Promise<void> {
    const host = lab.host('one');
    host.spawn('sh', ['-c', `trap '' TERM; sleep ${mark}; sleep ${mark}`]);
    await host.run('sh', ['-c', `setsid sleep ${mark} >/dev/null 2>&1 & echo started`]);
    expect(processesWith(mark).length).toBeGreaterThanOrEqual(2);
  }

  test('close leaves no namespace, no process and no folder', async () => {
    const lab = await Lab.create({ hosts: ['one', 'two'] });
    const before = { dir: lab.dir, namespaceNames: lab.namespaceNames };
    const mark = marker(lab);
    await populate(lab, mark);
    for (const name of before.namespaceNames) expect(namespaces()).toContain(name);
    await lab.close();
    expectNoTrace(before, mark);
    await lab.close();
  });

  test('neither does a thrown error', async () => {
    let before = { dir: '', namespaceNames: [] as readonly string[] };
    let mark = '';
    const failing = async (): Promise<void> => {
      const lab = await Lab.create({ hosts: ['one'] });
      try {
        before = { dir: lab.dir, namespaceNames: lab.namespaceNames };
        mark = marker(lab);
        await populate(lab, mark);
        throw new Error('on purpose');
      } finally {
        await lab.close();
      }
    };
    await expect(failing()).rejects.toThrow('on purpose');
    expectNoTrace(before, mark);
  });

  test('a laboratory that cannot be finished leaves nothing', async () => {
    const count = namespaces()
      .split('\n')
      .filter((line) => line.includes(`lab-${process.pid}-`)).length;
    await expect(Lab.create({ hosts: ['one', 'not/a/name'] })).rejects.toThrow('failed');
    const after = namespaces()
      .split('\n')
      .filter((line) => line.includes(`lab-${process.pid}-`)).length;
    expect(after).toBe(count);
  });

  test.each(['an uncaught error', 'SIGTERM', 'SIGINT'])('neither does the end of its process: %s', async (end) => {
    const outer = await Lab.create({ hosts: ['runner'] });
    try {
      const mark = marker(outer);
      const script = join(outer.dir, 'script.mjs');
      const last = end.startsWith('SIG') ? `process.kill(process.pid, '${end}');` : `throw new Error('on purpose');`;
      writeFileSync(
        script,
        `import { Lab } from ${JSON.stringify(builtFile('test/support/lab.js'))};
const lab = await Lab.create({ hosts: ['one'] });
lab.host('one').spawn('sleep', ['${mark}']);
console.log(JSON.stringify({ dir: lab.dir, namespaceNames: lab.namespaceNames }));
setTimeout(() => { ${last} }, 100);`,
      );
      const child = spawn(process.execPath, [script], { stdio: ['ignore', 'pipe', 'ignore'] });
      let printed = '';
      child.stdout.on('data', (piece: Buffer) => {
        printed += piece.toString();
      });
      const how = await new Promise<string>((resolve) => {
        child.on('close', (code, signal) => resolve(signal ?? String(code)));
      });
      expect(how).toBe(end.startsWith('SIG') ? end : '1');
      expectNoTrace(JSON.parse(printed) as { dir: string; namespaceNames: string[] }, mark);
    } finally {
      await outer.close();
    }
  });
});
