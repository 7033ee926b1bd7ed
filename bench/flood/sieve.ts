/** Whether the kernel can drop junk for the spad that is built here. */
import { join } from 'node:path';
import { builtFile } from '../../test/support/paths.ts';
import { writeFileSync } from 'node:fs';
import type { Wire } from './wires.ts';

/** A spad that does not know the directive, and a host that cannot do it, both refuse the configuration. */
export async function isSieveOffered({ host }: Wire, folder: string): Promise<boolean> {
  const conf = join(folder, 'spad.conf');
  const key = Buffer.alloc(32, 7).toString('base64');
  writeFileSync(conf, `[spad]\nname = bench\ncapture = nflog\nguard = tcp/22\n\n[access client]\nkey = ${key}\n`, {
    mode: 0o600,
  });
  return (await host.exec(process.execPath, [builtFile('server/main.js'), '--check', '-c', conf])).code === 0;
}
