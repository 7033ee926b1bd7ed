/** The daemon holds keys: no core dump of it is written, however it dies and whatever limits allow. */
import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Keyholder } from '../support/keyholder.ts';
import { Lab } from '../support/lab.ts';
import { Spad } from '../support/spad.ts';
import { waitFor, waitUntil } from '../support/wait.ts';

let lab: Lab;
beforeAll(async () => {
  lab = await Lab.create({ hosts: ['server'] });
});
afterAll(() => lab.close());

const folderOf = (name: string): string => {
  const folder = join(lab.dir, name);
  mkdirSync(folder);
  return folder;
};
const dumping = (folder: string): string => `cd ${folder}; ulimit -c unlimited; exec "$@"`;
const coresIn = (folder: string): string[] => readdirSync(folder).filter((name) => name.startsWith('core'));
const isGone = (pid: number): boolean => {
  try {
    return /^State:\tZ/m.test(readFileSync(`/proc/${String(pid)}/status`, 'latin1'));
  } catch {
    return true;
  }
};

test('any other process of Node leaves one here, so that the next test can fail', async () => {
  // Where the kernel gives them to a program instead (core(5)), there is none to be seen here, nor below.
  const pattern = readFileSync('/proc/sys/kernel/core_pattern', 'latin1');
  const folder = folderOf('other');
  const words = ['sh', process.execPath, '-e', 'console.log("up"); setInterval(() => 0, 1000)'];
  const other = lab.host('server').spawn('sh', ['-c', dumping(folder), ...words]);
  await other.waitForLine(/^up$/);
  await other.stop('SIGSEGV');
  expect(coresIn(folder)).toHaveLength(pattern.startsWith('core') ? 1 : 0);
});

test.each(['SIGSEGV', 'SIGABRT'] as const)('the authorizer leaves none (%s)', async (signal) => {
  const folder = folderOf(signal);
  const spad = new Spad(lab, lab.host('server'), `spad-${signal}`);
  spad.configure({ access: { alice: { key: new Keyholder().base64, allow: 'tcp/22' } } });
  const { pid } = await spad.start({ through: dumping(folder) });
  expect(readFileSync(`/proc/${String(pid)}/limits`, 'latin1')).toMatch(/^Max core file size +unlimited/m);
  process.kill(pid, signal);
  await waitUntil('it to be gone', () => isGone(pid));
  expect(coresIn(folder)).toEqual([]);
});

test('nor does a receiver', async () => {
  const folder = folderOf('receiver');
  const spad = new Spad(lab, lab.host('server'), 'spad-receiver');
  spad.configure({ access: { alice: { key: new Keyholder().base64, allow: 'tcp/22' } } });
  await spad.start({ through: dumping(folder) });
  const before = readdirSync('/');
  const receiver = await spad.receiverPid();
  process.kill(receiver, 'SIGSEGV');
  await waitFor('another one', async () => ((await spad.receiverPid()) === receiver ? undefined : true));
  expect([...coresIn(folder), ...readdirSync('/').filter((name) => !before.includes(name))]).toEqual([]);
  await spad.stop();
});
