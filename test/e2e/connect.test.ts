/** Connecting, not knocking: a real ssh through `spa-client proxy` and `ready`, and any pipe through the former. */
import { createHash, randomBytes } from 'node:crypto';
import { lstatSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Home } from '../support/home.ts';
import type { Host } from '../support/host.ts';
import { Keyholder } from '../support/keyholder.ts';
import { Lab } from '../support/lab.ts';
import type { ExecResult, LabProcess } from '../support/lab-process.ts';
import { startTcpService, tcpState } from '../support/probe.ts';
import { SPA_PORT, Spad } from '../support/spad.ts';
import { SshServer } from '../support/ssh.ts';

const [alice, mute, stranger] = [new Keyholder(), new Keyholder(), new Keyholder()];

let lab: Lab;
let client: Host;
let server: Host;
let spad: Spad;
let sshd: SshServer;
let home: Home;

beforeAll(async () => {
  lab = await Lab.create({ hosts: ['client', 'server'] });
  [client, server] = [lab.host('client'), lab.host('server')];
  sshd = await SshServer.start(lab, server, [22]);
  await startTcpService(server, [8022]);
  spad = new Spad(lab, server);
  spad.configure({
    daemon: { guard: 'tcp/22, tcp/8000-8100' },
    access: {
      alice: { key: alice.base64, allow: 'tcp/22, tcp/8000-8100' },
      mute: { key: mute.base64, allow: 'tcp/22', reply: 'no' },
    },
  });
  await spad.start();
  home = new Home(lab, client);
  home.addProfile('gw1', server.address4, alice);
  home.addProfile('gw1-6', server.address6, alice);
  home.addProfile('mute', server.address4, mute);
  home.addProfile('mute-told', server.address4, mute, { reply: 'no' });
  home.addProfile('stranger', server.address4, stranger);
});
afterAll(() => lab.close());

/** Closes all that alice and mute have open, so that each test begins with a port that is shut. */
const shut = async (): Promise<void> => {
  for (const name of ['gw1', 'gw1-6', 'mute-told'])
    await home.exec('spa-client', ['--close', '-s', '--timeout', '2', '-n', name]);
  for (const address of [server.address4, server.address6])
    expect(await tcpState(client, address, 22, 300)).toBe('filtered');
};

const proxy = (words: readonly string[], input: string | Uint8Array = ''): Promise<ExecResult> =>
  home.exec('spa-client', ['proxy', ...words], { input });

/** A file for ssh -F. */
const sshConfig = (name: string, text: string): string => {
  const file = join(lab.dir, name);
  writeFileSync(file, text, { mode: 0o600 });
  return file;
};

const ssh = (config: string, to: string, command: string, input: Uint8Array | string = ''): Promise<ExecResult> =>
  home.exec('ssh', ['-F', config, ...sshd.words, to, command], { input });

describe('ssh through ProxyCommand', () => {
  const config = (): string => sshConfig('proxied', 'Host *\n    ProxyCommand spa-client proxy %h %p\n');

  test.each(['address4', 'address6'] as const)(
    'a port that is shut: one command, and a shell is there (%s)',
    async (family) => {
      await shut();
      const from = spad.audit.mark();
      const ran = await ssh(config(), `root@${server[family]}`, 'echo hello; exit 7');
      expect(ran).toMatchObject({ code: 7, stdout: 'hello\n', stderr: '' });
      await spad.audit.waitFor({ event: 'granted', stanza: 'alice', allow: client[family], ports: ['tcp/22'] }, from);
    },
  );

  test('two megabytes there and back are what they were', async () => {
    const bytes = randomBytes(2 << 20);
    const digest = createHash('sha256').update(bytes).digest('hex');
    const there = await ssh(config(), `root@${server.address4}`, 'sha256sum', bytes);
    expect(there).toMatchObject({ code: 0, stdout: `${digest}  -\n` });
    const back = await ssh(config(), `root@${server.address4}`, 'cat | base64', bytes);
    expect(createHash('sha256').update(Buffer.from(back.stdout, 'base64')).digest('hex')).toBe(digest);
  });

  test('one packet, lost on the way: half a second more, no word', async () => {
    await shut();
    const chain = 'type filter hook egress device "eth0" priority 0;';
    const script = `table netdev lossy { chain c { ${chain} udp dport ${String(SPA_PORT)} numgen inc mod 1000 0 drop; }; }`;
    await client.run('nft', ['-f', '-'], { input: script });
    const ran = await ssh(config(), `root@${server.address4}`, 'echo hello');
    await client.run('nft', ['delete', 'table', 'netdev', 'lossy']);
    expect(ran).toMatchObject({ code: 0, stdout: 'hello\n', stderr: '' });
  });

  test.each(['mute', 'mute-told'])('a server that answers nobody: the port tells (%s)', async (name) => {
    await shut();
    const file = sshConfig('mute', `Host *\n    ProxyCommand spa-client proxy -n ${name} %h %p\n`);
    const ran = await ssh(file, `root@${server.address4}`, 'echo hello');
    expect(ran).toMatchObject({ code: 0, stdout: 'hello\n', stderr: '' });
  });

  test('a refusal is one sentence of ours, before that of ssh', async () => {
    const file = sshConfig('refused', 'Host *\n    Port 443\n    ProxyCommand spa-client proxy %h %p\n');
    const ran = await ssh(file, `root@${server.address4}`, 'echo hello');
    expect(ran).toMatchObject({ code: 255, stdout: '' });
    expect(ran.stderr).toMatch(/^spa-client: gw1 has refused \(port-not-allowed\): [^\n]*\n/);
  });
});

