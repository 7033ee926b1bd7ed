/**
 * Established connections where nothing had tracked connections before the guard: the kernel takes their next packet for
 * the first of a new one, unless it has been told of them. The client has the first word, for the server's would be enough.
 */
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import type { Host } from '../support/host.ts';
import { Keyholder } from '../support/keyholder.ts';
import { Lab } from '../support/lab.ts';
import type { LabProcess } from '../support/lab-process.ts';
import { openConnection, startTcpService, tcpState } from '../support/probe.ts';
import { Spad } from '../support/spad.ts';

const alice = new Keyholder();

let lab: Lab;
let client: Host;
let server: Host;
let spad: Spad;

beforeAll(async () => {
  lab = await Lab.create({ hosts: ['client', 'server'] });
  [client, server] = [lab.host('client'), lab.host('server')];
  await startTcpService(server, [22, 8005]);
  spad = new Spad(lab, server);
  spad.configure({
    daemon: { guard: 'tcp/22, tcp/8000-8010' },
    access: { alice: { key: alice.base64, allow: 'tcp/22' } },
  });
});
afterAll(() => lab.close());
afterEach(async () => {
  await spad.stop();
  await spad.exec('flush');
});

/** Whether the connection answers what is said in it. */
async function echoes(connection: LabProcess, word: string): Promise<boolean> {
  const mark = connection.mark();
  connection.write(`${word}\n`);
  return connection.waitForLine(new RegExp(`^${word}$`), 4000, mark).then(
    () => true,
    () => false,
  );
}

test.each(['address4', 'address6'] as const)('go on when the guard goes up, %s', async (family) => {
  const connections = [
    await openConnection(client, server[family], 22),
    await openConnection(client, server[family], 8005),
  ];
  await spad.start();
  for (const connection of connections) expect(await echoes(connection, 'started')).toBe(true);
  expect(await tcpState(client, server[family], 22)).toBe('filtered');
  for (const connection of connections) await connection.stop();
});

test('go on when a reload guards their port', async () => {
  const conf = { access: { alice: { key: alice.base64, allow: 'tcp/22' } } };
  spad.configure({ ...conf, daemon: { guard: 'tcp/443' } });
  await spad.start();
  const connection = await openConnection(client, server.address4, 22);
  spad.configure({ ...conf, daemon: { guard: 'tcp/22, tcp/8000-8010' } });
  await spad.reload();
  expect(await echoes(connection, 'reloaded')).toBe(true);
  expect(await tcpState(client, server.address4, 22)).toBe('filtered');
  await connection.stop();
});

test('go on that were made while somebody had flushed the guard', async () => {
  await spad.start();
  const mark = spad.audit.mark();
  // It sleeps meanwhile, or the guard might be back before the connection is there.
  spad.process.kill('SIGSTOP');
  await server.run('nft', ['flush', 'ruleset']);
  const connection = await openConnection(client, server.address4, 22);
  spad.process.kill('SIGCONT');
  await spad.audit.waitFor({ event: 'repaired' }, mark);
  expect(await echoes(connection, 'repaired')).toBe(true);
  await connection.stop();
});

/** Connects, says a word when told to, breaks the connection off, and connects again from the same port. */
const TWICE = `import socket, struct, sys
def fresh(port):
    s = socket.socket(); s.settimeout(2)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    s.bind(("", port))
    return s
s = fresh(0); s.connect((sys.argv[1], 22)); port = s.getsockname()[1]
print("open", flush=True)
sys.stdin.readline()
s.recv(100); s.sendall(b"word\\n"); print(s.recv(100).decode().strip(), flush=True)
s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0)); s.close()
try: fresh(port).connect((sys.argv[1], 22)); print("let in")
except TimeoutError: print("filtered")
`;

test('once they are over, one from the same port needs a grant as any other', async () => {
  const child = client.spawn('python3', ['-c', TWICE, server.address4]);
  await child.waitForLine(/^open$/);
  await spad.start();
  child.write('\n');
  await child.waitForLine(/^word$/);
  expect((await child.waitForLine(/^let in$|^filtered$/))[0]).toBe('filtered');
});
