/** Whether the spad that is built here can have the kernel drop junk. */
import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { builtFile } from '../../test/support/paths.ts';
import { QUIET_ENVIRONMENT } from '../environment.ts';
import type { Wire } from './wires.ts';

/** Asks it whether it takes such a configuration. */
export async function isSieveOffered({ host }: Wire, folder: string): Promise<boolean> {
  const conf = join(folder, 'spad.conf');
  const key = randomBytes(32).toString('base64');
  const text = `[spad]\nname = bench\ncapture = nflog\nguard = tcp/22\n\n[access client]\nkey = ${key}\nallow = tcp/22\n`;
  writeFileSync(conf, text, { mode: 0o600 });
  const check = [builtFile('bin/spad.cjs'), '--check', '-c', conf];
  return (await host.exec(process.execPath, check, { env: QUIET_ENVIRONMENT })).code === 0;
}