describe('ssh after install-ssh', () => {
  const install = (...words: readonly string[]): Promise<ExecResult> =>
    home.exec('spa-client', ['install-ssh', ...words]);

  test('one command, and ssh opens the port by itself, by the profile or by its host; taken away again it does not', async () => {
    await shut();
    const file = join(home.dir, '.ssh/config');
    expect(await install('gw1')).toMatchObject({ code: 0, stderr: '' });
    expect(await install('gw1')).toMatchObject({ code: 0, stderr: '' });
    expect(readFileSync(file, 'utf8').match(/^Host /gm)).toHaveLength(1);
    expect((statSync(file).mode & 0o777).toString(8)).toBe('600');
    expect(await ssh(file, 'root@gw1', 'echo hello')).toMatchObject({ code: 0, stdout: 'hello\n', stderr: '' });
    await shut();
    const byHost = await ssh(file, `root@${server.address4}`, 'echo hello');
    expect(byHost).toMatchObject({ code: 0, stdout: 'hello\n', stderr: '' });
    expect(await install('--remove', server.address4)).toMatchObject({ code: 0, stderr: '' });
    expect(readFileSync(file, 'utf8')).toBe('');
    await shut();
    const shutOut = ['-o', 'ConnectTimeout=1', '-F', file, ...sshd.words, `root@${server.address4}`, 'echo hello'];
    expect(await home.exec('ssh', shutOut)).toMatchObject({ code: 255, stdout: '' });
  });

  test('what the file says above has precedence, a link stays one, and --print writes nothing', async () => {
    const [target, link] = [join(lab.dir, 'dotfiles'), join(lab.dir, 'config-link')];
    const own = 'Host gw1\n\tUser root\n\tServerAliveInterval 77\n\n# caf\u00e9';
    writeFileSync(target, Buffer.from(own, 'latin1'), { mode: 0o640 });
    symlinkSync(target, link);
    const printed = await install('--print', '--file', link, 'gw1');
    expect(readFileSync(target, 'latin1')).toBe(own);
    expect(await install('--file', link, 'gw1')).toMatchObject({ code: 0 });
    expect(lstatSync(link).isSymbolicLink()).toBe(true);
    expect(readFileSync(target, 'latin1')).toBe(`${own}\n${printed.stdout}`);
    expect((statSync(target).mode & 0o777).toString(8)).toBe('640');
    const meant = (await home.exec('ssh', ['-G', '-F', link, 'gw1'])).stdout;
    expect(meant).toMatch(/^user root$/m);
    expect(meant).toMatch(/^serveraliveinterval 77$/m);
    expect(meant).toMatch(/^proxycommand spa-client proxy -n gw1 %h %p$/m);
    expect(meant).toContain(`hostname ${server.address4}\n`);
  });

  test('what is wrong is one sentence', async () => {
    const unknown = await install('gw9');
    expect(unknown).toMatchObject({ code: 2, stdout: '' });
    expect(unknown.stderr).toMatch(/^spa-client: there is no profile for "gw9"[^\n]*\n$/);
    const half = join(lab.dir, 'half');
    writeFileSync(half, 'Host x\n# >>> spa-client gw1 >>>\n');
    const refused = await install('--file', half, 'gw1');
    expect(refused).toMatchObject({ code: 2, stdout: '' });
    expect(refused.stderr).toContain('(the first is line 2): remove what is left');
    expect(readFileSync(half, 'utf8')).toBe('Host x\n# >>> spa-client gw1 >>>\n');
  });
});

describe('ssh with Match exec', () => {
  const config = (): string =>
    sshConfig('matched', `Match host ${server.address4} exec "spa-client ready %h %p"\n    ServerAliveInterval 15\n`);

  test('a port that is shut: open by the time that ssh connects', async () => {
    await shut();
    const ran = await ssh(config(), `root@${server.address4}`, 'echo hello; exit 7');
    expect(ran).toMatchObject({ code: 7, stdout: 'hello\n', stderr: '' });
  });
});

