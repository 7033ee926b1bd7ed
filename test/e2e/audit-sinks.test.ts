/** Where audit lines go: a file that is rotated, syslog, the journal. What is away or slow keeps nothing from being opened. */
import { readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { openInKernel } from '../support/grant-list.ts';
import type { Host } from '../support/host.ts';
import { Keyholder } from '../support/keyholder.ts';
import { Lab } from '../support/lab.ts';
import type { LabProcess } from '../support/lab-process.ts';
import { repositoryRoot } from '../support/paths.ts';
import { Room } from '../support/room.ts';
import { Spad } from '../support/spad.ts';
import { waitFor, waitUntil } from '../support/wait.ts';

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
  await spad.exec('flush');
});

const configure = (daemon: Readonly<Record<string, string>> = {}): void =>
  spad.configure({ daemon, access: { alice: { key: alice.base64, allow: 'tcp/22', open_for: '2m' } } });

const knock = (): Promise<void> => spad.send(client, alice.seal({ ports: 'tcp/22' }));

const opened = (): Promise<void> =>
  waitUntil('tcp/22 to be open', async () => (await openInKernel(server)).includes(`${client.address4} tcp/22`));

describe('a file that logrotate moves', () => {
  /** The file of the package, for this log, with another command for whoever has to be told. */
  const rotate = async (tell: string): Promise<void> => {
    const packaged = readFileSync(join(repositoryRoot(), 'packaging/spad.logrotate'), 'utf8');
    const text = packaged
      .replace('/var/log/spad/audit.jsonl', spad.audit.path)
      .replace(/(\tpostrotate\n)[^]*?(\tendscript\n)/, `$1\t\t${tell}\n$2`);
    const file = join(spad.dir, 'logrotate.conf');
    writeFileSync(file, text, { mode: 0o600 });
    await server.run('logrotate', ['--force', '--state', join(spad.dir, 'logrotate.state'), file]);
  };

  /** The inodes of files that the daemon has open. */
  const openInodes = (): readonly number[] => {
    const folder = `/proc/${String(spad.process.pid)}/fd`;
    return readdirSync(folder).map((fd) => statSync(join(folder, fd), { throwIfNoEntry: false })?.ino ?? 0);
  };

  const rotated = (): string => readFileSync(`${spad.audit.path}.1`, 'utf8');

  beforeEach(async () => {
    configure();
    await spad.start();
    await knock();
    await spad.audit.waitFor({ event: 'granted' });
  });

  test('and says so by SIGUSR1: the new file is open before there is a line, and nothing listens', async () => {
    const before = openInodes();
    await rotate(`kill -USR1 ${String(spad.process.pid)}`);
    const { ino } = statSync(spad.audit.path);
    expect(before).not.toContain(ino);
    await waitUntil('the new file to be open', () => openInodes().includes(ino));
    expect(openInodes()).not.toContain(statSync(`${spad.audit.path}.1`).ino);
    expect(rotated()).toContain('"event":"granted"');
    // Node's own answer to this signal would be a debugger.
    process.kill(await spad.receiverPid(), 'SIGUSR1');
    await knock();
    await spad.audit.waitFor({ event: 'extended' });
    expect(await server.run('ss', ['-Hltn'])).toBe('');
  });

  test('and tells nobody: the next line is in the new file, and none is lost', async () => {
    await rotate(':');
    await knock();
    await spad.audit.waitFor({ event: 'extended' });
    expect(rotated()).toContain('"event":"granted"');
    expect(rotated()).not.toContain('"event":"extended"');
    expect(readFileSync(spad.audit.path, 'utf8')).not.toContain('"event":"granted"');
    expect(statSync(spad.audit.path).mode & 0o777).toBe(0o600);
  });
});

