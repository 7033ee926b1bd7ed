/**
 * From nothing to a shell, as somebody does it the first time: two fresh Debians, the package, one invite, ssh. What is typed and
 * what comes back is docs/session.md; `UPDATE_DOCS=1` writes it anew.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { buildDeb } from '../support/deb.ts';
import { DebianRoot } from '../support/debian-root.ts';
import type { Host } from '../support/host.ts';
import { Lab } from '../support/lab.ts';
import { repositoryRoot } from '../support/paths.ts';
import { commandsOf, Recorder } from '../support/recorder.ts';
import { SshServer } from '../support/ssh.ts';
import { waitUntil } from '../support/wait.ts';

const PAGE = join(repositoryRoot(), 'docs/session.md');
const NAME = 'gw1.example.net';

let lab: Lab;
let server: Host;
let laptop: Host;
let serverRoot: DebianRoot;
let laptopRoot: DebianRoot;
let deb = '';

beforeAll(async () => {
  lab = await Lab.create({ hosts: ['server', 'laptop', 'stranger'] });
  [server, laptop] = [lab.host('server'), lab.host('laptop')];
  serverRoot = await DebianRoot.create(lab, server);
  // A laptop has ssh.
  laptopRoot = await DebianRoot.create(lab, laptop, true);
  deb = buildDeb(lab.dir);
  await serverRoot.bring(deb);
  await laptopRoot.bring(deb);
  const ssh = await SshServer.start(lab, server, [22]);
  await furnishLaptop(ssh.userKey);
}, 180_000);
afterAll(() => lab.close());

/** A user with a key that the server's sshd knows, and a name for the server. */
const furnishLaptop = async (key: string): Promise<void> => {
  await laptopRoot.bring(key);
  const config = `Host *\n  User root\n  StrictHostKeyChecking accept-new\n  LogLevel ERROR\n`;
  await laptopRoot.run('sh', [
    '-c',
    [
      `useradd --create-home --uid 4321 alice`,
      `echo '${server.address4} ${NAME}' >> /etc/hosts`,
      `mkdir -m 700 /home/alice/.ssh`,
      `mv /tmp/${basename(key)} /home/alice/.ssh/id_ed25519`,
      `printf '%s' '${config}' > /home/alice/.ssh/config`,
      `chmod 600 /home/alice/.ssh/*`,
      `chown -R alice /home/alice/.ssh`,
    ].join(' && '),
  ]);
};

const onServer = async (command: string): Promise<string> => {
  const { code, stdout, stderr } = await serverRoot.exec('sh', ['-c', `cd /tmp && ${command}`], { timeoutMs: 120_000 });
  expect(code, `${command}\n${stdout}${stderr}`).toBe(0);
  return stdout + stderr;
};

const AS_ALICE = ['--reuid', 'alice', '--regid', 'alice', '--init-groups', 'env', 'HOME=/home/alice/', 'USER=alice'];

/** As alice; both streams, and the code where it is not 0. */
const onLaptop = async (command: string, input = ''): Promise<{ readonly code: number; readonly text: string }> => {
  const words = [...AS_ALICE, 'sh', '-c', `cd /home/alice/ && ${command}`];
  const { code, stdout, stderr } = await laptopRoot.exec('setpriv', words, { input, timeoutMs: 120_000 });
  return { code, text: stdout + stderr };
};

const asAlice = async (command: string, input?: string): Promise<string> => {
  const { code, text } = await onLaptop(command, input);
  expect(code, `${command}\n${text}`).toBe(0);
  return text;
};

/** Answers questions as they come, on a terminal. */
const interview = async (command: string, answers: readonly (readonly [RegExp, string])[]): Promise<string> => {
  const child = serverRoot.spawn('script', ['-qec', command, '/dev/null']);
  for (const [question, answer] of answers) {
    await waitUntil(String(question), () => question.test(child.stdout));
    child.write(`${answer}\n`);
  }
  const { code } = await child.exited;
  expect([0, 3], child.stdout).toContain(code);
  return child.stdout;
};

const WITHOUT = 'ssh -o ProxyCommand=none -o ConnectTimeout=3';

