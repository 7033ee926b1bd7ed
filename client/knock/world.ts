import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { unixMs } from '../../src/base/units.ts';
import { hitTcp, hitUdp } from './hits.ts';
import type { KnockIo } from './io.ts';
import { lookUp } from './look-up.ts';

const readServices = (): string => {
  try {
    return readFileSync('/etc/services', 'utf8');
  } catch {
    // Without the file there are no names of services, as for the system's own resolver.
    return '';
  }
};

let services: string | undefined;

/** The real world. */
export const knockWorld: KnockIo = {
  out: (text) => void process.stdout.write(text),
  err: (text) => void process.stderr.write(text),
  env: process.env,
  posixly: process.env['POSIXLY_CORRECT'] !== undefined,
  now: () => unixMs(Date.now()),
  lookup: lookUp,
  services: () => (services ??= readServices()),
  hitTcp,
  hitUdp,
  sleep: (milliseconds) => sleep(milliseconds),
};
