/** spad on fwknop's own files, and on what it has made of them: the real client of fwknop opens ports. */
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { openInKernel } from '../support/grant-list.ts';
import type { Host } from '../support/host.ts';
import { Keyholder } from '../support/keyholder.ts';
import { Lab } from '../support/lab.ts';
import type { LabProcess } from '../support/lab-process.ts';
import { builtFile } from '../support/paths.ts';
import { startTcpService, tcpState } from '../support/probe.ts';
import { Spad } from '../support/spad.ts';

let lab: Lab;
let client: Host;
let server: Host;
let spad: Spad;
let runs = 0;
let daemon: LabProcess | undefined;

beforeAll(async () => {
  lab = await Lab.create({ hosts: ['client', 'server'] });
  [client, server] = [lab.host('client'), lab.host('server')];
  await startTcpService(server, [22, 80]);
});
afterAll(() => lab.close());
beforeEach(() => {
  runs += 1;
  spad = new Spad(lab, server, `run${runs}`);
});
afterEach(async () => {
  await daemon?.stop('SIGTERM', 15_000);
  daemon = undefined;
  await spad.exec('flush');
});

const file = (name: string, text: string): string => {
  const path = join(spad.dir, name);
  writeFileSync(path, text, { mode: 0o600 });
  return path;
};

const stanza = (key: string, rest = 'OPEN_PORTS tcp/22\n'): string =>
  `SOURCE ANY\nKEY ${key}\nHMAC_KEY h-${key}\n${rest}`;

const ready = /^spad: ready: .*/;

async function start(...words: string[]): Promise<string> {
  const args = [builtFile('bin/spad.cjs'), ...words];
  daemon = server.spawn(process.execPath, args);
  const [line] = await daemon.waitForLine(ready, 20_000);
  // A first start refuses what is older than itself, and the time in a packet of fwknop's is a whole second.
  await setTimeout(1000);
  return line;
}

/** The options that keep one run apart from the next. */
const apart = (): string[] => ['--state-dir', spad.stateDir, '--audit-log', spad.audit.path];

/** Asks for a port as fwknop's own client does. */
async function ask(key: string, access = 'tcp/22'): Promise<void> {
  const keys = ['--key-rijndael', key, '--key-hmac', `h-${key}`, '--use-hmac'];
  const rest = ['--no-save-args', '--no-rc-file'];
  const args = ['-A', access, '-a', client.address4, '-D', server.address4, ...keys, ...rest];
  await client.run('fwknop', args, { env: { LC_ALL: 'C', SPOOF_USER: 'tester', HOME: lab.dir } });
}

describe('spad --fwknop-access', () => {
  test('opens for the client of fwknop, guards OPEN_PORTS, and says so', async () => {
    const access = file('access.conf', stanza('one'));
    expect(await start('--fwknop-access', access, ...apart())).toContain('1 client');
    expect(daemon?.stderr).toContain('guarding tcp/22, the OPEN_PORTS of all stanzas');
    expect([await tcpState(client, server.address4, 22), await tcpState(client, server.address4, 80)]).toEqual([
      'filtered',
      'open',
    ]);
    await ask('one');
    await spad.audit.waitFor({ event: 'granted', stanza: 'stanza-1' });
    expect(await openInKernel(server)).toEqual([`${client.address4} tcp/22`]);
    expect(await tcpState(client, server.address4, 22)).toBe('open');
  });

  test('reads the files again at SIGHUP, fwknopd.conf and includes too', async () => {
    const inner = file('inner.conf', stanza('one'));
    const access = file('access.conf', `%include ${inner}\n`);
    const config = file('fwknopd.conf', `PCAP_INTF eth0;\nACCESS_FILE ${access};\n`);
    await start('--fwknop-config', config, ...apart());
    file('inner.conf', stanza('two', 'OPEN_PORTS tcp/80\n'));
    const mark = daemon?.mark() ?? 0;
    daemon?.kill('SIGHUP');
    await daemon?.waitForLine(/capturing again on/, 15_000, mark);
    await ask('one', 'tcp/80');
    await ask('two', 'tcp/80');
    await spad.audit.waitFor({ event: 'granted' });
    expect(await openInKernel(server)).toEqual([`${client.address4} tcp/80`]);
    expect(await tcpState(client, server.address4, 22)).toBe('open');
    file('inner.conf', 'SOURCE ANY\n');
    daemon?.kill('SIGHUP');
    await daemon?.waitForLine(/inner\.conf:1: stanza-1: no key/, 15_000, mark);
    await daemon?.waitForLine(/has errors; the old policy stands/, 15_000, mark);
  });

  test('a stanza without an HMAC key needs to be allowed', async () => {
    const access = file('access.conf', 'SOURCE ANY\nKEY one\nOPEN_PORTS tcp/22\n');
    const { code, stderr } = await spad.exec('--fwknop-access', access, ...apart());
    expect(code).toBe(1);
    expect(stderr).toContain(`${access}:1: stanza-1: no HMAC key`);
    expect(stderr).toContain('start spad with --fwknop-allow-no-hmac');
    await start('--fwknop-access', access, '--fwknop-allow-no-hmac', '--dry-run', ...apart());
    expect(daemon?.stderr).toContain(`warning: ${access}:1: stanza-1: no HMAC key`);
  });

  test('a file of keys that others can read is refused', async () => {
    const access = file('access.conf', stanza('one'));
    await server.run('chmod', ['644', access]);
    const { code, stdout } = await spad.exec('--check', '--fwknop-access', access);
    expect([code, stdout]).toEqual([1, expect.stringContaining('is readable by others (mode 0644): run chmod 600')]);
  });
});

