/** GnuPG: the one place of the client that starts another program. */
import { spawn } from 'node:child_process';
import type { Writable } from 'node:stream';
import { Trouble } from '../../keys/trouble.ts';
import { printable } from '../../src/base/printable.ts';
import type { GpgPlan } from './io.ts';

const TIMEOUT_MS = 120_000;
const MAX_MESSAGE = 64 * 1024;

/** The words after `gpg`. The passphrase comes by descriptor 3 and the text by standard input: neither shows in ps. */
export const gpgWords = ({ home, recipient, signer, passphrase }: GpgPlan): readonly string[] => [
  ...['--batch', '--no-tty', '--quiet', '--no-armor', '--no-auto-key-locate', '--no-encrypt-to'],
  ...(home === undefined ? [] : ['--homedir', home]),
  ...(passphrase === 'agent' ? [] : passphrase === 'none' ? ['--pinentry-mode', 'error'] : LOOPBACK),
  ...['--trust-model', 'always', '--recipient', recipient],
  ...(signer === undefined ? [] : ['--local-user', signer, '--sign']),
  ...['--encrypt', '--output', '-'],
];

const LOOPBACK = ['--pinentry-mode', 'loopback', '--passphrase-fd', '3'];

/** Runs gpg with `plain` as its input; gives the binary OpenPGP message. Rejects with a Trouble in gpg's own words. */
export const sealGpg = (plain: string, plan: GpgPlan): Promise<Uint8Array> =>
  new Promise((resolve, reject) => {
    const child = spawn(plan.program, gpgWords(plan), { stdio: ['pipe', 'pipe', 'pipe', 'pipe'], timeout: TIMEOUT_MS });
    const parts: Buffer[] = [];
    let said = '';
    child.stdout.on('data', (part: Buffer) => {
      parts.push(part);
      if (parts.reduce((sum, { length }) => sum + length, 0) > MAX_MESSAGE) child.kill();
    });
    child.stderr.setEncoding('utf8').on('data', (part: string) => (said += part));
    child.on('error', () => {
      reject(new Trouble(`${printable(plan.program)} cannot be run: install GnuPG, or name it with --gpg-exe`, 1));
    });
    child.on('close', (code) => {
      if (code === 0) resolve(Uint8Array.from(Buffer.concat(parts)));
      else reject(explain(said, plan));
    });
    feed(child.stdin, plain);
    feed(child.stdio[3] as Writable, typeof plan.passphrase === 'string' ? '' : plan.passphrase);
  });

const feed = (pipe: Writable, data: string | Uint8Array): void => {
  // A program that ends before it has read all of its input says why on standard error.
  pipe.on('error', () => undefined);
  pipe.end(data);
};

const explain = (said: string, { signer, passphrase }: GpgPlan): Trouble => {
  const words = said.trim().split('\n').at(-1) ?? '';
  const hint =
    signer !== undefined && passphrase !== 'agent' && /passphrase|pinentry|signing failed/i.test(said)
      ? ': check the passphrase of the signer, or use --gpg-agent'
      : ': see gpg --list-keys for the keys that there are';
  return new Trouble(`gpg did not seal the packet (${printable(words)})${hint}`, 1);
};
