/** `firewall = auto` on hosts of several kinds, `spad flush`, and a start with another firewall than the last one. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Host } from '../../support/host.ts';
import { Keyholder } from '../../support/keyholder.ts';
import { Lab } from '../../support/lab.ts';
import { startTcpService, tcpState } from '../../support/probe.ts';
import { Spad } from '../../support/spad.ts';
import { loadRuleset, ruleset } from './own-ruleset.ts';

const alice = new Keyholder();

let lab: Lab;
let client: Host;
let server: Host;
let spad: Spad;
let runs = 0;

beforeAll(async () => {
  lab = await Lab.create({ hosts: ['client', 'server'] });
  [client, server] = [lab.host('client'), lab.host('server')];
  await startTcpService(server, [22]);
});
afterAll(() => lab.close());
beforeEach(() => {
  runs += 1;
  spad = new Spad(lab, server, `run${runs}`);
  configure();
});
afterEach(async () => {
  await server.run('nft', ['flush', 'ruleset']);
  for (const program of ['iptables-legacy', 'ip6tables-legacy'])
    await server.exec('sh', ['-c', `${program} -P INPUT ACCEPT; ${program} -F`]);
});

function configure(daemon: Readonly<Record<string, string | undefined>> = {}, more = {}): void {
  spad.configure({ daemon, access: { alice: { key: alice.base64, allow: 'tcp/22', ...more } } });
}

/** What --check says of the firewall. */
async function choice(env: Readonly<Record<string, string>> = {}, prefix: readonly string[] = []): Promise<string> {
  const { stdout } = await spad.execThrough({ env, prefix }, '--check', '-c', spad.confFile);
  return stdout;
}

const nft = (...lines: readonly string[]): Promise<string> =>
  server.run('nft', ['-f', '-'], { input: `${lines.join('\n')}\n` });

/** Without a configuration spad looks into the usual folder, which may be in use on this machine. */
const NO_STATE = ['unshare', '--mount', 'sh', '-c', 'mount -t tmpfs none /var/lib; exec "$@"', 'sh'];

const INPUT = 'type filter hook input priority 0;';

describe('auto', () => {
  test('where nothing is, nftables; the daemon says the same and works', async () => {
    expect(await choice()).toContain('firewall = auto comes to nftables here: nftables is usable');
    await spad.start();
    expect(spad.process.output).toContain('firewall = auto comes to nftables here');
    expect(await tcpState(client, server.address4, 22)).toBe('filtered');
    await spad.stop();
    expect(await choice(), "spad's own guard is no default of somebody else's").not.toContain('warning');
  });

  test('where firewalld has its table', async () => {
    await nft('add table inet firewalld', `add chain inet firewalld filter_INPUT { ${INPUT} policy accept; }`);
    expect(await choice()).toContain('firewall = auto comes to firewalld here: firewalld runs here');
    configure({}, { forward: '10.0.0.5:22' });
    expect(await choice()).toContain('error: firewall = firewalld cannot forward, and alice may ask for it');
  });

  test('where ufw is enabled and its chains are there, and not where only one of both is so', async () => {
    const conf = join(lab.dir, 'ufw');
    mkdirSync(conf, { recursive: true });
    const inside = [
      'unshare',
      '--mount',
      'sh',
      '-c',
      `mkdir -p /etc/ufw; mount --bind ${conf} /etc/ufw; exec "$@"`,
      'sh',
    ];
    writeFileSync(join(conf, 'ufw.conf'), 'LOGLEVEL=low\nENABLED=no\n');
    await server.run('iptables', ['-N', 'ufw-user-input']);
    expect(await choice({}, inside)).toContain('comes to nftables');
    writeFileSync(join(conf, 'ufw.conf'), 'ENABLED=yes\n');
    expect(await choice({}, inside)).toContain('comes to ufw here: ufw is active');
    await server.run('nft', ['flush', 'ruleset']);
    expect(await choice({}, inside)).toContain('comes to nftables');
  });

  test.each([
    ['the policy of iptables', 'iptables', '-P INPUT DROP', 'ip filter INPUT of iptables drops by its policy'],
    [
      'the last rule of iptables',
      'iptables',
      '-A INPUT -j REJECT',
      'ip filter INPUT of iptables drops by its last rule',
    ],
    ['the policy of ip6tables', 'ip6tables', '-P INPUT DROP', 'ip6 filter INPUT of iptables drops by its policy'],
    [
      'the policy of the older iptables',
      'iptables-legacy',
      '-P INPUT DROP',
      'ip filter INPUT of iptables drops by its policy',
    ],
  ])('where %s drops', async (_, program, words, why) => {
    const { code, stderr } = await server.exec(program, words.split(' '));
    // Kernels without the older tables have no such rules either.
    if (program === 'iptables-legacy' && code !== 0) expect(stderr).toMatch(/initialize|support/);
    else expect(await choice()).toContain(`firewall = auto comes to iptables here: ${why}`);
  });

  test('and there a grant opens what the policy drops; spad flush finds the chains without a configuration', async () => {
    await server.run('iptables', ['-A', 'INPUT', '-m', 'conntrack', '--ctstate', 'ESTABLISHED', '-j', 'ACCEPT']);
    await server.run('iptables', ['-P', 'INPUT', 'DROP']);
    await spad.start();
    expect(await tcpState(client, server.address4, 22)).toBe('filtered');
    await spad.send(client, alice.seal({ ports: 'tcp/22', openFor: 300 }));
    await spad.audit.waitFor({ event: 'granted' });
    expect(await tcpState(client, server.address4, 22)).toBe('open');
    await spad.stop();
    const alone = await spad.execThrough({ prefix: NO_STATE }, '-c', join(lab.dir, 'none.conf'), 'flush');
    expect(alone.stdout).toBe('removed: the chains of spad in iptables\n');
    expect(await server.run('iptables-save', [])).not.toContain('SPAD');
  });

  test("where the operator's own table drops, the lines to add are said, and they work", async () => {
    await nft(
      'add table inet filter',
      `add chain inet filter input { ${INPUT} policy drop; }`,
      'add rule inet filter input ct state established,related accept',
      'add rule inet filter input meta l4proto { icmp, ipv6-icmp } accept',
    );
    const said = await choice();
    expect(said).toContain('comes to nftables here');
    const lines = said.split('\n').map((line) => line.trim());
    await nft(...lines.filter((line) => /^(?:add set|insert rule) /.test(line)));
    const [, sets] = /and to \[spad\]: nft_set = (.*)/.exec(said) ?? [];
    configure({ guard: undefined, nft_set: sets });
    await spad.start();
    expect(spad.process.output).toContain('the sets inet filter spad4 and inet filter spad6');
    await spad.send(client, alice.seal({ ports: 'tcp/22' }));
    await spad.audit.waitFor({ event: 'granted' });
    expect(await tcpState(client, server.address4, 22)).toBe('open');
    await spad.stop();
  });

  test('where nftables may not be asked, iptables that stands on it is not usable either', async () => {
    const drop = ['setpriv', '--bounding-set', '-net_admin', '--inh-caps', '-net_admin'];
    expect(await choice({}, drop)).toMatch(
      /no firewall is usable: .*not permitted.*the program iptables stands on nftables/,
    );
  });
});

