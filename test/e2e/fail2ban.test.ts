/** The filter for fail2ban, by fail2ban's own program, over what a daemon has written of real packets. */
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Host } from '../support/host.ts';
import { Keyholder } from '../support/keyholder.ts';
import { Lab } from '../support/lab.ts';
import { repositoryRoot } from '../support/paths.ts';
import { Spad } from '../support/spad.ts';

const alice = new Keyholder();

let lab: Lab;
let client: Host;
let victim: Host;
let server: Host;
let spad: Spad;

beforeAll(async () => {
  lab = await Lab.create({ hosts: ['client', 'victim', 'server'] });
  [client, victim, server] = [lab.host('client'), lab.host('victim'), lab.host('server')];
  spad = new Spad(lab, server);
  spad.configure({ access: { alice: { key: alice.base64, allow: 'tcp/22', open_for: '2m' } } });
  await spad.start();
});
afterAll(() => lab.close());

/** Sends from `host`, and waits for the line that this comes to. */
const send = async (host: Host, packet: Uint8Array, reason: string | undefined, family: 4 | 6 = 4): Promise<void> => {
  const mark = spad.audit.mark();
  await spad.send(host, packet, family);
  const source = family === 4 ? host.address4 : host.address6;
  await spad.audit.waitFor(
    reason === undefined ? { event: 'granted', source } : { event: 'rejected', reason, source },
    mark,
  );
};

/** The addresses that fail2ban would count, in their order. */
const counted = async (mode = 'sealed'): Promise<readonly string[]> => {
  const filter = `${join(repositoryRoot(), 'packaging/fail2ban/filter.d/spad.conf')}[mode=${mode}]`;
  const { stdout } = await server.exec('fail2ban-regex', ['--out=ip', spad.audit.path, filter]);
  return stdout.split('\n').filter((line) => line !== '');
};

test('counts what a client has asked for itself and may not have, of either family', async () => {
  await send(client, alice.seal({ ports: 'tcp/23', allow: client.address4 }), 'port-not-allowed');
  await send(client, alice.seal({ ports: 'tcp/23', allow: client.address6 }), 'port-not-allowed', 6);
  await send(client, alice.seal({ type: 'command', command: 'id', allow: client.address4 }), 'command-not-allowed');
  expect(await counted()).toEqual([client.address4, client.address6, client.address4]);
});

test('counts nothing that somebody without the key can have written about a victim', async () => {
  const before = await counted();
  const good = alice.seal({ ports: 'tcp/22', allow: client.address4 });
  await send(client, good, undefined);
  // Copies: from the victim, whose source an attacker may write, and from the client itself.
  await send(victim, good, 'replayed');
  await send(client, good, 'replayed');
  await send(victim, alice.seal({ ports: 'tcp/22', time: Date.now() - 600_000, allow: victim.address4 }), 'stale');
  // What was held back, and is sent on from elsewhere: the address that is sealed is not where it comes from, or there is none.
  await send(victim, alice.seal({ ports: 'tcp/23', allow: client.address4 }), 'port-not-allowed');
  await send(victim, alice.seal({ ports: 'tcp/23' }), 'port-not-allowed');
  expect(await counted()).toEqual(before);
  // The other mode says what it is.
  expect((await counted('any')).filter((address) => address === victim.address4)).toHaveLength(4);
});
