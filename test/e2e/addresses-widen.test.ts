/** `widen_ipv6 = 64`: a privacy address may change within its /64, nobody outside is let in, and narrower grants are left alone. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Host } from '../support/host.ts';
import { Keyholder } from '../support/keyholder.ts';
import { Lab } from '../support/lab.ts';
import { builtFile } from '../support/paths.ts';
import { startTcpService } from '../support/probe.ts';
import { SpaClient } from '../support/spa-client.ts';
import { Spad } from '../support/spad.ts';

const [wide, narrow] = [new Keyholder(), new Keyholder()];

describe.each(['nftables', 'iptables', 'ipset'] as const)('%s', (firewall) => {
  let lab: Lab;
  let client: Host;
  let server: Host;
  let outside: Host;
  let spad: Spad;
  let alice: SpaClient;
  let bob: SpaClient;

  beforeAll(async () => {
    lab = await Lab.create({ hosts: ['client', 'server'] });
    [client, server] = [lab.host('client'), lab.host('server')];
    outside = await lab.addBehind(client, 'outside');
    await server.run('ip', ['-6', 'route', 'add', `${outside.address6}/64`, 'via', client.address6]);
    // The address of today, and that of tomorrow.
    await client.run('ip', ['addr', 'add', 'fd99::a:b:c:d/64', 'dev', 'eth0', 'nodad']);
    spad = new Spad(lab, server);
    spad.configure({
      daemon: { firewall, guard: 'tcp/22, tcp/8000-8010' },
      access: {
        alice: { key: wide.base64, allow: 'tcp/22, tcp/8000-8010', widen_ipv6: '64' },
        bob: { key: narrow.base64, allow: 'tcp/22, tcp/8000-8010' },
      },
    });
    await spad.start();
    await startTcpService(server, [22, 8005]);
    [alice, bob] = [new SpaClient(lab, client, wide, 'alice'), new SpaClient(lab, client, narrow, 'bob')];
  }, 120_000);
  afterAll(() => lab.close());

  const connect = async (from: Host, port: number, own: string, to = server.address6): Promise<string> => {
    const words = [to, String(port), '--timeout', '1500', '--from', own];
    const ran = await from.exec(process.execPath, [builtFile('test/support/tcp-connect.js'), ...words]);
    return ran.stdout.split(/[:\n]/)[0] ?? '';
  };
  const today = (port = 22): Promise<string> => connect(client, port, client.address6);
  const tomorrow = (port = 22): Promise<string> => connect(client, port, 'fd99::a:b:c:d');

  test('opens for the network; another address of it comes in, one of another network and IPv4 do not', async () => {
    const from = spad.audit.mark();
    expect(await today()).toBe('filtered');
    await alice.run('-A', 'tcp/22,tcp/8000-8010', '-s', '-f', '10m', server.address6);
    await spad.audit.waitFor({ event: 'granted', stanza: 'alice', allow: 'fd99::/64' }, from);
    expect([await today(), await tomorrow(), await tomorrow(8005)]).toEqual(['open', 'open', 'open']);
    expect(await connect(outside, 22, outside.address6)).toBe('filtered');
    expect(await connect(client, 22, client.address4, server.address4)).toBe('filtered');
    const { stdout } = await spad.exec('-c', spad.confFile, 'grants');
    expect(stdout).toContain('fd99::/64');
  });

  test('asked for again from the other address, it is the same grant', async () => {
    const from = spad.audit.mark();
    await alice.run('-A', 'tcp/22,tcp/8000-8010', '-a', 'fd99::a:b:c:d', '-f', '11m', server.address6);
    await spad.audit.waitFor({ event: 'extended', stanza: 'alice', allow: 'fd99::/64' }, from);
  });

  test("a host's grant inside it, of the same ports, is a grant of its own", async () => {
    await bob.run('-A', 'tcp/22,tcp/8000-8010', '-a', client.address6, '-f', '10m', server.address6);
    expect([await today(8005), await tomorrow(8005)]).toEqual(['open', 'open']);
    await alice.run('--close', '-a', client.address6, server.address6);
    expect([await today(8005), await tomorrow(8005)]).toEqual(['open', 'filtered']);
    expect([await today(), await tomorrow()]).toEqual(['open', 'filtered']);
    await bob.run('--close', '-a', client.address6, server.address6);
    expect(await today()).toBe('filtered');
  });

  test('it outlives a restart, and is revoked by its name', async () => {
    const from = spad.audit.mark();
    await alice.run('-A', 'tcp/22', '-s', '-f', '10m', server.address6);
    await spad.stop('SIGKILL');
    await spad.start();
    await spad.audit.waitFor({ event: 'restored', stanza: 'alice', allow: 'fd99::/64' }, from);
    expect(await tomorrow()).toBe('open');
    const revoked = await spad.exec('-c', spad.confFile, 'revoke', 'fd99::/64');
    expect(revoked.code, revoked.stderr).toBe(0);
    expect(await tomorrow()).toBe('filtered');
  });

  test('it ends on time', async () => {
    const from = spad.audit.mark();
    await alice.run('-A', 'tcp/22', '-s', '-f', '6s', server.address6);
    expect(await tomorrow()).toBe('open');
    await spad.audit.waitFor({ event: 'expired', stanza: 'alice' }, from, 30_000);
    expect(await tomorrow()).toBe('filtered');
  });
});
