/**
 * `spad check` on hosts that are not as they should be: each is made for real in a namespace, what is said of it is held
 * against what a packet meets there, before spad runs, with its guard, and with a grant.
 *
 * One fact cannot be made: a namespace has the clock of its machine. So what is said of it is left out here, and a unit
 * test has it (test/unit/host/judge-host.test.ts).
 */
import { chmodSync, copyFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { parsePortSpec } from '../../src/base/port-spec.ts';
import { guardChain } from '../../src/host/guard.ts';
import { readNftRuleset } from '../../src/host/nft-json.ts';
import type { Host } from '../support/host.ts';
import { Keyholder } from '../support/keyholder.ts';
import { Lab } from '../support/lab.ts';
import { builtFile } from '../support/paths.ts';
import { openConnection, startTcpService, tcpState } from '../support/probe.ts';
import { Spad, type SpadConfig } from '../support/spad.ts';

interface Finding {
  readonly tag: string;
  readonly severity: string;
  readonly port?: string;
  readonly message: string;
  readonly rule?: string;
}

interface Report {
  readonly status: number;
  readonly findings: readonly Finding[];
  readonly ports: readonly {
    readonly port: string;
    readonly address: string;
    readonly now: { readonly state: string; readonly by?: string };
    readonly guarded: { readonly state: string };
    readonly granted: { readonly state: string };
  }[];
}

const alice = new Keyholder();

let lab: Lab;
let client: Host;
let server: Host;
let inner: Host;
let spad: Spad;

beforeAll(async () => {
  lab = await Lab.create({ hosts: ['client', 'server'] });
  [client, server] = [lab.host('client'), lab.host('server')];
  inner = await lab.addBehind(server, 'inner');
  await client.run('ip', ['route', 'replace', 'default', 'via', server.address4]);
  await server.run('ip', ['route', 'replace', 'default', 'via', client.address4]);
  await server.run('ip', ['-6', 'route', 'replace', 'default', 'via', client.address6]);
  await startTcpService(server, [22, 8081]);
  await startTcpService(inner, [80]);
});
afterAll(() => lab.close());

beforeEach(() => {
  spad = new Spad(lab, server, `spad-${String(Math.random()).slice(2)}`);
});

afterEach(async () => {
  if (spad.hasStarted) await spad.stop();
  await server.run('nft', ['flush', 'ruleset']);
  await server.run('sh', ['-c', CLEAR_LEGACY]);
});

const CLEAR_LEGACY = `for table in $(cat /proc/net/ip_tables_names); do
  iptables-legacy -t $table -F; iptables-legacy -t $table -X
done`;

const configure = (daemon: SpadConfig['daemon'] = {}, access: Record<string, string> = {}): void => {
  spad.configure({
    daemon: { guard: 'tcp/22', firewall: 'nftables', ...daemon },
    access: { alice: { key: alice.base64, allow: 'tcp/22', open_for: '20s', ...access } },
  });
};

const nft = (text: string): Promise<string> => server.run('nft', ['-f', '-'], { input: `${text}\n` });

const check = async (env: Record<string, string> = {}): Promise<Report> => {
  const args = [builtFile('bin/spad.cjs'), 'check', '-c', spad.confFile, '--json'];
  const { code, stdout, stderr } = await server.exec(process.execPath, args, { env, timeoutMs: 20_000 });
  if (stdout === '') throw new Error(stderr);
  const report = JSON.parse(stdout) as Omit<Report, 'status'>;
  const findings = report.findings.filter(({ tag }) => tag !== 'clock-unsynchronised');
  // The clock alone makes it 3.
  const isClock = findings.length < report.findings.length && findings.every(({ severity }) => severity === 'note');
  return { ...report, status: isClock && code === 3 ? 0 : code, findings };
};

const tagsOf = ({ findings }: Report): string[] => findings.map(({ severity, tag }) => `${severity} ${tag}`).sort();

const lookAt = async (address: string, port: number): Promise<string> =>
  (await tcpState(client, address, port, 500)) === 'open' ? 'open' : 'closed';

/** Starts spad and compares what is said of each address of a port with what happens. */
const compare = async (report: Report, port = 22): Promise<void> => {
  const addresses = [server.address4, server.address6];
  const told = addresses.map((address) => {
    const line = report.ports.find((one) => one.port === `tcp/${String(port)}` && one.address === address);
    return `${address}: ${String(line?.now.state)}, ${String(line?.guarded.state)}, ${String(line?.granted.state)}`;
  });
  const all = (): Promise<string[]> => Promise.all(addresses.map((address) => lookAt(address, port)));
  const now = await all();
  await spad.start();
  const guarded = await all();
  for (const family of [4, 6] as const) {
    const mark = spad.audit.mark();
    await spad.send(client, alice.seal({ ports: `tcp/${String(port)}` }), family);
    await spad.audit.waitFor({ event: 'granted' }, mark);
  }
  const granted = await all();
  const seen = addresses.map(
    (address, at) => `${address}: ${String(now[at])}, ${String(guarded[at])}, ${String(granted[at])}`,
  );
  expect(told).toEqual(seen);
};

describe('a host in order', () => {
  test('gives no finding', async () => {
    await nft(
      'table inet filter { chain input { type filter hook input priority 0; policy accept;\n ct state invalid drop\n }\n }',
    );
    configure();
    const report = await check();
    expect(report.findings).toEqual([]);
    await compare(report);
  });

  test('nor does one that drops by default and accepts the guarded port', async () => {
    await nft(`table inet filter { chain input { type filter hook input priority 0; policy drop;
      ct state established,related accept
      iif lo accept
      meta l4proto { icmp, ipv6-icmp } accept
      tcp dport 22 accept
    }\n }`);
    configure();
    const report = await check();
    expect(report.findings).toEqual([]);
    await compare(report);
  });

  test('an accept before the guard, in a table of its own, is no way around it', async () => {
    await nft(
      'table inet early { chain pre { type filter hook prerouting priority -180; policy accept;\n tcp dport 22 accept\n }\n }',
    );
    configure();
    const report = await check();
    expect(report.findings).toEqual([]);
    await compare(report);
  });

  test('while spad runs it is said so, and the rest is the same', async () => {
    configure();
    await spad.start();
    const report = await check();
    expect(tagsOf(report)).toEqual(['note already-running']);
    expect(report.ports[0]).toMatchObject({
      now: { state: 'open' },
      guarded: { state: 'closed' },
      granted: { state: 'open' },
    });
  });
});

describe('grants that are useless', () => {
  test('nftables drops by default', async () => {
    await nft(`table inet filter { chain input { type filter hook input priority 0; policy drop;
      ct state established,related accept
      meta l4proto ipv6-icmp accept
    }\n }`);
    configure();
    const report = await check();
    expect(tagsOf(report)).toEqual(['error grant-useless']);
    expect(report.status).toBe(1);
    expect(report.findings[0]).toMatchObject({ port: 'tcp/22', rule: 'the policy of table inet filter, chain input' });
    await compare(report);
  });

  test('iptables drops the port, in IPv4 alone', async () => {
    await server.run('iptables', ['-A', 'INPUT', '-m', 'conntrack', '--ctstate', 'ESTABLISHED', '-j', 'ACCEPT']);
    await server.run('iptables', [
      '-A',
      'INPUT',
      '-p',
      'tcp',
      '--dport',
      '22',
      '-m',
      'comment',
      '--comment',
      'no',
      '-j',
      'DROP',
    ]);
    configure();
    const report = await check();
    expect(tagsOf(report)).toEqual(['error one-family-only']);
    expect(report.findings[0]?.rule).toBe(
      'table ip filter, chain INPUT, rule 2 (-p tcp -m tcp --dport 22 -m comment --comment no -j DROP)',
    );
    expect(report.findings[0]?.message).toContain('over IPv6 alone');
    await compare(report);
  });

  test('old tables of iptables, which nft does not show', async () => {
    await server.run('iptables-legacy', ['-P', 'FORWARD', 'ACCEPT']);
    await server.run('iptables-legacy', ['-A', 'INPUT', '-p', 'tcp', '--dport', '22', '-j', 'REJECT']);
    configure();
    const report = await check();
    expect(tagsOf(report)).toEqual(['error one-family-only']);
    expect(report.findings[0]?.rule).toContain('table ip filter (legacy), chain INPUT, rule 1 (');
    await compare(report);
  });

  test('but not with iptables, whose grants are accepted before what drops', async () => {
    await server.run('iptables', ['-P', 'INPUT', 'DROP']);
    await server.run('iptables', ['-A', 'INPUT', '-m', 'conntrack', '--ctstate', 'ESTABLISHED', '-j', 'ACCEPT']);
    await server.run('ip6tables', ['-A', 'INPUT', '-p', 'tcp', '--dport', '22', '-j', 'DROP']);
    configure({ firewall: 'iptables' });
    const report = await check();
    // ip6tables drops what is established, too, and a grant ends.
    expect(tagsOf(report)).toEqual(['error established-dropped']);
    await compare(report);
    await spad.exec('flush', '-c', spad.confFile);
  });

  test('of firewalld and ufw it is told how things stand', async () => {
    configure({ firewall: 'ufw' });
    const report = await check();
    expect(tagsOf(report)).toEqual(['note cannot-tell']);
    expect(report.ports[0]).toMatchObject({ now: { state: 'open' } });
    expect(report.ports[0]).not.toHaveProperty('guarded');
  });

  test('answers are not let out', async () => {
    await nft(
      `table inet filter { chain output { type filter hook output priority 0; policy accept;\n tcp sport 22 drop\n }\n }`,
    );
    configure();
    const report = await check();
    expect(tagsOf(report)).toEqual(['error answer-dropped']);
    expect(await lookAt(server.address4, 22)).toBe('closed');
  });

  test('a rule that depends on what is not known is told of, and no error', async () => {
    await nft(
      'table inet filter { chain input { type filter hook input priority 0; policy accept;\n tcp dport 22 limit rate over 1/second drop\n }\n }',
    );
    configure();
    const report = await check();
    expect(tagsOf(report)).toEqual(['note cannot-tell']);
    expect(report.status).toBe(0);
    expect(report.findings[0]?.message).toContain('depends on limit');
  });
});

describe('ways around the guard', () => {
  test('a container publishes a port that is not guarded', async () => {
    await docker();
    configure();
    const report = await check();
    expect(tagsOf(report)).toEqual(['warning published-unguarded']);
    expect(report.findings[0]?.message).toContain(`tcp/8080 is published and open to everyone`);
    expect(report.findings[0]?.message).toContain(`${inner.address4}:80`);
    expect(report.status).toBe(3);
    await spad.start();
    expect(await lookAt(server.address4, 8080)).toBe('open');
  });

  test('guarded, it is closed, and a grant opens it', async () => {
    await docker();
    configure({ guard: 'tcp/8080' }, { allow: 'tcp/8080' });
    const report = await check();
    expect(report.findings).toEqual([]);
    const line = report.ports.find(({ address }) => address === server.address4);
    expect(line).toMatchObject({ now: { state: 'open' }, guarded: { state: 'closed' }, granted: { state: 'open' } });
    await spad.start();
    expect(await lookAt(server.address4, 8080)).toBe('closed');
    await spad.send(client, alice.seal({ ports: 'tcp/8080' }));
    await spad.audit.waitFor({ event: 'granted' });
    expect(await lookAt(server.address4, 8080)).toBe('open');
  });

  test('DOCKER-USER drops what would be granted', async () => {
    await docker();
    await server.run('iptables', [
      '-I',
      'DOCKER-USER',
      '-p',
      'tcp',
      '-m',
      'conntrack',
      '--ctorigdstport',
      '8080',
      '-j',
      'DROP',
    ]);
    configure({ guard: 'tcp/8080' }, { allow: 'tcp/8080' });
    const report = await check();
    expect(report.findings.map(({ tag, rule }) => [tag, rule])).toEqual([
      ['one-family-only', expect.stringContaining('table ip filter, chain DOCKER-USER, rule 1 (')],
    ]);
    expect(await lookAt(server.address4, 8080)).toBe('closed');
  });

  test('a port is sent to a guarded one', async () => {
    await nft(
      'table ip way { chain pre { type nat hook prerouting priority -100; policy accept;\n tcp dport 2222 redirect to :22\n }\n }',
    );
    configure();
    const report = await check();
    expect(tagsOf(report)).toEqual(['error way-around']);
    await spad.start();
    expect([await lookAt(server.address4, 22), await lookAt(server.address4, 2222)]).toEqual(['closed', 'open']);
  });

  test('NAT by a priority before the guard is done behind it all the same', async () => {
    await nft(
      'table ip way { chain pre { type nat hook prerouting priority -190; policy accept;\n tcp dport 22 redirect to :8081\n }\n }',
    );
    configure();
    const report = await check();
    expect(report.ports.find(({ address }) => address === server.address4)?.guarded.state).toBe('closed');
    await spad.start();
    expect(await lookAt(server.address4, 22)).toBe('closed');
  });

  test('a client may ask for a port that everyone can reach', async () => {
    configure({}, { allow: 'tcp/22, tcp/8081' });
    const report = await check();
    expect(tagsOf(report)).toEqual(['warning allowed-open']);
    expect(report.findings[0]?.message).toContain('listens on tcp/8081');
    await spad.start();
    expect(await lookAt(server.address4, 8081)).toBe('open');
  });

  test('a back-end that closes nothing', async () => {
    configure({ firewall: 'dry-run' });
    const report = await check();
    expect(tagsOf(report)).toEqual(['error open-without-grant']);
    await spad.start();
    expect(await lookAt(server.address4, 22)).toBe('open');
  });
});

/** What Docker makes for a container with a published port. */
const docker = async (): Promise<void> => {
  await server.run('iptables-restore', [], {
    input: `*nat
:PREROUTING ACCEPT [0:0]
:DOCKER - [0:0]
-A PREROUTING -m addrtype --dst-type LOCAL -j DOCKER
-A DOCKER -i to-inner -j RETURN
-A DOCKER ! -i to-inner -p tcp -m tcp --dport 8080 -j DNAT --to-destination ${inner.address4}:80
COMMIT
*filter
:INPUT ACCEPT [0:0]
:FORWARD DROP [0:0]
:DOCKER - [0:0]
:DOCKER-USER - [0:0]
-A FORWARD -j DOCKER-USER
-A FORWARD -o to-inner -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
-A FORWARD -o to-inner -j DOCKER
-A FORWARD -i to-inner ! -o to-inner -j ACCEPT
-A DOCKER -d ${inner.address4}/32 ! -i to-inner -o to-inner -p tcp -m tcp --dport 80 -j ACCEPT
-A DOCKER-USER -j RETURN
COMMIT
`,
  });
};

describe('connections that would not stay', () => {
  test('notrack', async () => {
    await nft(
      'table inet raw { chain pre { type filter hook prerouting priority -300; policy accept;\n tcp dport 22 notrack\n }\n }',
    );
    configure({}, { open_for: '2s' });
    const report = await check();
    expect(tagsOf(report)).toEqual(['error untracked']);
    expect(report.findings[0]?.rule).toBe('table inet raw, chain pre, rule 1 (tcp dport 22 notrack)');
    await spad.start();
    await spad.send(client, alice.seal({ ports: 'tcp/22' }));
    await spad.audit.waitFor({ event: 'granted' });
    const connection = await openConnection(client, server.address4, 22);
    connection.write('one\n');
    await connection.waitForLine(/^one$/);
    await sleep(2500);
    connection.write('two\n');
    await expect(connection.waitForLine(/^two$/, 1500)).rejects.toThrow();
    await connection.stop();
  });

  test('only new packets are accepted', async () => {
    await nft(`table inet filter { chain input { type filter hook input priority 0; policy drop;
      meta l4proto ipv6-icmp accept
      tcp dport 22 ct state new accept
    }\n }`);
    configure();
    const report = await check();
    expect(tagsOf(report)).toEqual(['error established-dropped']);
    const connection = await openConnection(client, server.address4, 22);
    await expect(connection.waitForLine(/hello/, 1500)).rejects.toThrow();
    await connection.stop('SIGKILL');
  });
});

describe('the session of the operator', () => {
  const login = async () => {
    const connection = await openConnection(client, server.address4, 22);
    await connection.waitForLine(/hello/);
    const lines = await client.run('ss', ['-Htnp', 'state', 'established', 'dport', '=', ':22']);
    const own = lines.split('\n').find((line) => line.includes(`pid=${String(connection.pid)},`));
    const port = /:(\d+)\s+\S+:22\s/.exec(own ?? '')?.[1] ?? '';
    return { connection, env: { SSH_CONNECTION: `${client.address4} ${port} ${server.address4} 22` } };
  };

  test('stays, and a new one takes a packet', async () => {
    await nft(
      'table inet filter { chain input { type filter hook input priority 0; policy accept;\n ct state invalid drop\n }\n }',
    );
    configure();
    const { connection, env } = await login();
    const report = await check(env);
    expect(tagsOf(report)).toEqual(['note session-guarded']);
    expect(report.findings[0]?.message).toContain('a packet of [access alice]');
    await spad.start();
    connection.write('still here\n');
    await connection.waitForLine(/^still here$/, 3000);
    await connection.stop();
  });

  test('is found through sudo, which clears the environment', async () => {
    configure();
    const { connection, env } = await login();
    const args = [process.execPath, builtFile('bin/spad.cjs'), 'check', '-c', spad.confFile];
    const script = 'env -u SSH_CONNECTION "$@"; exit $?';
    const { stdout } = await server.exec('sh', ['-c', script, 'sh', ...args], { env });
    expect(stdout).toContain(`from ${client.address4}`);
    await connection.stop();
    await sleep(200);
    // What a multiplexer has kept of a connection that is gone is none.
    expect((await check(env)).findings).toEqual([]);
  });

  test('stays also where nothing has used connection tracking before the guard', async () => {
    configure();
    const { connection, env } = await login();
    const report = await check(env);
    expect(tagsOf(report)).toEqual(['note session-guarded']);
    await spad.start();
    connection.write('still here\n');
    await connection.waitForLine(/^still here$/, 3000);
    await connection.stop('SIGKILL');
  });

  test('has no way back', async () => {
    configure({}, { source: '192.0.2.0/24' });
    const { connection, env } = await login();
    const report = await check(env);
    expect(tagsOf(report)).toContain('error no-way-back');
    expect(report.status).toBe(1);
    await connection.stop('SIGKILL');
  });
});

describe('the SPA port', () => {
  test('a socket gets what the firewall lets pass', async () => {
    await nft(
      'table inet filter { chain input { type filter hook input priority 0; policy accept;\n udp dport 62201 drop\n }\n }',
    );
    configure({ capture: 'udp' });
    const report = await check();
    expect([...new Set(tagsOf(report))]).toEqual(['error spa-port-closed']);
    await spad.start();
    await spad.send(client, alice.seal({ ports: 'tcp/22' }));
    await expect(spad.audit.waitFor({ event: 'granted' }, 0, 1000)).rejects.toThrow();
  });

  test('what ingress drops never comes to the sieve', async () => {
    await nft(`table netdev early { chain ingress { type filter hook ingress device "eth0" priority -500; policy accept;
      udp dport 62201 drop
    }\n }`);
    configure();
    const report = await check();
    expect([...new Set(tagsOf(report))]).toEqual(['error spa-port-closed']);
    await spad.start();
    await spad.send(client, alice.seal({ ports: 'tcp/22' }));
    await expect(spad.audit.waitFor({ event: 'granted' }, 0, 1000)).rejects.toThrow();
  });

  test('a capture sees a packet before any rule, ingress included', async () => {
    await nft(`table netdev early { chain ingress { type filter hook ingress device "eth0" priority -500; policy accept;
      udp dport 62201 drop
    }\n }`);
    configure({ capture: 'pcap' });
    const report = await check();
    expect(report.findings).toEqual([]);
    await spad.start();
    await spad.send(client, alice.seal({ ports: 'tcp/22' }));
    await spad.audit.waitFor({ event: 'granted' });
  });

  test('something else has the port', async () => {
    configure({ capture: 'udp', port: 5300 });
    const holder = server.spawn(process.execPath, [
      '-e',
      "require('dgram').createSocket('udp4').bind(5300, () => console.log('bound'))",
    ]);
    await holder.waitForLine(/bound/);
    expect(tagsOf(await check())).toContain('error spa-port-taken');
    await holder.stop();
  });
});

describe('interfaces', () => {
  test.each([
    ['missing0', 'error interface-missing'],
    ['eth0', undefined],
    ['to-inner', 'warning interface-not-facing'],
  ])('interface = %s', async (name, wanted) => {
    configure({ interface: name });
    expect(tagsOf(await check())).toEqual(wanted === undefined ? [] : [wanted]);
  });

  test('down, and up without an address', async () => {
    await server.run('ip', ['link', 'add', 'spare', 'type', 'veth', 'peer', 'name', 'other']);
    configure({ interface: 'spare' });
    expect(tagsOf(await check())).toEqual(['error interface-down']);
    await server.run('sh', ['-c', 'echo 1 > /proc/sys/net/ipv6/conf/spare/disable_ipv6; ip link set spare up']);
    expect(tagsOf(await check())).toEqual(['warning interface-without-address']);
    await server.run('ip', ['link', 'del', 'spare']);
  });
});

describe('services, files and others', () => {
  test('nothing listens', async () => {
    configure({ guard: 'tcp/22, tcp/2200' }, { allow: 'tcp/22, tcp/2200' });
    const report = await check();
    expect(tagsOf(report)).toEqual(['warning nothing-listens']);
    expect(report.findings[0]?.port).toBe('tcp/2200');
  });

  test('a service listens on loopback alone', async () => {
    const service = server.spawn(process.execPath, [
      '-e',
      "require('net').createServer().listen(2201, '127.0.0.1', () => console.log('bound'))",
    ]);
    await service.waitForLine(/bound/);
    configure({ guard: 'tcp/2201' }, { allow: 'tcp/2201' });
    const report = await check();
    expect(tagsOf(report)).toEqual(['warning listens-elsewhere']);
    expect(report.findings[0]?.message).toContain('listens on tcp/2201 at 127.0.0.1');
    await service.stop();
  });

  test('folders that cannot be written', async () => {
    const file = join(lab.dir, 'a-file');
    writeFileSync(file, '');
    mkdirSync(join(lab.dir, 'log', 'audit.jsonl'), { recursive: true });
    configure({ state_dir: join(file, 'state'), audit_log: join(lab.dir, 'log', 'audit.jsonl') });
    const report = await check();
    expect(tagsOf(report)).toEqual(['error not-writable', 'error not-writable']);
    await expect(spad.start()).rejects.toThrow();
  });

  test('another daemon that opens ports', async () => {
    // A stand-in by its name, which is all that is looked at.
    const file = join(lab.dir, 'knockd');
    copyFileSync('/bin/sleep', file);
    chmodSync(file, 0o755);
    const knockd = server.spawn(file, ['60']);
    await sleep(200);
    configure();
    const report = await check();
    expect(tagsOf(report)).toEqual(['warning other-daemon']);
    expect(report.findings[0]?.message).toContain(`knockd runs, too (process ${String(knockd.pid)})`);
    await knockd.stop('SIGKILL');
  });
});

describe('the command', () => {
  test('says it in plain lines', async () => {
    await server.run('iptables', ['-A', 'INPUT', '-p', 'tcp', '--dport', '22', '-j', 'DROP']);
    configure();
    const { code, stdout } = await spad.exec('check', '-c', spad.confFile);
    expect(code).toBe(1);
    expect(stdout).toContain(`${spad.confFile}: no errors, 1 client\n`);
    expect(stdout).toContain('error: a grant opens tcp/22 over IPv6 alone');
    expect(stdout).not.toMatch(/[^\x00-\x7f]/);
  });

  test('tells of the configuration first, and no more where it has errors', async () => {
    configure({ guard: 'tcp/nine' });
    const { code, stdout } = await spad.exec('check', '-c', spad.confFile);
    expect(code).toBe(1);
    expect(stdout).toMatch(/1 error\n$/);
  });

  test('--check reads the configuration alone', async () => {
    await nft('table inet filter { chain input { type filter hook input priority 0; policy drop;\n }\n }');
    configure();
    const { code, stdout } = await spad.exec('-c', spad.confFile, '--check');
    expect([code, stdout]).toEqual([0, `${spad.confFile}: no errors, 1 client\n`]);
  });

  test('changes nothing, and loads no table', async () => {
    configure();
    const state = (): Promise<string> =>
      server.run('sh', ['-c', 'nft -a list ruleset; cat /proc/net/ip_tables_names /proc/net/ip6_tables_names']);
    const before = await state();
    await check();
    expect(await state()).toBe(before);
  });
});

test('the guard that is looked at is the one that spad makes', async () => {
  configure({ guard: 'tcp/22, udp/500-510' });
  await spad.start();
  const reading = readNftRuleset(
    await server.run('nft', ['-j', 'list', 'ruleset']),
    await server.run('nft', ['-a', 'list', 'ruleset']),
  );
  const made = reading?.ruleset.find(({ table, name }) => table === 'inet spad' && name === 'guard');
  const guard = ['tcp/22', 'udp/500-510', 'udp/62201'].flatMap((text) => parsePortSpec(text) ?? []);
  const model = guardChain(guard, undefined);
  expect(made?.base).toEqual(model.base);
  const isOfGrants = (text: string): boolean => text.includes('@');
  expect(made?.rules.filter(({ text }) => !isOfGrants(text)).map(({ steps }) => steps)).toEqual(
    model.rules.map(({ steps }) => steps),
  );
  expect(made?.rules.filter(({ text }) => isOfGrants(text)).every(({ text }) => text.endsWith(' accept'))).toBe(true);
});
