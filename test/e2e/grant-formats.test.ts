/** Grants of all formats, at one address and port: each its own, extended and never doubled, ended and closed alone. */
import { appendFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { FwknopHolder } from '../support/fwknop-holder.ts';
import { kernelGrants } from '../support/grant-list.ts';
import type { Host } from '../support/host.ts';
import { Keyholder } from '../support/keyholder.ts';
import { Lab } from '../support/lab.ts';
import { builtFile } from '../support/paths.ts';
import { openConnection, startTcpService } from '../support/probe.ts';
import { Spad } from '../support/spad.ts';
import { waitUntil } from '../support/wait.ts';

const alice = new Keyholder();
const carol = new FwknopHolder();

let lab: Lab;
let client: Host;
let server: Host;
let spad: Spad;

beforeAll(async () => {
  lab = await Lab.create({ hosts: ['client', 'server'] });
  [client, server] = [lab.host('client'), lab.host('server')];
  await startTcpService(server, [22, 8001]);
  spad = new Spad(lab, server);
  spad.configure({
    daemon: { guard: 'tcp/22, tcp/8001' },
    access: {
      alice: { key: alice.base64, allow: 'tcp/22' },
      carol: {
        ...{ format: 'fwknop', key_base64: carol.keyBase64, hmac_key_base64: carol.hmacKeyBase64 },
        ...{ allow: 'tcp/22, tcp/8001', while_connected: 'yes', drop_on_expiry: 'yes', max_open_for: '1h' },
      },
    },
  });
  const door = 'sequence = 7000:udp,7001:udp\nopen = tcp/22\nopen_for = 12s\n';
  const lasting =
    'sequence = 7100:udp,7101:udp\nopen = tcp/8001\nopen_for = 3s\nwhile_connected = yes\ndrop_on_expiry = yes\n';
  appendFileSync(spad.confFile, `[door front]\n${door}[door side]\n${lasting}`);
  const child = await spad.start();
  await child.waitForLine(/^spad: doors: 2 doors on any/);
  // A first start refuses what is older than itself, and the time in a packet of fwknop's is a whole second.
  await sleep(1000);
});
afterAll(() => lab.close());

const native = (wish: object): Promise<void> => spad.send(client, alice.seal({ ports: 'tcp/22', ...wish }));
const fwknop = (wish: object): Promise<void> => spad.send(client, carol.seal(wish));
const knock = async (...ports: string[]): Promise<void> => {
  await client.run(process.execPath, [builtFile('test/support/knock.js'), server.address4, ...ports]);
};

/** Does something and waits for the line about it. */
async function then(act: Promise<void>, event: string, stanza: string): Promise<void> {
  const mark = spad.audit.mark();
  await act;
  await spad.audit.waitFor({ event, stanza }, mark);
}

/** Milliseconds for which tcp/22 is open yet; undefined where it is not. There is one element for it at most. */
async function left(): Promise<number | undefined> {
  const all = (await kernelGrants(server)).filter(({ what }) => what === `${client.address4} tcp/22`);
  expect(all.length).toBeLessThanOrEqual(1);
  return all[0]?.expires;
}

test('each is extended when it is asked for again, and never doubled', async () => {
  await then(native({ openFor: 20 }), 'granted', 'alice');
  await then(native({ openFor: 40 }), 'extended', 'alice');
  expect(await left()).toBeGreaterThan(30_000);
  await then(fwknop({ type: 'timeout-access', timeout: 60 }), 'granted', 'carol');
  await then(fwknop({ type: 'timeout-access', timeout: 80 }), 'extended', 'carol');
  expect(await left()).toBeGreaterThan(70_000);
  await then(knock('7000:udp', '7001:udp'), 'granted', 'front');
  await then(knock('7000:udp', '7001:udp'), 'extended', 'front');
  // The shorter wish does not shorten what others hold.
  expect(await left()).toBeGreaterThan(60_000);
});

test('closing ends one’s own alone, and the others go on as long as they would have', async () => {
  await then(native({ type: 'close' }), 'closed', 'alice');
  expect(await left()).toBeGreaterThan(50_000);
  await then(native({ type: 'close' }), 'rejected', 'alice');
  const mark = spad.audit.mark();
  await spad.audit.waitFor({ event: 'expired', stanza: 'front' }, mark);
  expect(await left()).toBeGreaterThan(30_000);
});

test('doors and clients of fwknop can have grants that last while they are used, and that cut', async () => {
  const mark = spad.audit.mark();
  await then(knock('7100:udp', '7101:udp'), 'granted', 'side');
  const connection = await openConnection(client, server.address4, 8001);
  await spad.audit.waitFor({ event: 'extended', stanza: 'side', reason: 'connected' }, mark);
  await then(fwknop({ type: 'timeout-access', timeout: 2, ports: 'tcp/8001' }), 'granted', 'carol');
  await spad.audit.waitFor({ event: 'extended', stanza: 'carol', reason: 'connected', ports: ['tcp/8001'] }, mark);
  await connection.stop('SIGTERM', 5000);
  await waitUntil(
    'both to end',
    () =>
      Promise.resolve(
        ['side', 'carol'].every(
          (stanza) => spad.audit.all({ event: 'expired', stanza, ports: ['tcp/8001'] }, mark).length === 1,
        ),
      ),
    30_000,
  );
  const strict = await server.run('nft', ['list', 'set', 'inet', 'spad', 'strict4']);
  expect(strict).toContain(`${client.address4} . tcp . 8001 timeout 5d`);
});
