/** Commands in the running daemon: crashes, stops, shells, users, failures, and a command that takes its time. */
import { randomBytes } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Host } from '../../support/host.ts';
import { Keyholder } from '../../support/keyholder.ts';
import { Lab } from '../../support/lab.ts';
import { startTcpService, tcpState } from '../../support/probe.ts';
import { Spad } from '../../support/spad.ts';
import { waitUntil } from '../../support/wait.ts';
import { loadRuleset, ruleset } from './own-ruleset.ts';

const alice = new Keyholder();
const bob = new Keyholder();
const ELEMENT = 'inet filter allowed{family} "{ {address} . {protocol} . {ports} }"';
const NFT = {
  open_command: `/usr/sbin/nft add element ${ELEMENT}`,
  close_command: `/usr/sbin/nft delete element ${ELEMENT}`,
};

let lab: Lab;
let client: Host;
let server: Host;
let spad: Spad;
let runs = 0;

beforeAll(async () => {
  lab = await Lab.create({ hosts: ['client', 'server'] });
  [client, server] = [lab.host('client'), lab.host('server')];
  // A command of another user's writes beside the laboratory's own files.
  chmodSync(lab.dir, 0o755);
  await startTcpService(server, [22]);
});
afterAll(() => lab.close());
beforeEach(async () => {
  await loadRuleset(server, lab, ruleset({ flags: 'interval' }));
  runs += 1;
  spad = new Spad(lab, server, `run${runs}`);
});
afterEach(() => spad.stop('SIGKILL'));

const configure = (daemon: Readonly<Record<string, string | number>>): void => {
  const access = { alice: { key: alice.base64, allow: 'tcp/22' }, bob: { key: bob.base64, allow: 'tcp/22, tcp/9' } };
  spad.configure({ daemon: { guard: undefined, ...daemon }, access });
};

const open = async (openFor: number, event = 'granted', allow = client.address4): Promise<void> => {
  const mark = spad.audit.mark();
  await spad.send(client, alice.seal({ ports: 'tcp/22', allow, openFor }));
  await spad.audit.waitFor({ event, allow }, mark);
};

const elements = async (): Promise<readonly string[]> => {
  const text = await server.run('nft', ['list', 'set', 'inet', 'filter', 'allowed4']);
  return [...text.matchAll(/[0-9.]+ \. \w+ \. [0-9-]+/g)].map(([element]) => element).sort();
};

const ssh = (address = client.address4): string => `${address} . tcp . 22`;

describe('a crash', () => {
  test('leaves nothing open past its time once spad is back, and what is live stays open', async () => {
    configure(NFT);
    await spad.start();
    await open(1, 'granted', '192.0.2.1');
    await open(300);
    await spad.stop('SIGKILL');
    await waitUntil('both to be open', async () => (await elements()).length === 2);
    await new Promise((resolve) => setTimeout(resolve, 1500));
    expect(await elements()).toEqual([ssh(), ssh('192.0.2.1')].sort());
    await spad.start();
    expect(await elements()).toEqual([ssh()]);
    expect(await tcpState(client, server.address4, 22)).toBe('open');
  });

  test('and then another configuration: what the earlier one has opened is closed by its own command', async () => {
    configure(NFT);
    await spad.start();
    await open(300);
    await spad.stop('SIGKILL');
    configure({ nft_set: 'inet filter allowed4, inet filter allowed6' });
    await loadRuleset(server, lab, ruleset({ more4: `elements = { ${ssh()} }` }));
    await spad.start({ until: /what it left there is removed/ });
    await waitUntil('the grant to be one of the set', async () => {
      const text = await server.run('nft', ['list', 'set', 'inet', 'filter', 'allowed4']);
      return text.includes(`${ssh()} timeout`) && text.includes('comment "spad"');
    });
  });

  test('in the middle of an open command: what was remembered is opened anew, told of, and closed on time', async () => {
    const [program, hang] = [join(lab.dir, `slow${runs}.sh`), join(lab.dir, `hang${runs}`)];
    const add = 'nft add element inet filter allowed4 "{ $1 . tcp . 22 }"';
    writeFileSync(program, `#!/bin/sh\n${add}\n[ ! -e ${hang} ] || sleep 30\n`, { mode: 0o755 });
    writeFileSync(hang, '');
    configure({ ...NFT, open_command: `${program} {address}`, command_timeout: 60 });
    await spad.start();
    await spad.send(client, alice.seal({ ports: 'tcp/22', openFor: 15, allow: client.address4 }));
    await waitUntil('the element', async () => (await elements()).length === 1);
    await spad.stop('SIGKILL');
    expect(await elements()).toEqual([ssh()]);
    expect(spad.audit.all({ event: 'granted' })).toEqual([]);
    rmSync(hang);
    await spad.start();
    expect(spad.audit.all({ event: 'restored', allow: client.address4 })).toHaveLength(1);
    expect(await elements()).toEqual([ssh()]);
    await waitUntil('the end', async () => (await elements()).length === 0, 20_000);
    await spad.audit.waitFor({ event: 'expired', allow: client.address4 });
  });
});

