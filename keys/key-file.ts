import { isAbsolute } from 'node:path';
import { printable } from '../src/base/printable.ts';
import { Secret } from '../src/crypto/secret.ts';
import { type Environment, expandHome } from './places.ts';
import { FileRefused, readSecretFile } from './safe-file.ts';
import { Trouble } from './trouble.ts';

/**
 * The secret in a file that holds nothing else: base64 of 32 bytes, white space around it allowed.
 * @throws FileRefused as {@link readSecretFile}, and where the text is not a secret.
 */
export const readKeyFile = (path: string): Secret => {
  const secret = Secret.fromBase64(readSecretFile(path).trim());
  if (secret !== undefined) return secret;
  throw new FileRefused(
    path,
    'unsafe',
    `${printable(path)} does not hold a secret: it must be base64 of 32 random bytes and nothing else`,
  );
};

/**
 * The path that a `key_file` setting means: absolute, or in the home folder with `~/`.
 * @throws Trouble for a relative path: relative to what would depend on where the program was started.
 */
export const resolveKeyPath = (path: string, env: Environment): string => {
  const full = expandHome(path, env);
  if (isAbsolute(full)) return full;
  throw new Trouble(`key_file = ${printable(path)} is a relative path: write it from / or from ~/`);
};
