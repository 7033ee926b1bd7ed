import { join } from 'node:path';
import type { Lab } from '../../../support/lab.ts';

/** Every program of fwknop's speaks English, and takes nothing from whoever runs the tests. */
export const FWKNOP_ENVIRONMENT = {
  ...{ LC_ALL: 'C', LANG: 'C' },
  ...{ SPOOF_USER: undefined, LOGNAME: undefined, USER: undefined, GNUPGHOME: undefined },
} as const;

/**
 * A shell command that becomes the program of its words and, where the laboratory's folder has a file `hosts`, reads
 * the names of hosts there and asks nobody else; in a mount namespace of its own.
 */
export function withHosts(lab: Lab): string {
  const hosts = join(lab.dir, 'hosts');
  const mounts = `mount --bind ${hosts} /etc/hosts && mount --bind /dev/null /etc/resolv.conf`;
  return `if [ -e ${hosts} ]; then ${mounts} || exit 1; fi; exec "$@"`;
}