test('a stop closes what is open, for nobody else would, and the next start opens it again', async () => {
  configure(NFT);
  await spad.start();
  await open(300);
  expect(await elements()).toEqual([ssh()]);
  await spad.stop();
  expect(await elements()).toEqual([]);
  await spad.start();
  expect(await elements()).toEqual([ssh()]);
});

test('a shell gets the values in its environment, and they mean nothing else to it', async () => {
  const log = join(lab.dir, `shell${runs}`);
  configure({
    command_shell: 'yes',
    open_command: `nft add element inet filter allowed4 "{ $SPAD_ADDRESS . $SPAD_PROTOCOL . $SPAD_PORTS }" && env | grep ^SPAD_ | sort > ${log}`,
    close_command: 'nft delete element inet filter allowed4 "{ $SPAD_ADDRESS . $SPAD_PROTOCOL . $SPAD_PORTS }"',
  });
  await spad.start();
  await open(2);
  expect(await tcpState(client, server.address4, 22)).toBe('open');
  expect(readFileSync(log, 'utf8')).toMatch(
    /^SPAD_ADDRESS=10\.99\.0\.1\nSPAD_FAMILY=4\nSPAD_FIRST=22\nSPAD_LAST=22\nSPAD_PORT=22\nSPAD_PORTS=22\nSPAD_PROTOCOL=tcp\nSPAD_SECONDS=2\nSPAD_UNTIL=\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ\n$/,
  );
  await waitUntil('the end', async () => (await elements()).length === 0, 5000);
});

test('command_user runs them, in / and without groups of ours', async () => {
  const folder = join(lab.dir, `user${runs}`);
  mkdirSync(folder);
  chmodSync(folder, 0o777);
  const text = `sh -c "id -u; id -G; pwd" > ${folder}/$SPAD_ADDRESS`;
  configure({ command_shell: 'yes', open_command: text, close_command: 'true', command_user: 'nobody' });
  await spad.start();
  await open(300);
  expect(readFileSync(join(folder, client.address4), 'utf8')).toBe('65534\n65534\n/\n');
});

test('a command that fails is told with what it said; the client is told nothing, and nothing is open', async () => {
  configure({ ...NFT, open_command: `/usr/sbin/nft add element inet filter nothing{family} "{ {address} }"` });
  await spad.start();
  await open(300, 'failed');
  const [line] = spad.audit.all({ event: 'failed' });
  expect(line?.reason).toBe('firewall-failed');
  await spad.process.waitForLine(
    /the firewall refused a change: open_command for 10\.99\.0\.1 tcp\/22: status 1: Error/,
  );
  const mark = spad.audit.mark();
  await new Promise((resolve) => setTimeout(resolve, 1500));
  expect(spad.audit.all({ event: 'repaired' }, mark)).toEqual([]);
});

test('while a command takes its time, packets are judged and told, junk is counted, and ends are kept', async () => {
  const slow = join(lab.dir, `slow${runs}.sh`);
  const go = join(lab.dir, `go${runs}`);
  writeFileSync(
    slow,
    `#!/bin/sh\n[ "$1" = 192.0.2.99 ] && until [ -e ${go} ]; do sleep 0.05; done\nexec nft add element inet filter allowed4 "{ $1 . tcp . $2 }"\n`,
    { mode: 0o755 },
  );
  configure({ ...NFT, open_command: `${slow} {address} {ports}`, command_timeout: 60 });
  await spad.start();
  const first = alice.seal({ ports: 'tcp/22', allow: client.address4, openFor: 2 });
  await spad.send(client, first);
  await spad.audit.waitFor({ event: 'granted', allow: client.address4 }, 0);
  const mark = spad.audit.mark();
  await spad.send(client, alice.seal({ ports: 'tcp/22', allow: '192.0.2.99', openFor: 60 }));
  await spad.sendAll(
    client,
    Array.from({ length: 2000 }, () => randomBytes(176)),
  );
  await spad.send(client, first);
  await spad.audit.waitFor({ event: 'rejected', reason: 'replayed' }, mark);
  expect(await spad.junkCount()).toBeGreaterThan(500);
  await waitUntil('the first grant to end', async () => (await elements()).length === 0, 5000);
  expect(spad.audit.all({ event: 'granted' }, mark)).toEqual([]);
  expect(existsSync(go)).toBe(false);
  writeFileSync(go, '');
  await spad.audit.waitFor({ event: 'granted', allow: '192.0.2.99' }, mark);
  await spad.audit.waitFor({ event: 'expired', allow: client.address4 }, mark);
  expect(await elements()).toEqual([ssh('192.0.2.99')]);
});

test('a reload runs the commands again for what is open', async () => {
  configure(NFT);
  await spad.start();
  await open(300);
  await loadRuleset(server, lab, ruleset({ flags: 'interval' }));
  expect(await elements()).toEqual([]);
  await spad.reload();
  expect(await elements()).toEqual([ssh()]);
});