describe('syslog', () => {
  /** Prints each datagram as a line of JSON. */
  const RECEIVER = `
import json, os, socket, sys
if os.path.exists(sys.argv[1]): os.unlink(sys.argv[1])
log = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
log.bind(sys.argv[1])
print("listening", flush=True)
while True:
    print(json.dumps(log.recv(65536).decode()), flush=True)
`;

  const listen = async (): Promise<LabProcess> => {
    const receiver = server.spawn('python3', ['-c', RECEIVER, join(spad.dir, 'log')]);
    await receiver.waitForLine(/^listening$/);
    return receiver;
  };

  const heard = async (receiver: LabProcess, event: string): Promise<string> =>
    JSON.parse((await receiver.waitForLine(new RegExp(`^"<.* spad \\d+ ${event} .*"$`)))[0]) as string;

  test('gets each line as RFC 5424, with what one may filter by', async () => {
    const receiver = await listen();
    configure({ audit: 'file, syslog', syslog_socket: join(spad.dir, 'log') });
    await spad.start();
    await knock();
    const message = await heard(receiver, 'granted');
    const name = (await server.run('hostname', [])).trim();
    const head = `<85>1 \\d{4}-\\d\\d-\\d\\dT[\\d:.]+Z ${name} spad ${String(spad.process.pid)} granted`;
    const parts = new RegExp(`^${head} (\\[spad@32473 [^\\]]*\\]) (.*)$`).exec(message);
    expect(parts?.[1]).toContain(` stanza="alice" format="native" source="${client.address4}"`);
    expect(JSON.parse(parts?.[2] ?? '')).toEqual(await spad.audit.waitFor({ event: 'granted' }));
    await receiver.stop();
  });

  test('that is away keeps nothing shut; it is told once, and gets every line once it is there', async () => {
    configure({ audit: 'syslog', syslog_socket: join(spad.dir, 'log') });
    await spad.start();
    await spad.process.waitForLine(/warning: the audit log does not reach syslog at .*: ENOENT; up to 1000 lines wait/);
    await knock();
    await opened();
    const { stdout } = await spad.exec('status', '-c', spad.confFile);
    expect(stdout).toMatch(/^audit log +syslog, does not take lines \(ENOENT\), \d+ lines wait$/m);
    const receiver = await listen();
    await heard(receiver, 'started');
    await heard(receiver, 'granted');
    await spad.process.waitForLine(/the audit log reaches syslog again; 0 lines of it were lost/);
    await receiver.stop('SIGKILL');
    await knock();
    await spad.process.waitForLine(/warning: the audit log does not reach syslog at .*: ECONNREFUSED/);
    const next = await listen();
    await heard(next, 'extended');
    expect(spad.process.output.match(/the audit log does not reach/g)).toHaveLength(2);
    // The file was not asked for.
    expect(spad.audit.entries()).toEqual([]);
    await next.stop();
  });

  test('that does not read keeps nothing shut', async () => {
    const receiver = await listen();
    receiver.kill('SIGSTOP');
    configure({ audit: 'syslog', syslog_socket: join(spad.dir, 'log') });
    await spad.start();
    const limit = Number(readFileSync('/proc/sys/net/unix/max_dgram_qlen', 'latin1'));
    for (let sent = 0; sent < 3; sent += 1)
      await spad.sendAll(
        client,
        Array.from({ length: limit }, () => alice.seal({ ports: 'tcp/22' })),
      );
    await opened();
    await waitUntil('lines to wait', async () =>
      /syslog, \d+ lines? wait/.test((await spad.exec('status', '-c', spad.confFile)).stdout),
    );
    receiver.kill('SIGCONT');
    await waitUntil('no line to wait', async () =>
      /^audit log +syslog$/m.test((await spad.exec('status', '-c', spad.confFile)).stdout),
    );
    await receiver.stop();
  });
});

describe('the journal', () => {
  const JOURNALD = '/lib/systemd/systemd-journald';

  test('has each line with its members, and can be asked by them', async () => {
    // journald looks for its own control group, and a network namespace has a /sys without any.
    const furnish = 'mount -t cgroup2 none /sys/fs/cgroup\nmkdir -p /run/systemd/journal /run/log/journal';
    const room = await Room.create(server, furnish);
    const journald = room.spawn(JOURNALD);
    await waitUntil(
      'a journal',
      async () => (await room.exec('test', ['-S', '/run/systemd/journal/socket'])).code === 0,
    );
    configure({ audit: 'journald, file' });
    await spad.start({ through: `exec ${room.prefix.join(' ')} "$@"` });
    await knock();
    const line = await spad.audit.waitFor({ event: 'granted' });
    // journalctl -o json, an object a line
    const entry = await waitFor('an entry of the journal', async () => {
      const asked = ['--no-pager', '--output=json', 'SYSLOG_IDENTIFIER=spad', 'SPAD_EVENT=granted'];
      const { stdout } = await room.exec('journalctl', asked);
      return stdout === '' ? undefined : (JSON.parse(stdout) as Readonly<Record<string, string>>);
    });
    expect(entry).toMatchObject({
      ...{ PRIORITY: '5', SYSLOG_FACILITY: '10', SPAD_STANZA: 'alice', SPAD_SOURCE: client.address4 },
      ...{ SPAD_PORTS: 'tcp/22', _PID: String(spad.process.pid), _TRANSPORT: 'journal' },
    });
    expect(JSON.parse(entry['MESSAGE'] ?? '')).toEqual(line);
    await journald.stop();
  });
});
