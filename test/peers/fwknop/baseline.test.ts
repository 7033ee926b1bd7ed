/** The real client and the real daemon: what the harness stands on. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Lab } from '../../support/lab.ts';
import { sendDatagram, startTcpService, tcpState, waitForTcpState } from '../../support/probe.ts';
import { Fwknopd } from './harness/fwknopd.ts';
import { FwknopClient } from './harness/packets.ts';

const KEYS = ['--key-rijndael', 'a passphrase', '--key-hmac', 'another'];

let lab: Lab;
let daemon: Fwknopd;
let client: FwknopClient;

beforeAll(async () => {
  lab = await Lab.create({ hosts: ['client', 'server'] });
  const server = lab.host('server');
  daemon = new Fwknopd(lab, server);
  client = new FwknopClient(lab, lab.host('client'), server.address4);
  daemon.configure({
    access: [
      [
        ['SOURCE', 'ANY'],
        ['KEY', 'a passphrase'],
        ['HMAC_KEY', 'another'],
        ['FW_ACCESS_TIMEOUT', '8'],
      ],
    ],
    guard: ['22'],
  });
  await startTcpService(server, [22]);
  await daemon.start();
});

afterAll(() => lab.close());

test('the client opens a port for eight seconds', async () => {
  const at = { address: lab.host('server').address4, port: 22 };
  expect(await tcpState(client.host, at.address, 22)).toBe('filtered');
  const { code } = await client.send('-A', 'tcp/22', '-a', client.host.address4, ...KEYS);
  expect(code).toBe(0);
  await waitForTcpState(client.host, at, 'open');
  expect(await daemon.open()).toEqual([`${client.host.address4} tcp/22`]);
  await waitForTcpState(client.host, at, 'filtered', 30_000);
  expect(daemon.digests()).toHaveLength(1);
});

test('a packet made beforehand opens, and only once', async () => {
  const [packet = ''] = await client.make([['-A', 'tcp/22', '-s', ...KEYS]]);
  await sendDatagram(client.host, lab.host('server').address4, 62_201, Buffer.from(packet, 'latin1'));
  await daemon.logged('Added access rule to FWKNOP_INPUT', 2);
  await sendDatagram(client.host, lab.host('server').address4, 62_201, Buffer.from(packet, 'latin1'));
  await daemon.logged('Replay detected from source IP: 10.99.0.1');
});
