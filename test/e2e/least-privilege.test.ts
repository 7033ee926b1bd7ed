/** The daemon with the capabilities that its systemd unit leaves it, and no more: it works, and the kernel says what it has. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Keyholder } from '../support/keyholder.ts';
import { Lab } from '../support/lab.ts';
import { repositoryRoot } from '../support/paths.ts';
import { startTcpService, waitForTcpState } from '../support/probe.ts';
import { statusOf } from '../support/proc-status.ts';
import { Spad } from '../support/spad.ts';
import { waitFor } from '../support/wait.ts';

/** include/uapi/linux/capability.h */
const NUMBERS: Readonly<Record<string, bigint>> = {
  CAP_KILL: 5n,
  CAP_SETGID: 6n,
  CAP_SETUID: 7n,
  CAP_NET_ADMIN: 12n,
  CAP_NET_RAW: 13n,
};

const unit = readFileSync(join(repositoryRoot(), 'packaging/systemd/spad.service'), 'utf8');
const left = /^CapabilityBoundingSet=(.*)$/m.exec(unit)?.[1]?.split(' ') ?? [];
const mask = left.reduce((sum, name) => sum | (1n << (NUMBERS[name] ?? 63n)), 0n);

const alice = new Keyholder();
let lab: Lab;
beforeAll(async () => {
  lab = await Lab.create({ hosts: ['client', 'server'] });
  await startTcpService(lab.host('server'), [22]);
});
afterAll(() => lab.close());

const capabilities = (pid: number, set: string): bigint => BigInt(`0x${statusOf(pid)[`Cap${set}`] ?? ''}`);

test('the unit leaves five capabilities and lets none be gained', () => {
  expect([...left].sort()).toEqual(Object.keys(NUMBERS).sort());
  expect(unit).toMatch(/^NoNewPrivileges=yes$/m);
});

test.each(['nflog', 'pcap'])(
  'with these alone it opens, reloads and replaces its receiver (capture = %s)',
  async (capture) => {
    const [client, server] = [lab.host('client'), lab.host('server')];
    const spad = new Spad(lab, server, capture);
    spad.configure({ daemon: { capture }, access: { alice: { key: alice.base64, allow: 'tcp/22, tcp/9' } } });
    const names = left.map((name) => `+${name.slice(4).toLowerCase()}`).join(',');
    const through = `exec setpriv --no-new-privs --inh-caps=-all --bounding-set=-all,${names} "$@"`;
    const { pid } = await spad.start({ through });
    for (const thread of readdirSync(`/proc/${String(pid)}/task`)) {
      const status = statusOf(thread);
      expect(status).toMatchObject({ NoNewPrivs: '1', Uid: '0\t0\t0\t0' });
      for (const set of ['Eff', 'Prm', 'Bnd']) expect(BigInt(`0x${status[`Cap${set}`] ?? ''}`)).toBe(mask);
      for (const set of ['Inh', 'Amb']) expect(BigInt(`0x${status[`Cap${set}`] ?? ''}`)).toBe(0n);
    }
    await spad.send(client, alice.seal({ ports: 'tcp/22', openFor: 60 }));
    await waitForTcpState(client, { address: server.address4, port: 22 }, 'open');

    const before = await spad.receiverPid();
    expect(capabilities(before, 'Eff')).toBe(0n);
    const mark = spad.process.mark();
    process.kill(before, 'SIGKILL');
    await spad.process.waitForLine(/spad: capturing again on/, 20_000, mark);
    await spad.settle(client, alice);
    await spad.reload();
    await spad.settle(client, alice, 5);
    const after = await waitFor('one receiver', async () => spad.receiverPid());
    expect(after).not.toBe(before);
    for (const set of ['Eff', 'Prm', 'Inh', 'Amb']) expect(capabilities(after, set)).toBe(0n);
    expect(statusOf(after)).toMatchObject({ NoNewPrivs: '1', Seccomp: '2' });
    expect((await spad.stop()).code).toBe(0);
  },
);