describe('what the last start had in another firewall', () => {
  test('is removed by the next: the chains of iptables', async () => {
    configure({ firewall: 'iptables' });
    await spad.start();
    await spad.stop();
    expect(await server.run('iptables-save', [])).toContain('SPAD-GUARD');
    configure({ firewall: 'nftables' });
    await spad.start();
    expect(await server.run('iptables-save', [])).not.toContain('SPAD');
    expect(await tcpState(client, server.address4, 22)).toBe('filtered');
    await spad.stop();
  });

  test('is removed by the next, whichever they are', async () => {
    const OWN = ruleset();
    const sets = 'inet filter allowed4, inet filter allowed6';
    configure({ firewall: 'nftables' });
    await spad.start();
    await spad.stop();
    await server.run('nft', ['list', 'table', 'inet', 'spad']);
    await nft(OWN.replace('flush ruleset\n', ''));
    configure({ guard: undefined, nft_set: sets });
    await spad.start();
    expect(spad.process.output).toContain('the last start had firewall = nftables: what it left there is removed');
    expect((await server.exec('nft', ['list', 'table', 'inet', 'spad'])).code).toBe(1);
    await spad.send(client, alice.seal({ ports: 'tcp/22', openFor: 300 }));
    await spad.audit.waitFor({ event: 'granted' });
    expect(await server.run('nft', ['list', 'ruleset'])).toContain('comment "spad"');
    await spad.stop();
    configure({ guard: undefined, firewall: 'nftables' });
    await spad.start();
    expect(await server.run('nft', ['list', 'table', 'inet', 'filter'])).not.toContain('comment "spad"');
    await spad.stop();
  });
});

describe('spad flush', () => {
  test('finds what any firewall has left, also without a configuration', async () => {
    await loadRuleset(server, lab, ruleset());
    configure({ guard: undefined, nft_set: 'inet filter allowed4' });
    await spad.start();
    await spad.send(client, alice.seal({ ports: 'tcp/22', openFor: 300 }));
    await spad.audit.waitFor({ event: 'granted' });
    await spad.stop();
    await nft('add table inet spad');
    const { code, stdout } = await spad.exec('flush', '-c', spad.confFile);
    expect({ code, stdout }).toEqual({
      code: 0,
      stdout: [
        'removed: the table "inet spad"; the ports that it guarded are as open as your other rules leave them',
        'removed: the elements of spad in inet filter allowed4\n',
      ].join('\n'),
    });
    expect(await server.run('nft', ['list', 'ruleset'])).not.toContain('spad');
    await server.run('nft', ['flush', 'ruleset']);
    const alone = await spad.execThrough({ prefix: NO_STATE }, '-c', join(lab.dir, 'none.conf'), 'flush');
    expect(alone.stdout).toBe('spad has nothing in the firewall of this host\n');
  });

  test('closes by the commands of the journal, and not while a spad is running', async () => {
    await loadRuleset(server, lab, ruleset({ flags: 'interval' }));
    const element = 'inet filter allowed{family} "{ {address} . {protocol} . {ports} }"';
    configure({
      guard: undefined,
      open_command: `/usr/sbin/nft add element ${element}`,
      close_command: `/usr/sbin/nft delete element ${element}`,
    });
    await spad.start();
    await spad.send(client, alice.seal({ ports: 'tcp/22', openFor: 300 }));
    await spad.audit.waitFor({ event: 'granted' });
    const refused = await spad.exec('-c', spad.confFile, 'flush');
    expect(refused.code).toBe(1);
    expect(refused.stderr).toContain('another spad is running');
    await spad.stop('SIGKILL');
    expect((await spad.exec('-c', spad.confFile, 'flush')).stdout).toBe('removed: what commands had opened\n');
    expect(await server.run('nft', ['list', 'set', 'inet', 'filter', 'allowed4'])).not.toContain('elements');
  });
});
