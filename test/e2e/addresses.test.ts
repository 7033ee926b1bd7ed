/** Behind NAT: the address is found by STUN, by HTTPS and by the server's answer, and named for both families at once. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Host } from '../support/host.ts';
import { Keyholder } from '../support/keyholder.ts';
import { Lab } from '../support/lab.ts';
import type { ExecResult } from '../support/lab-process.ts';
import { builtFile } from '../support/paths.ts';
import { startTcpService, tcpState } from '../support/probe.ts';
import { Spad } from '../support/spad.ts';

const [STUN, HTTPS] = [3478, 8443];
const [alice, strict] = [new Keyholder(), new Keyholder()];

let lab: Lab;
let server: Host;
let router: Host;
let client: Host;
let spad: Spad;

beforeAll(async () => {
  lab = await Lab.create({ hosts: ['router', 'server', 'witness'] });
  [router, server] = [lab.host('router'), lab.host('server')];
  client = await lab.addBehind(router, 'client');
  await router.run('nft', [
    'add table inet nat; add chain inet nat out { type nat hook postrouting priority 100; }; add rule inet nat out oifname "eth0" masquerade',
  ]);
  await startWitness(lab.host('witness'));
  for (const [name, holder] of Object.entries({ alice, strict }))
    writeFileSync(join(lab.dir, name), `${holder.base64}\n`, { mode: 0o600 });
  spad = new Spad(lab, server);
  spad.configure({
    access: {
      alice: { key: alice.base64, allow: 'tcp/22, tcp/8000' },
      strict: {
        key: strict.base64,
        allow: 'tcp/22',
        require_address: 'yes',
        source: `${router.address4}, ${router.address6}`,
      },
    },
  });
  await spad.start();
  await startTcpService(server, [22, 8000]);
}, 120_000);
afterAll(() => lab.close());

/** A name for both families, and a page whose certificate is that of a test's own authority. */
async function startWitness(witness: Host): Promise<void> {
  const at = (name: string): string => join(lab.dir, name);
  writeFileSync(at('hosts'), `${witness.address4} witness\n${witness.address6} witness\n`);
  const run = (...args: readonly string[]): Promise<string> => witness.run('openssl', args);
  const fresh = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-subj'];
  await run('req', '-x509', ...fresh, '/CN=Test CA', '-keyout', at('ca.key'), '-out', at('ca.pem'), '-days', '2');
  await run('req', ...fresh, '/CN=witness', '-keyout', at('page.key'), '-out', at('page.csr'));
  writeFileSync(at('names'), 'subjectAltName=DNS:witness');
  const sign = ['-CA', at('ca.pem'), '-CAkey', at('ca.key'), '-CAcreateserial', '-extfile', at('names'), '-days', '2'];
  await run('x509', '-req', '-in', at('page.csr'), ...sign, '-out', at('page.pem'));
  const words = [builtFile('test/support/witness.js'), String(STUN), String(HTTPS), at('page.pem'), at('page.key')];
  await witness.spawn(process.execPath, words).waitForLine(/^ready$/, 20_000);
}

function ask(words: readonly string[], key = 'alice', trusted = true): Promise<ExecResult> {
  return spaClient(['--server', 'gw1', '--key-file', join(lab.dir, key), '--timeout', '20', ...words], trusted);
}

/** spa-client, for which `witness` is a name; `trusted`: it knows the test's authority. */
function spaClient(words: readonly string[], trusted = true): Promise<ExecResult> {
  const named = [
    '-m',
    'sh',
    '-c',
    'mount --bind "$0" /etc/hosts && exec "$@"',
    join(lab.dir, 'hosts'),
    process.execPath,
  ];
  return client.exec('unshare', [...named, builtFile('bin/spa-client.cjs'), ...words], {
    timeoutMs: 60_000,
    env: {
      XDG_STATE_HOME: join(lab.dir, 'state'),
      ...(trusted ? { NODE_EXTRA_CA_CERTS: join(lab.dir, 'ca.pem') } : {}),
    },
  });
}

