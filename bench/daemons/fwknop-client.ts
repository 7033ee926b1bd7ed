/** Packets of the real fwknop client, and the keys that they are made with. */
import { randomBytes } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Host } from '../../test/support/host.ts';
import { QUIET_ENVIRONMENT } from '../environment.ts';
import { type PacketSource, type Ports, SPA_PORT } from './contender.ts';

/** Base64. */
export interface FwknopKeys {
  readonly cipher: string;
  readonly mac: string;
}

export const newFwknopKeys = (): FwknopKeys => ({
  cipher: randomBytes(32).toString('base64'),
  mac: randomBytes(64).toString('base64'),
});

export interface PacketMaker {
  readonly from: Host;
  readonly to: Host;
  readonly keys: FwknopKeys;
  readonly folder: string;
}

/** What a packet asks for. */
export interface PacketRequest {
  readonly allow: string;
  readonly port: number;
}

export const portRequest =
  (client: Host) =>
  (port: number): PacketRequest => ({ allow: client.address4, port });

export const addressRequest =
  ({ first }: Ports) =>
  (allow: string): PacketRequest => ({ allow, port: first });

/** One packet for each request by the real client, which sends nothing (`--test`). */
export async function makePackets(
  maker: PacketMaker,
  requests: readonly PacketRequest[],
): Promise<readonly PacketSource[]> {
  const { from, to, keys, folder } = maker;
  const file = join(folder, 'packets');
  writeFileSync(file, '');
  const words = [
    ...['fwknop', '--test', '--no-rc-file', '--no-save-args', '-D', to.address4],
    ...['-p', String(SPA_PORT), '--key-base64-rijndael', keys.cipher, '--use-hmac', '--key-base64-hmac', keys.mac],
    ...['--save-packet-append', '--save-packet', file],
  ];
  const command = `${words.join(' ')} -a "\${one%,*}" -A "udp/\${one#*,}"`;
  const script = `for one; do ${command} || exit 1; done >${join(folder, 'client.log')} 2>&1`;
  const env = { ...QUIET_ENVIRONMENT, HOME: folder };
  const list = requests.map(({ allow, port }) => `${allow},${port}`);
  await from.run('sh', ['-c', script, 'sh', ...list], { env, timeoutMs: 120_000 });
  const packets = readFileSync(file, 'latin1').trim().split('\n');
  if (packets.length !== list.length) throw new Error(`fwknop made ${packets.length} packets, not ${list.length}`);
  return packets.map((packet) => () => Buffer.from(packet, 'latin1'));
}
