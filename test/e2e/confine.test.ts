/** What the kernel refuses the receiver, tried on it by a process of the same make: in every thread, and what it needs goes on. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { builtFile } from '../support/paths.ts';

/** As root, whom file modes and owners stop nowhere: what is refused here is refused by the filter. */
const PROBE = `
import { spawnSync } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import * as fs from 'node:fs';
import { createServer } from 'node:net';
import { Worker } from 'node:worker_threads';

const [, , module, mode, folder] = process.argv;
const { prepareConfinement } = await import(module);
const confine = await prepareConfinement();
const udp = createSocket('udp4');
udp.bind(0, '127.0.0.1');
await once(udp, 'listening');
// So that the pool's threads are there before.
await fs.promises.stat('/');
if (mode === 'confined') confine();

const found = {};
const attempt = async (name, what) => {
  try {
    found[name] = (await what()) ?? 'done';
  } catch (error) {
    found[name] = error.code ?? error.message;
  }
};
const at = (name) => folder + '/' + name;
await attempt('start a program', () => spawnSync('/bin/true').error?.code);
await attempt('signal another process', () => void process.kill(1, 0));
await attempt('open to write', () => fs.closeSync(fs.openSync(at('there'), 'r+')));
await attempt('open to append', () => fs.closeSync(fs.openSync(at('there'), 'a')));
await attempt('make a file', () => fs.writeFileSync(at('a'), 'a'));
await attempt('make a file, in the pool', () => fs.promises.writeFile(at('b'), 'b'));
await attempt('make a folder, in the pool', () => fs.promises.mkdir(at('c')));
await attempt('delete', () => fs.unlinkSync(at('there')));
await attempt('rename', () => fs.renameSync(at('there'), at('d')));
await attempt('link', () => fs.symlinkSync('/', at('e')));
await attempt('change a mode', () => fs.chmodSync(at('there'), 0o777));
await attempt('cut', () => fs.truncateSync(at('there')));
await attempt('listen', async () => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  server.close();
});
await attempt('another socket', async () => {
  const other = createSocket('udp4');
  other.bind(0, '127.0.0.1');
  await once(other, 'listening');
  other.close();
});
await attempt('make a file, in a thread begun later', async () => {
  const worker = new Worker("require('fs').writeFileSync(require('worker_threads').workerData, 'f')", {
    eval: true,
    workerData: at('f'),
  });
  const [error] = await Promise.race([once(worker, 'error'), once(worker, 'exit').then(() => [undefined])]);
  if (error) throw error;
});
await attempt('read', () => void fs.readFileSync('/etc/passwd'));
await attempt('send and receive', async () => {
  udp.send('x', udp.address().port, '127.0.0.1');
  await once(udp, 'message');
});
await attempt('write to a pipe', () => void fs.writeSync(2, ''));
fs.writeSync(1, JSON.stringify(found));
process.exit();
`;

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'spad-confine-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

const probe = (mode: 'confined' | 'free'): Readonly<Record<string, string>> => {
  const place = mkdtempSync(join(folder, `${mode}-`));
  writeFileSync(join(place, 'there'), 'there');
  const script = join(folder, 'probe.mjs');
  writeFileSync(script, PROBE);
  const module = pathToFileURL(builtFile('server/receiver/confine.js')).href;
  const { status, stdout, stderr } = spawnSync(process.execPath, [script, module, mode, place], { encoding: 'utf8' });
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  if (mode === 'confined') expect(readdirSync(place)).toEqual(['there']);
  return JSON.parse(stdout) as Record<string, string>;
};

const NEEDED = ['read', 'send and receive', 'write to a pipe'];
const OPENS = ['open to write', 'open to append', 'make a file', 'make a file, in the pool', 'cut'];

test('confined, it can start, write, signal and open nothing, in any thread; what it needs goes on', () => {
  const found = probe('confined');
  for (const name of NEEDED) expect(found[name], name).toBe('done');
  for (const name of OPENS) expect(found[name], name).toBe('EACCES');
  expect(found['make a file, in a thread begun later']).toBe('EACCES');
  const others = Object.keys(found).filter(
    (name) => !NEEDED.includes(name) && !OPENS.includes(name) && !name.endsWith('later'),
  );
  expect(others).toHaveLength(9);
  for (const name of others) expect(found[name], name).toBe('EPERM');
});

test('the same process can all of it before', () => {
  const found = probe('free');
  // Deleted before it is renamed: the rest of the order stands.
  const gone = ['rename', 'change a mode', 'cut'];
  for (const name of Object.keys(found)) expect(found[name], name).toBe(gone.includes(name) ? 'ENOENT' : 'done');
});