describe('proxy as a pipe', () => {
  /** A service of Node's: what it gives createServer. */
  const startService = async (port: number, service: string): Promise<LabProcess> => {
    const listen = `.listen(${String(port)}, '::', () => console.log('listening'))`;
    const child = server.spawn(process.execPath, ['-e', `require('net').createServer(${service})${listen}`]);
    await child.waitForLine(/^listening$/);
    return child;
  };

  test('the end of the input is the end of what is sent, not of the connection', async () => {
    const count = "let n = 0; s.on('data', (d) => { n += d.length; }); s.on('end', () => s.end(`got ${n}\\n`));";
    await startService(8030, `{ allowHalfOpen: true }, (s) => { ${count} }`);
    const ran = await proxy(['gw1', '8030'], randomBytes(3_000_000));
    expect(ran).toMatchObject({ code: 0, stdout: 'got 3000000\n', stderr: '' });
  });

  test('the end of what comes is seen by the reader, who may go on sending', async () => {
    const report = "let n = 0; s.on('data', (d) => { n += d.length; }); s.on('end', () => console.log(`got ${n}`));";
    const service = await startService(8031, `{ allowHalfOpen: true }, (s) => { s.end('bye\\n'); ${report} }`);
    // The second half of the pipeline ends only where the first has closed its output; then the input goes on.
    const piped = `{ while [ ! -e ${lab.dir}/read ]; do sleep 0.05; done; head -c 200000 /dev/zero; } | spa-client proxy gw1 8031 | { cat; touch ${lab.dir}/read; }`;
    const ran = await home.exec('sh', ['-c', piped]);
    expect(ran).toMatchObject({ code: 0, stdout: 'bye\n', stderr: '' });
    await service.waitForLine(/^got 200000$/);
  });

  test('who does not read holds back who sends', async () => {
    const send = `const piece = Buffer.alloc(1 << 20);
      let n = 0;
      let timer;
      const more = () => {
        clearTimeout(timer);
        while (n < 96) { n += 1; if (!s.write(piece)) { timer = setTimeout(() => console.log('held at ' + n), 700); return; } }
        s.end();
      };
      s.on('drain', more);
      more();`;
    const service = await startService(8032, `{ allowHalfOpen: true }, (s) => { ${send} }`);
    const go = join(lab.dir, 'go');
    const reader = `spa-client proxy gw1 8032 < /dev/null | { while [ ! -e ${go} ]; do sleep 0.05; done; wc -c; }`;
    const ran = home.exec('sh', ['-c', reader]);
    // Buffers of the kernel, on both sides, and one of ours.
    const [, held] = await service.waitForLine(/^held at (\d+)$/);
    expect(Number(held)).toBeLessThan(48);
    writeFileSync(go, '');
    expect(await ran).toMatchObject({ code: 0, stdout: `${String(96 << 20)}\n`, stderr: '' });
  });

  test.each([
    [
      'nothing listens there',
      ['gw1', '8040'],
      3,
      /^spa-client: gw1 has opened tcp\/8040, and .* so no service listens there; start it[^\n]*\n$/,
    ],
    [
      'the key is not of the server',
      ['--wait', '2s', '-n', 'stranger', '10.99.0.2', '22'],
      3,
      /^spa-client: tcp\/22 of .* did not open within 2 s .*likeliest: [^\n]*\n$/,
    ],
    ['no such profile', ['nowhere', '22'], 2, /^spa-client: there is no profile for "nowhere"[^\n]*\n$/],
    ['no port', ['gw1'], 2, /^spa-client: name the port too[^\n]*\n$/],
  ] as const)('%s: one sentence, nothing on standard output', async (_, words, code, sentence) => {
    await shut();
    const ran = await proxy(words);
    expect(ran).toMatchObject({ code, stdout: '' });
    expect(ran.stderr).toMatch(sentence);
  });

  test('with --reuse a port that is open is not asked for again', async () => {
    await shut();
    const from = spad.audit.mark();
    const asked = (): number =>
      spad.audit
        .entries()
        .slice(from)
        .filter(({ event }) => event === 'granted' || event === 'extended').length;
    expect((await proxy(['--reuse', 'gw1', '8022'])).stdout).toBe('hello from 8022\n');
    expect(asked()).toBe(1);
    expect((await proxy(['--reuse', 'gw1', '8022'])).stdout).toBe('hello from 8022\n');
    expect(asked()).toBe(1);
    expect((await proxy(['gw1', '8022'])).stdout).toBe('hello from 8022\n');
    expect(asked()).toBe(2);
  });
});
