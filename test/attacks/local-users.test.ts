/** Somebody with a shell on the server, who is not root: keys to read, links to lay, a socket to speak to. */
import { chmodSync, chownSync, mkdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import type { Host } from '../support/host.ts';
import { Keyholder } from '../support/keyholder.ts';
import { Lab } from '../support/lab.ts';
import type { ExecResult } from '../support/lab-process.ts';
import { Spad } from '../support/spad.ts';

const NOBODY = 65_534;
const alice = new Keyholder();

let lab: Lab;
let server: Host;
let spad: Spad;
let runs = 0;

beforeAll(async () => {
  lab = await Lab.create({ hosts: ['server'] });
  server = lab.host('server');
});
afterAll(() => lab.close());
beforeEach(() => {
  runs += 1;
  spad = new Spad(lab, server, `run${runs}`);
  spad.configure({ access: { alice: { key: alice.base64, allow: 'tcp/22' } } });
});

/** Starts the daemon, which ends by itself, and gives what it said. */
async function expectRefusal(...args: readonly string[]): Promise<ExecResult> {
  const ended = await spad.exec(...(args.length === 0 ? ['-c', spad.confFile] : args));
  expect(ended.code, ended.stderr).toBe(1);
  return ended;
}

const asNobody = (script: string): Promise<ExecResult> =>
  server.exec('setpriv', ['--reuid', String(NOBODY), '--regid', String(NOBODY), '--clear-groups', 'sh', '-c', script]);

test.each(['0644', '0620'])('A22 native: keys in files of mode %s are refused at the start', async (mode) => {
  chmodSync(spad.confFile, Number.parseInt(mode, 8));
  expect((await expectRefusal()).stderr).toContain(`chmod 600 ${spad.confFile}`);
  chmodSync(spad.confFile, 0o600);
  const keyFile = join(spad.dir, 'alice.key');
  writeFileSync(keyFile, `${alice.base64}\n`);
  chmodSync(keyFile, Number.parseInt(mode, 8));
  spad.configure({ access: { alice: { key_file: keyFile, allow: 'tcp/22' } } });
  expect((await expectRefusal()).stderr).toContain(`chmod 600 ${keyFile}`);
});

test.each(['0644', '0620'])('A22 fwknop: an access.conf of mode %s is refused at the start', async (mode) => {
  const file = join(spad.dir, 'access.conf');
  writeFileSync(file, 'SOURCE ANY\nKEY one\nHMAC_KEY two\nOPEN_PORTS tcp/22\n');
  chmodSync(file, Number.parseInt(mode, 8));
  const apart = ['--state-dir', spad.stateDir, '--audit-log', spad.audit.path];
  expect((await expectRefusal('--fwknop-access', file, ...apart)).stderr).toContain(`chmod 600 ${file}`);
});

test('A22 fwknop: an access.conf that is a link to somebody else’s is refused', async () => {
  const [theirs, link] = [join(spad.dir, 'theirs.conf'), join(spad.dir, 'link.conf')];
  writeFileSync(theirs, 'SOURCE ANY\nKEY one\nHMAC_KEY two\nOPEN_PORTS tcp/22\n', { mode: 0o600 });
  chownSync(theirs, NOBODY, NOBODY);
  symlinkSync(theirs, link);
  const apart = ['--state-dir', spad.stateDir, '--audit-log', spad.audit.path];
  const refusal = async (file: string): Promise<string> =>
    (await expectRefusal('--fwknop-access', file, ...apart)).stderr;
  expect(await refusal(theirs)).toContain(`belongs to uid ${NOBODY}`);
  expect(await refusal(link)).toMatch(/is a symbolic link|belongs to uid 65534/);
});

test('A22 native: a file of keys that is somebody else’s, or a link to one, is refused', async () => {
  const theirs = join(spad.dir, 'theirs.key');
  writeFileSync(theirs, `${alice.base64}\n`, { mode: 0o600 });
  chownSync(theirs, NOBODY, NOBODY);
  const link = join(spad.dir, 'link.key');
  symlinkSync(theirs, link);
  for (const [keyFile, words] of [
    [theirs, `belongs to uid ${NOBODY}`],
    [link, 'is a symbolic link'],
  ] as const) {
    spad.configure({ access: { alice: { key_file: keyFile, allow: 'tcp/22' } } });
    expect((await expectRefusal()).stderr).toContain(words);
  }
});

test.each([
  ['writable by all', 0o777, 0, /can be written by others \(mode 0777\).* chmod 700 /],
  ['writable by all, sticky', 0o1777, 0, /can be written by others \(mode 1777\).* chmod 700 /],
  ['writable by its group', 0o770, 0, /can be written by others \(mode 0770\).* chmod 700 /],
  ['somebody else’s', 0o700, NOBODY, /belongs to uid 65534.* chown 0 /],
])(
  'A22 both: a state folder that is %s, with links for files, is refused; nothing is written',
  async (_, mode, owner, words) => {
    mkdirSync(spad.stateDir);
    const victim = join(spad.dir, 'victim');
    writeFileSync(victim, 'precious\n');
    for (const name of ['replay.journal', 'replay.journal.new', 'grants.log', 'grants.log.new'])
      symlinkSync(victim, join(spad.stateDir, name));
    chmodSync(spad.stateDir, mode);
    chownSync(spad.stateDir, owner, owner);
    expect((await expectRefusal()).stderr).toMatch(words);
    expect(readFileSync(victim, 'utf8')).toBe('precious\n');
  },
);

test('A22 both: the state and its control socket are root’s alone, and another user gets neither', async () => {
  await spad.start();
  const socket = join(spad.stateDir, 'control.sock');
  expect(statSync(spad.stateDir).mode & 0o777).toBe(0o700);
  for (const name of ['control.sock', 'replay.journal', 'grants.log'])
    expect([name, statSync(join(spad.stateDir, name)).mode & 0o077]).toEqual([name, 0]);
  // Even where the folders above may be entered.
  for (const folder of [lab.dir, spad.dir, spad.stateDir]) chmodSync(folder, 0o755);
  const connect = `import socket; socket.socket(socket.AF_UNIX).connect('${socket}')`;
  const tried = await asNobody(`python3 -c "${connect}"`);
  expect(tried.stderr).toContain('Permission denied');
  expect((await asNobody(`cat ${join(spad.stateDir, 'replay.journal')}`)).stderr).toContain('Permission denied');
  expect((await asNobody(`cat ${spad.confFile}`)).stderr).toContain('Permission denied');
  expect((await server.exec('python3', ['-c', connect])).code).toBe(0);
  await spad.stop();
});
