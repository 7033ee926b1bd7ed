/** Packets of the real fwknop client, and the keys that they are made with. */
import { randomBytes } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Host } from '../../test/support/host.ts';
import { QUIET_ENVIRONMENT } from '../environment.ts';
import { type PacketSource, SPA_PORT } from './contender.ts';

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

/** One packet a port by the real client, which sends nothing (`--test`). */
export async function makePackets(maker: PacketMaker, ports: readonly number[]): Promise<readonly PacketSource[]> {
  const { from, to, keys, folder } = maker;
  const file = join(folder, 'packets');
  writeFileSync(file, '');
  const words = [
    ...['fwknop', '--test', '--no-rc-file', '--no-save-args', '-a', from.address4, '-D', to.address4],
    ...['-p', String(SPA_PORT), '--key-base64-rijndael', keys.cipher, '--use-hmac', '--key-base64-hmac', keys.mac],
    ...['--save-packet-append', '--save-packet', file],
  ];
  const script = `for port; do ${words.join(' ')} -A "udp/$port" || exit 1; done >${join(folder, 'client.log')} 2>&1`;
  const env = { ...QUIET_ENVIRONMENT, HOME: folder };
  await from.run('sh', ['-c', script, 'sh', ...ports.map(String)], { env, timeoutMs: 60_000 });
  const packets = readFileSync(file, 'latin1').trim().split('\n');
  if (packets.length !== ports.length) throw new Error(`fwknop made ${packets.length} packets, not ${ports.length}`);
  return packets.map((packet) => () => Buffer.from(packet, 'latin1'));
}