test('from nothing to a shell, and out again', async () => {
  const record = new Recorder();
  const install = `apt-get -q install -y ./${basename(deb)}`;
  const installed = await record.step('Install on the server', 'server#', install, () => onServer(install));
  expect(installed).toContain('"spad init" writes a configuration');

  const init = `spad init --name gw1 --host ${NAME}`;
  const said = await record.step('Three questions', 'server#', init, () =>
    interview(init, [
      [/come in on [^\n]*: $/, ''],
      [/commas between[^\n]*: $/, 'tcp/22'],
      [/first client[^\n]*: $/, 'alice'],
    ]),
  );
  const line = /^spa1-\S+/m.exec(said)?.[0] ?? expect.fail(said);
  const daemon = serverRoot.spawn('spad');
  await record.step('Start', 'server#', 'spad &', async () => {
    await daemon.waitForLine(/^spad: ready\b/, 30_000);
    return daemon.stdout + daemon.stderr;
  });

  await record.step('Install on the laptop', 'laptop#', install, async () => {
    const { code, stdout, stderr } = await laptopRoot.exec('sh', ['-c', `cd /tmp && ${install}`], {
      timeoutMs: 120_000,
    });
    expect(code, stdout + stderr).toBe(0);
    return stdout + stderr;
  });
  const shut = await record.step('Nobody is at home', 'laptop$', `${WITHOUT} ${NAME}`, async () => {
    const { code, text } = await onLaptop(`${WITHOUT} ${NAME}`);
    expect(code).toBe(255);
    return text;
  });
  expect(shut).toContain('timed out');
  const joined = await record.step('Join', 'laptop$', 'spa-client join -', async () => {
    const text = await asAlice('spa-client join -', `${line}\n`);
    return `${line}\n${text}`;
  });
  expect(joined).toContain('ready: ');
  // So that the shell is opened by the proxy command, and not by what join has opened to try the profile.
  await onServer('spad revoke alice');
  const written = await record.step('For ssh to ask by itself', 'laptop$', 'spa-client install-ssh gw1', () =>
    asAlice('spa-client install-ssh gw1'),
  );
  expect(written).toContain('"ssh gw1" opens the port by itself');
  const hello = `ssh gw1 'echo this is a shell of $(whoami), by way of \${SSH_CONNECTION}'`;
  const shell = await record.step('A shell', 'laptop$', hello, () => asAlice(hello));
  expect(shell).toContain(`this is a shell of root, by way of ${laptop.address4} `);
  expect(shell).toContain(` ${server.address4} 22`);
  const toShell = record.seconds;

  const watched = await record.step('Who is in', 'server#', 'spad watch --once', () => onServer('spad watch --once'));
  expect(watched).toMatch(new RegExp(`alice +${laptop.address4.replaceAll('.', '\\.')} +tcp/22`));
  const gone = await record.step('Out again', 'server#', 'spad revoke alice', () => onServer('spad revoke alice'));
  expect(gone).toContain('1 grant revoked');
  const after = await record.step('Nobody is at home again', 'laptop$', `${WITHOUT} ${NAME}`, async () => {
    const { code, text } = await onLaptop(`${WITHOUT} ${NAME}`);
    expect(code).toBe(255);
    return text;
  });
  expect(after).toContain('timed out');
  expect((await daemon.stop()).code).toBe(0);

  const text = pageOf(record, toShell);
  if (process.env['UPDATE_DOCS'] === '1') writeFileSync(PAGE, text);
  expect(commandsOf(readFileSync(PAGE, 'utf8')), 'UPDATE_DOCS=1 writes the page anew').toEqual(commandsOf(text));
}, 400_000);

const pageOf = (record: Recorder, toShell: number): string => `# From nothing to a shell

A recorded session, made by \`test/e2e/session.test.ts\`, which runs it anew whenever the tests do: two fresh Debians in network namespaces, the package, a real sshd, and nothing
else that was prepared but alice's ssh key and three lines of \`~/.ssh/config\`:

    Host *
        User root
        StrictHostKeyChecking accept-new

**${(toShell / 60).toFixed(1)} minutes (${toShell.toFixed(0)} s) of machine time from zero to a shell**, of which the two installations take most; what a person takes to read and type comes on top.
A key here opens nothing: the server is gone. With systemd the third step is \`systemctl enable --now spad\`.

${record.page()}`;