const close = (key = 'alice'): Promise<ExecResult> => ask(['--close', '-s', server.address4], key);

describe.each(['address4', 'address6'] as const)('%s', (family) => {
  const bracket = (address: string): string => (address.includes(':') ? `[${address}]` : address);

  test('without it, the packet names nothing; the client itself could not be let in by its own address', async () => {
    const ran = await ask(['-A', 'tcp/22', '-a', client[family], server[family]]);
    expect(ran.stderr).toContain(`the server saw the packet come from ${router[family]}, which is not let in`);
    expect(await tcpState(client, server[family], 22)).toBe('filtered');
    await ask(['--close', '-a', client[family], server[family]]);
  });

  test.each(['stun', 'https'] as const)(
    '%s: the packet names the address of the router, and opens for it',
    async (way) => {
      const from = spad.audit.mark();
      const whom = way === 'stun' ? 'stun:witness' : `https://witness:${String(HTTPS)}/ip`;
      const ran = await ask(['-A', 'tcp/22', '--resolve', whom, server[family]], 'strict');
      expect(ran.code, ran.stderr).toBe(0);
      expect(ran.stdout).toContain(`sees this host as ${router[family]}\n`);
      expect(ran.stdout).toContain(`open: tcp/22 for ${router[family]} until`);
      expect(ran.stderr).toContain(`note: this host's address, ${client[family]}, is translated to ${router[family]}`);
      // `strict` opens for no address that is not sealed.
      await spad.audit.waitFor({ event: 'granted', stanza: 'strict', allow: router[family] }, from);
      expect(await tcpState(client, server[family], 22)).toBe('open');
      await ask(['--close', '-a', router[family], server[family]], 'strict');
      expect(await tcpState(client, server[family], 22)).toBe('filtered');
    },
  );

  test('reply: opened for the address that the server sees, and that is told', async () => {
    const ran = await ask(['-A', 'tcp/22', '--resolve', 'reply', server[family]]);
    expect(ran.code, ran.stderr).toBe(0);
    expect(ran.stdout).toContain(`open: tcp/22 for ${router[family]} until`);
    expect(ran.stderr).toContain(`is translated to ${router[family]} on the way (NAT)`);
    await ask(['--close', '-s', server[family]]);
  });

  test('reply, where the address must be named: told by the refusal, named by the second packet', async () => {
    const from = spad.audit.mark();
    const ran = await ask(['-A', 'tcp/22', '--resolve', 'reply', server[family]], 'strict');
    expect(ran.code, ran.stderr).toBe(0);
    expect(ran.stderr).toContain(`gw1 wants the address named, and has seen ${router[family]}: asking again`);
    await spad.audit.waitFor({ event: 'rejected', reason: 'address-required' }, from);
    await spad.audit.waitFor({ event: 'granted', stanza: 'strict', allow: router[family] }, from);
    await ask(['--close', '-a', router[family], server[family]], 'strict');
  });

  test('reply, where the address must be named, for who connects: asked again without a word', async () => {
    const from = spad.audit.mark();
    const who = ['--server', 'gw1', '--key-file', join(lab.dir, 'strict'), '--resolve', 'reply'];
    const ran = await spaClient(['ready', ...who, server[family], '22']);
    expect(ran).toMatchObject({ code: 0, stdout: '', stderr: '' });
    await spad.audit.waitFor({ event: 'granted', stanza: 'strict', allow: router[family] }, from);
    // Closing, too, has to name the address.
    expect(await spaClient(['exec', '-A', 'tcp/22', ...who, server[family], '--', 'true'])).toMatchObject({
      code: 0,
      stderr: '',
    });
    await spad.audit.waitFor({ event: 'closed', stanza: 'strict' }, from);
    expect(await tcpState(client, server[family], 22)).toBe('filtered');
  });

  test('a STUN server that is not there', async () => {
    const ran = await ask(['-A', 'tcp/22', '--resolve', `stun:${bracket(server[family])}:9`, server[family]]);
    expect(ran.code).toBe(1);
    expect(ran.stderr).toContain(`the STUN server at ${bracket(server[family])}:9 has not answered`);
  });
});

