/** Requests that lead elsewhere: to a host behind, or to another port. */
import { scanTcp } from '../../support/probe.ts';
import { waitUntil } from '../../support/wait.ts';
import type { Variables } from './harness/fwknopd.ts';
import { scenario } from './harness/scenario.ts';
import { FIRST_INNER_PORT, FIRST_PORT, OTHER_GATEWAY, type Stage } from './harness/stage.ts';
import { table } from './harness/table.ts';
import { forwarding, masquerading, notForwarding, translating, withoutNames } from './scenarios/nat.ts';

const FORWARDING = [
  ['ENABLE_IPT_FORWARDING', 'Y'],
  ['ENABLE_IPT_LOCAL_NAT', 'Y'],
] as const;

table('forwarding', forwarding, { conf: FORWARDING });
table('no forwarding', notForwarding);
table('masquerading', masquerading, { conf: [...FORWARDING, ['ENABLE_IPT_SNAT', 'Y']] });
table('another source', translating, {
  conf: [...FORWARDING, ['ENABLE_IPT_SNAT', 'Y'], ['SNAT_TRANSLATE_IP', OTHER_GATEWAY]],
});
table('no names', withoutNames, { conf: [...FORWARDING, ['ENABLE_NAT_DNS', 'N']] });

const KEYS: Variables = [
  ['SOURCE', 'ANY'],
  ['KEY', 'forwarding'],
  ['HMAC_KEY', 'forwarding hmac'],
  ['FW_ACCESS_TIMEOUT', '10'],
];

const KEY_WORDS = ['--key-rijndael', 'forwarding', '--key-hmac', 'forwarding hmac'];

/** Lets the client, who is otherwise on the outside, send to the host behind without being sent there. */
async function routeInside(stage: Stage): Promise<void> {
  await stage.client.run('ip', ['route', 'add', '10.99.4.0/24', 'via', stage.server.address4]);
}

const inside = async (stage: Stage, ...ports: readonly number[]): Promise<readonly string[]> => [
  ...(await scanTcp(stage.client, stage.inner.address4, ports)).values(),
];

const outside = async (stage: Stage, ...ports: readonly number[]): Promise<readonly string[]> => [
  ...(await stage.scan(ports)).values(),
];

const FIRST_INNER = FIRST_INNER_PORT + 1;

scenario(
  'FORWARD_ALL without DNAT opens the way to every host behind',
  async (stage, expect) => {
    await routeInside(stage);
    await stage.start([[...KEYS, ['FORWARD_ALL', 'Y'], ['DISABLE_DNAT', 'Y']]], FORWARDING);
    expect(await inside(stage, FIRST_INNER, FIRST_INNER + 1)).toEqual(['filtered', 'filtered']);
    const nat = ['-N', `INNER_IP:${FIRST_INNER}`];
    await stage.send([await stage.make('-A', 'tcp/1', '-a', 'CLIENT_IP', ...nat, ...KEY_WORDS)]);
    await stage.settle();
    expect(await inside(stage, FIRST_INNER, FIRST_INNER + 1)).toEqual([
      `open hello from ${FIRST_INNER} to 10.99.0.1`,
      `open hello from ${FIRST_INNER + 1} to 10.99.0.1`,
    ]);
    await waitUntil('the way to close', async () => (await inside(stage, FIRST_INNER))[0] === 'filtered', 30_000);
  },
  // What a host forwards of itself is none of spad's affair: it has no say in the table where that is dropped.
  { ports: 2, without: ['access.conf', 'spad.conf'] },
);

scenario(
  'FORWARD_ALL with FORCE_NAT sends every port to the host behind',
  async (stage, expect) => {
    await stage.start([[...KEYS, ['FORWARD_ALL', 'Y'], ['FORCE_NAT', `INNER_IP ${FIRST_INNER}`]]], FORWARDING);
    await stage.send([await stage.make('-A', 'tcp/1', '-a', 'CLIENT_IP', ...KEY_WORDS)]);
    await stage.settle();
    expect(await outside(stage, FIRST_INNER, FIRST_INNER + 1)).toEqual([
      `open hello from ${FIRST_INNER} to 10.99.0.1`,
      `open hello from ${FIRST_INNER + 1} to 10.99.0.1`,
    ]);
    await waitUntil('the port to close', async () => (await outside(stage, FIRST_PORT + 1))[0] === 'filtered', 30_000);
  },
  { ports: 2 },
);

scenario(
  '--nat-rand-port leads from the port that the client names',
  async (stage, expect) => {
    await stage.start([KEYS], FORWARDING);
    const nat = ['-N', stage.expand(`INNER_IP:${FIRST_INNER}`), '--nat-rand-port'];
    const { stdout } = await stage.fwknop.send('-A', 'tcp/22', '-a', stage.client.address4, ...nat, ...KEY_WORDS);
    const port = Number(/port \S*?(\d{4,5})/.exec(stdout)?.[1]);
    expect(port, stdout).toBeGreaterThan(1023);
    await stage.settle();
    expect(await outside(stage, port)).toEqual([`open hello from ${FIRST_INNER} to 10.99.0.1`]);
  },
  { ports: 1 },
);
