/** What fwknop's side of the authorizer reads that others write: its own log, fwknopd's cache, gpg's status. */
import { CLOSES } from '../../src/access/pending-close.ts';
import { decodePendingLog, encodePendingEvent } from '../../src/base/pending-log.ts';
import { unixMs } from '../../src/base/units.ts';
import { parseFwknopCache } from '../../src/replay/fwknop-cache.ts';
import { parseGpgStatus } from '../../src/spa/fwknop/gpg-status.ts';
import { ascii, ip, ports } from '../unit/values.ts';

const textOf = (input: Uint8Array): string => Buffer.from(input).toString('utf8');

const closeLog = (input: Uint8Array): string | undefined => {
  const { pending } = decodePendingLog(textOf(input), CLOSES);
  if (pending.some(({ run }) => run.argv.length === 0)) return 'a close without a program';
  const text = pending.map((stop) => `${encodePendingEvent({ kind: 'pending', stop }, CLOSES)}\n`).join('');
  const again = decodePendingLog(text, CLOSES);
  return again.unreadable === 0 && again.pending.length === pending.length ? undefined : 'closes that are lost';
};

const digestCache = (input: Uint8Array): string | undefined => {
  const { digests } = parseFwknopCache(Buffer.from(input).toString('latin1'));
  return [...digests].every((key) => key.length === 16) ? undefined : 'a digest of another length';
};

/** Nobody is believed to have opened a message, or to have signed it, without the line that says so. */
const gpgStatus = (input: Uint8Array): string | undefined => {
  const text = textOf(input);
  const { opened, signatures } = parseGpgStatus(text);
  if (opened && !text.includes('[GNUPG:] DECRYPTION_OKAY')) return 'opened without a word';
  const said = text.split('[GNUPG:] GOODSIG').length - 1;
  return signatures.filter(({ good }) => good).length <= said ? undefined : 'more good signatures than gpg found';
};

const CLOSE = {
  ...{ id: 'a', unit: 'u', opened: 'o', stanza: 's', allow: ip('192.0.2.1'), ports: ports('tcp/22') },
  ...{ run: { argv: ['/c', 'x'], user: 'u', group: undefined }, wait: 1000, due: unixMs(2000) },
};
const LOG = `${encodePendingEvent({ kind: 'pending', stop: CLOSE }, CLOSES)}\n{"done":"a"}\n`;
const CACHE = `# <digest>\n${'uzejQZ8A'.repeat(5)}abc 17 10.99.0.2 38119 0.0.0.0 62201 1795175632\n`;
const STATUS = [
  ...[
    'NEWSIG',
    'GOODSIG 9114526380856C92 x <x@test>',
    'VALIDSIG AA 2026-11-20 1 0 4 0 1 10 00 BB',
    'TRUST_FULLY 0 pgp',
  ],
  ...['DECRYPTION_OKAY', 'GOODMDC', 'END_DECRYPTION'],
].map((line) => `[GNUPG:] ${line}\n`);

/** In the shape of the other targets. */
export const fwknopStateTargets = [
  { name: 'fwknop-closes', seeds: [ascii(LOG), ascii('{"stop":{}}\n')], run: closeLog },
  { name: 'digest-cache', seeds: [ascii(CACHE)], run: digestCache },
  { name: 'gpg-status', seeds: [ascii(STATUS.join('')), ascii('[GNUPG:] BADSIG A b\n')], run: gpgStatus },
];