describe('both', () => {
  test.each(['stun:witness', `https://witness:${String(HTTPS)}/ip`])(
    'one packet opens for both families: %s',
    async (whom) => {
      const from = spad.audit.mark();
      const ran = await ask(['-A', 'tcp/22,tcp/8000', '--both', '--resolve', whom, server.address4], 'alice');
      expect(ran.code, ran.stderr).toBe(0);
      expect(ran.stdout).toContain(`for ${router.address4} and ${router.address6} until`);
      await spad.audit.waitFor({ event: 'granted', allow: router.address4 }, from);
      await spad.audit.waitFor({ event: 'granted', allow: router.address6 }, from);
      for (const address of [server.address4, server.address6]) {
        for (const port of [22, 8000]) expect(await tcpState(client, address, port)).toBe('open');
      }
      const named = `${router.address4},${router.address6}`;
      expect(await ask(['--close', '-a', named, server.address4])).toMatchObject({ code: 0 });
      for (const address of [server.address4, server.address6])
        expect(await tcpState(client, address, 22)).toBe('filtered');
    },
  );

  test('one that is not allowed: refused as a whole', async () => {
    const from = spad.audit.mark();
    const ran = await ask(['-A', 'tcp/22', '-a', `${router.address4},2a00::9`, server.address4], 'strict');
    expect(ran.code).toBe(4);
    expect(ran.stderr).toContain('gw1 has refused (address-not-allowed)');
    await spad.audit.waitFor({ event: 'rejected', reason: 'address-not-allowed' }, from);
    expect(await tcpState(client, server.address4, 22)).toBe('filtered');
  });
});

describe('a page that cannot be trusted or read sends no packet', () => {
  const page = (path: string): string => `https://witness:${String(HTTPS)}${path}`;
  test.each([
    ['an unknown authority', page('/ip'), false, 'its certificate is not to be trusted'],
    ['another name', `https://10.99.0.3:${String(HTTPS)}/ip`, true, 'its certificate is not to be trusted'],
    ['a redirection', page('/away'), true, 'it sends on to /ip'],
    ['more than an address', page('/words'), true, 'is no address; name a page that is nothing but the address'],
    ['too much', page('/long'), true, 'its answer is longer than an address'],
    ['no answer', page('/never'), true, 'it took more than 10 s'],
  ] as const)('%s', async (_, url, trusted, sentence) => {
    const from = spad.audit.mark();
    const ran = await ask(['-A', 'tcp/22', '--resolve', url, server.address4], 'alice', trusted);
    expect(ran.stderr).toContain(sentence);
    expect(ran.code).toBe(1);
    expect(ran.stdout).not.toContain('asking');
    await ask(['-A', 'tcp/443', server.address4]);
    await spad.audit.waitFor({ event: 'rejected', reason: 'port-not-allowed' }, from);
    expect(spad.audit.all({ event: 'granted' }, from)).toEqual([]);
  });
});

test('behind carrier-grade NAT, that is said each time', async () => {
  await client.run('ip', ['addr', 'add', '100.64.7.2/24', 'dev', 'eth0']);
  await router.run('ip', ['addr', 'add', '100.64.7.1/24', 'dev', 'to-client']);
  await client.run('ip', ['route', 'replace', 'default', 'via', '100.64.7.1', 'src', '100.64.7.2']);
  const ran = await ask(['-A', 'tcp/22', server.address4]);
  expect(ran.code, ran.stderr).toBe(0);
  expect(ran.stderr).toContain(
    `note: 100.64.7.2 is an address of carrier-grade NAT: your provider lets many customers share ${router.address4}`,
  );
  expect(await tcpState(client, server.address4, 22)).toBe('open');
  await close();
});
