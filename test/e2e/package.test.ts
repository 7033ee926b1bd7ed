/** The Debian package: made twice the same, installed by apt, used, upgraded and purged, in a Debian of its own. */
import { readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { buildDeb } from '../support/deb.ts';
import { DebianRoot } from '../support/debian-root.ts';
import { openInKernel } from '../support/grant-list.ts';
import type { Host } from '../support/host.ts';
import { Lab } from '../support/lab.ts';
import type { LabProcess } from '../support/lab-process.ts';
import { startTcpService, tcpState } from '../support/probe.ts';

let lab: Lab;
let client: Host;
let attacker: Host;
let server: Host;
let debian: DebianRoot;
let deb = '';
let before: ReadonlySet<string>;

/** What apt, dpkg and man keep for themselves, and the user's own folder. */
const OTHERS =
  /^\/(?:proc|sys|dev|run|tmp|root)\/|^\/etc\/(?:(?:passwd|g?shadow|group|sub[ug]id)-?|\.pwd\.lock)$|^\/var\/(?:cache|lib\/(?:apt|dpkg|systemd)|log\/(?:apt|dpkg|alternatives))\b/;

const inDebian = (): string => `/tmp/${basename(deb)}`;

const start = async (): Promise<LabProcess> => {
  const daemon = debian.spawn('spad');
  await daemon.waitForLine(/^spad: ready\b/, 20_000);
  return daemon;
};

beforeAll(async () => {
  lab = await Lab.create({ hosts: ['client', 'attacker', 'server'] });
  [client, attacker, server] = [lab.host('client'), lab.host('attacker'), lab.host('server')];
  debian = await DebianRoot.create(lab, server);
  await startTcpService(server, [22]);
  before = await debian.changes(OTHERS);
});
afterAll(() => lab.close());

test('made twice, it is the same to the byte', () => {
  deb = buildDeb(join(lab.dir, 'one'));
  expect(readFileSync(deb).equals(readFileSync(buildDeb(join(lab.dir, 'two'))))).toBe(true);
});

test('is installed by apt; programs and pages are there, and nothing is guarded or started', async () => {
  await debian.bring(deb);
  const said = await debian.run('apt-get', ['-q', '--no-install-recommends', '-y', 'install', inDebian()]);
  expect(said).toContain('"spad init" writes a configuration');
  // The node that the programs run on is the package's own.
  expect((await debian.exec('sh', ['-c', 'command -v node'])).stdout).toBe('');
  for (const [name, file] of [
    ['spad', 'spad.8'],
    ['spad.conf', 'spad.conf.5'],
    ['spa-client', 'spa-client.1'],
    ['spa-keys', 'spa-keys.1'],
  ] as const) {
    expect(await debian.run('man', ['-w', name])).toContain(`/${file}.gz`);
    if (name !== 'spad.conf') expect(await debian.run(name, ['--version'])).toMatch(/\b\d+\.\d+\.\d+\n$/);
  }
  expect(await debian.run('stat', ['-c', '%a %U:%G', '/etc/spad'])).toBe('750 root:spad\n');
  expect(await debian.run('stat', ['-c', '%a %U:%G', '/usr/lib/spad/node'])).toBe('755 root:root\n');
  const { code, stdout } = await debian.exec('spad', ['--check']);
  expect({ code, stdout }).toEqual({
    code: 1,
    stdout: expect.stringContaining('no file /etc/spad/spad.conf') as string,
  });
  expect(await debian.run('ls', ['-A', '/etc/spad'])).toBe('');
  expect(await server.run('nft', ['list', 'ruleset'])).not.toContain('spad');
  // Left by the installation, so that no program has to write there.
  expect(await debian.run('sh', ['-c', 'ls /usr/lib/spad/dist/bin'])).toMatch(/spad-\S+\.cache/);
});

test('ships a bill of what it ships: every npm package that is there, and the Node.js', async () => {
  const bill = JSON.parse(await debian.run('cat', ['/usr/share/doc/spad/sbom.cdx.json'])) as {
    readonly components: readonly { readonly name: string; readonly version: string }[];
  };
  const find = ['/usr/lib/spad/node_modules', '-name', 'package.json', '-path', '*node_modules/*'];
  const manifests = (await debian.run('find', find)).trim().split('\n');
  const there = await Promise.all(
    manifests.map(async (file) => JSON.parse(await debian.run('cat', [file])) as { name?: string; version?: string }),
  );
  const node = (await debian.run('/usr/lib/spad/node', ['--version'])).trim().slice(1);
  const shipped = there.flatMap(({ name, version }) => (name && version ? [`${name} ${version}`] : []));
  expect(bill.components.map(({ name, version }) => `${name} ${version}`).sort()).toEqual(
    [...shipped, `node ${node}`].sort(),
  );
});

test('brings completions to where each shell looks for them', async () => {
  for (const name of ['spad', 'spa-client', 'spa-keys']) {
    const [bash, zsh, fish] = await Promise.all(
      [
        `/usr/share/bash-completion/completions/${name}`,
        `/usr/share/zsh/vendor-completions/_${name}`,
        `/usr/share/fish/vendor_completions.d/${name}.fish`,
      ].map((file) => debian.run('cat', [file])),
    );
    expect(bash).toMatch(new RegExp(`^complete -F \\S+ ${name}$`, 'm'));
    expect(zsh?.split('\n')[0]).toBe(`#compdef ${name}`);
    expect(fish).toContain(`complete -c ${name} `);
  }
  const tried =
    'source /usr/share/bash-completion/completions/spad; COMP_WORDS=(spad rev); COMP_CWORD=1; _spad; echo "$COMPREPLY"';
  expect(await debian.run('bash', ['-c', tried])).toBe('revoke\n');
});

test('its units and its logrotate file are sound', async () => {
  const units = ['/usr/lib/systemd/system/spad.service', '/usr/lib/systemd/system/spad-knockd.service'];
  for (const unit of units) expect(await debian.run('cat', [unit])).toMatch(/^ExecStart=\/usr\/bin\/spad\b/m);
  if ((await debian.exec('sh', ['-c', 'command -v systemd-analyze'])).code === 0) {
    const { stderr } = await debian.exec('systemd-analyze', ['verify', '--man=no', ...units]);
    expect(stderr.split('\n').filter((line) => line.includes('spad'))).toEqual([]);
  }
  if ((await debian.exec('sh', ['-c', 'command -v logrotate'])).code === 0) {
    const { code, stderr } = await debian.exec('logrotate', ['--debug', '/etc/logrotate.d/spad']);
    expect(code, stderr).toBe(0);
  }
});

test('does the main job, and an upgrade keeps what is open and what is remembered', async () => {
  const options = ['--name', 'gw1', '--guard', 'tcp/22', '--client', 'alice', '--host', server.address4, '--yes'];
  const said = await debian.run('spad', ['init', ...options]);
  await debian.run('spa-client', ['join', '--no-test', /^spa1-\S+$/m.exec(said)?.[0] ?? 'no invite']);
  const daemon = await start();
  expect(await tcpState(client, server.address4, 22)).toBe('filtered');
  const ask = ['--source', '--open-for', '10m', '--wait', '--access', 'tcp/22', 'gw1'];
  await debian.run('spa-client', ask, client);
  expect(await tcpState(client, server.address4, 22)).toBe('open');
  expect(await tcpState(attacker, server.address4, 22)).toBe('filtered');

  const remembered = await debian.run('sha256sum', ['/var/lib/spad/replay.journal', '/etc/spad/spad.conf']);
  await debian.run('dpkg', ['--install', inDebian()]);
  expect(await debian.run('sha256sum', ['/var/lib/spad/replay.journal', '/etc/spad/spad.conf'])).toBe(remembered);
  expect(await openInKernel(server)).toEqual([`${client.address4} tcp/22`]);
  expect((await daemon.stop()).code).toBe(0);
  const next = await start();
  expect(await debian.run('spad', ['grants'])).toMatch(/alice.*tcp\/22/);
  expect(await tcpState(client, server.address4, 22)).toBe('open');
  expect((await next.stop()).code).toBe(0);
  expect(await tcpState(attacker, server.address4, 22)).toBe('filtered');
});

test('removed, it takes its guard away and leaves the configuration; purged, nothing is left', async () => {
  const said = await debian.run('dpkg', ['--remove', 'spad']);
  expect(said).toContain('what it has put into the firewall is taken away');
  expect(await tcpState(attacker, server.address4, 22)).toBe('open');
  expect(await server.run('nft', ['list', 'ruleset'])).not.toContain('spad');
  expect(await debian.run('ls', ['/etc/spad', '/var/lib/spad'])).toMatch(/spad\.conf[^]*replay\.journal/);
  await debian.run('dpkg', ['--purge', 'spad']);
  for (const base of ['passwd', 'group']) expect((await debian.exec('getent', [base, 'spad'])).stdout).toBe('');
  const after = await debian.changes(OTHERS);
  expect([...after].filter((path) => !before.has(path))).toEqual([]);
  expect([...before].filter((path) => !after.has(path))).toEqual([]);
});