describe('spad import', () => {
  test('what it writes is checked, and opens for the same client', async () => {
    const access = file('access.conf', stanza('one'));
    const out = join(spad.dir, 'spad.conf');
    const words = ['import', '--fwknop', access, '--name', 'gw1', '--out', out];
    const { code, stdout } = await spad.exec(...words);
    expect(code).toBe(0);
    expect(stdout).toContain(`${access}:4: OPEN_PORTS: kept as allow in [access stanza-1]\n`);
    expect(statSync(out).mode & 0o777).toBe(0o600);
    expect((await spad.exec(...words)).stderr).toContain('is there already: name another file, or say --force');
    expect((await spad.exec(...words, '--force')).code).toBe(0);
    const own = `state_dir = ${spad.stateDir}\naudit_log = ${spad.audit.path}\n`;
    writeFileSync(out, readFileSync(out, 'utf8').replace('[spad]\n', `[spad]\n${own}`));
    const checked = (await spad.exec('--check', '-c', out)).stdout;
    expect(checked).toMatch(/^firewall = auto comes to nftables here: .*\n/);
    expect(checked.split('\n').slice(1)).toEqual([`${out}: no errors, 1 client`, '']);
    await start('-c', out);
    await ask('one');
    await spad.audit.waitFor({ event: 'granted', stanza: 'stanza-1' });
    expect(await tcpState(client, server.address4, 22)).toBe('open');
  });

  test('without --out, the text comes by itself', async () => {
    const { code, stdout, stderr } = await spad.exec(
      'import',
      '--knockd',
      file('knockd.conf', '[a]\nsequence = 1,2\ncommand = x\n'),
    );
    expect(code).toBe(0);
    expect(stdout).toContain('[door a]\nsequence = 1,2\n');
    expect(stderr).toContain('knockd.conf:2: SEQUENCE: kept as sequence in [door a]');
  });
});

test('fwknop beside our own clients, from access.conf and from spad.conf', async () => {
  const alice = new Keyholder();
  const access = file('access.conf', stanza('one'));
  const both = `[access alice]\nformat = both\nkey = ${alice.base64}\nfwknop_key = two\nhmac_key = h-two\nallow = tcp/80\n`;
  const own = `state_dir = ${spad.stateDir}\naudit_log = ${spad.audit.path}\nfwknop_access = ${access}\n`;
  spad.writeConf(`[spad]\nname = gw1\nguard = tcp/22, tcp/80\n${own}${both}`);
  expect(await start('-c', spad.confFile)).toContain('2 clients');
  await ask('one');
  await spad.audit.waitFor({ event: 'granted', stanza: 'stanza-1' });
  await ask('two', 'tcp/80');
  await spad.audit.waitFor({ event: 'granted', stanza: 'alice' });
  await spad.send(client, alice.seal({ ports: 'tcp/80' }));
  await spad.audit.waitFor({ event: 'extended', stanza: 'alice' });
  expect(await openInKernel(server)).toEqual([`${client.address4} tcp/22`, `${client.address4} tcp/80`]);
});
