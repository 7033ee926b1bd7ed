/** The daemon speaks to its service manager, which a socket of the real kind plays. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Keyholder } from '../support/keyholder.ts';
import { Lab } from '../support/lab.ts';
import type { LabProcess } from '../support/lab-process.ts';
import { Spad } from '../support/spad.ts';
import { waitUntil } from '../support/wait.ts';

/** Prints each datagram as a line, with the process id of its sender (unix(7), SCM_CREDENTIALS), and when it came. */
const MANAGER = `
import socket, struct, sys, time
name = sys.argv[1]
manager = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
manager.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
manager.bind("\\0" + name[1:] if name.startswith("@") else name)
print("listening", flush=True)
while True:
    data, extra, _, _ = manager.recvmsg(4096, 256)
    pid = struct.unpack("iII", extra[0][2])[0]
    print(pid, int(time.monotonic() * 1000), repr(data.decode()), flush=True)
`;

let lab: Lab;
beforeAll(async () => {
  lab = await Lab.create({ hosts: ['server'] });
});
afterAll(() => lab.close());

const manage = async (socket: string): Promise<LabProcess> => {
  const manager = lab.host('server').spawn('python3', ['-c', MANAGER, socket]);
  await manager.waitForLine(/^listening$/);
  return manager;
};

const newSpad = (name: string): Spad => {
  const spad = new Spad(lab, lab.host('server'), name);
  spad.configure({ access: { alice: { key: new Keyholder().base64, allow: 'tcp/22' } } });
  return spad;
};

test.each([
  ['a path', (): string => join(lab.dir, 'notify')],
  ['an abstract name', (): string => `@${lab.dir}/notify`],
])('ready, reloading, stopping, to %s', async (kind, at) => {
  const socket = at();
  const manager = await manage(socket);
  const spad = newSpad(kind.replaceAll(' ', '-'));
  const daemon = await spad.start({ env: { NOTIFY_SOCKET: socket } });
  const [, sender] = await manager.waitForLine(/^(\d+) \d+ 'READY=1\\nSTATUS=capturing on any \([^)]+\)\\n'$/);
  expect(Number(sender)).toBe(daemon.pid);
  // The receiver and the commands of doors must not be taken for the service.
  expect(readFileSync(`/proc/${String(await spad.receiverPid())}/environ`, 'latin1')).not.toContain('NOTIFY');

  await spad.reload();
  const reloading = await manager.waitForLine(/'RELOADING=1\\nMONOTONIC_USEC=(\d+)\\n/);
  // systemd takes READY as the answer to its own reload only where this is later than that.
  expect(
    Math.abs(Number(reloading[1]) / 1e6 - Number(readFileSync('/proc/uptime', 'latin1').split(' ')[0])),
  ).toBeLessThan(60);
  await manager.waitForLine(/'READY=1\\nSTATUS=\S+ read again: 1 client\\n'/);

  writeFileSync(spad.confFile, '[spad]\nnonsense = 1\n', { mode: 0o600 });
  spad.process.kill('SIGHUP');
  await manager.waitForLine(/'READY=1\\nSTATUS=\S+ has errors; the old policy stands\\n'/);

  expect((await spad.stop()).code).toBe(0);
  await manager.waitForLine(/'STOPPING=1\\n/);
  expect(manager.output).not.toContain('WATCHDOG');
});

test('a watchdog hears that the event loop turns, and no more once it stands still', async () => {
  const socket = join(lab.dir, 'watchdog');
  const manager = await manage(socket);
  const spad = newSpad('watched');
  const daemon = await spad.start({ env: { NOTIFY_SOCKET: socket, WATCHDOG_USEC: '400000' } });
  const beats = (): number[] =>
    [...manager.stdout.matchAll(/^\d+ (\d+) 'WATCHDOG=1\\n'$/gm)].map(([, time]) => Number(time));
  await waitUntil('ten beats', () => beats().length >= 10);
  const times = beats();
  const mean = ((times.at(-1) ?? 0) - (times[0] ?? 0)) / (times.length - 1);
  expect(mean).toBeGreaterThan(190);
  expect(mean).toBeLessThan(400);
  daemon.kill('SIGSTOP');
  await new Promise((resolve) => setTimeout(resolve, 300));
  const before = beats().length;
  await new Promise((resolve) => setTimeout(resolve, 1000));
  expect(beats()).toHaveLength(before);
  daemon.kill('SIGCONT');
  await waitUntil('another beat', () => beats().length > before);
  await spad.stop();
});

test('nobody listens, or the name is none: the daemon works all the same', async () => {
  const deaf = newSpad('deaf');
  await deaf.start({ env: { NOTIFY_SOCKET: join(lab.dir, 'nobody') } });
  await deaf.stop();
  const strange = newSpad('strange');
  const daemon = await strange.start({ env: { NOTIFY_SOCKET: 'vsock:2:1234' } });
  expect(daemon.stderr).toContain('NOTIFY_SOCKET is "vsock:2:1234"');
  await strange.stop();
});
