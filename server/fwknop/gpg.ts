/** Opens messages that GnuPG has sealed, by its own program: no other knows the agent, the cards and the web of trust. */
import { isAbsolute } from 'node:path';
import type { GpgKeys } from '../../src/access/fwknop-keys.ts';
import type { GpgUnsealing } from '../../src/engine/fwknop-question.ts';
import { parseGpgStatus } from '../../src/spa/fwknop/gpg-status.ts';
import { runForStatus } from '../process/run.ts';

const TIMEOUT_MS = 10_000;
/** A packet's text is shorter, but what has been compressed may grow to anything. */
const MAX_PLAIN = 4096;
const MAX_OUTPUT = 65_536;

/** Nothing is asked of anybody, and no key is fetched from a server that the sender of a message names. */
const argumentsFor = ({ homeDir }: GpgKeys): readonly string[] => [
  ...['--batch', '--no-tty', '--homedir', homeDir, '--status-fd', '3'],
  ...['--pinentry-mode', 'loopback', '--passphrase-fd', '4'],
  ...['--disable-dirmngr', '--no-auto-key-retrieve', '--max-output', String(MAX_PLAIN), '--decrypt'],
];

/** `message`: OpenPGP, binary. Throws where gpg cannot be run or takes too long; what it says of the message is a result. */
export const unsealByGpg = async (keys: GpgKeys, message: Uint8Array): Promise<GpgUnsealing> => {
  if (!isAbsolute(keys.homeDir)) throw new Error(`${keys.homeDir} is no absolute path of a key ring`);
  const secret = keys.password ?? '';
  const run = { input: message, secret, timeoutMs: TIMEOUT_MS, maxOutput: MAX_OUTPUT };
  const { output, status } = await runForStatus(keys.program, argumentsFor(keys), run);
  return { keys, result: { plain: output, status: parseGpgStatus(status) } };
};
