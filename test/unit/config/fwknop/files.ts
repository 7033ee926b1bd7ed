/** Files of fwknop's in memory. */
import { err, ok } from '../../../../src/base/result.ts';
import { unixMs } from '../../../../src/base/units.ts';
import {
  type AccessConfParts,
  type AccessConfReading,
  parseAccessConf,
} from '../../../../src/config/fwknop/access-conf.ts';
import { NO_NAT } from '../../../../src/config/fwknop/stanza-policy.ts';
import { formatIssue } from '../../../../src/config/issue.ts';

export const KEY = 'KEY_BASE64 AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=';
export const HMAC = 'HMAC_KEY_BASE64 BBBBAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=';
/** The first three lines of a stanza that can be used. */
export const HEAD = `SOURCE ANY\n${KEY}\n${HMAC}\n`;

type Files = Readonly<Record<string, string>>;

/** A folder is a path that others begin with. */
export const partsOver = (files: Files, more: Partial<AccessConfParts> = {}): AccessConfParts => ({
  readFile: (path) => (files[path] === undefined ? err(`there is no file ${path}`) : ok(files[path])),
  readFolder: (path) => {
    const found = Object.keys(files).filter((name) => name.startsWith(`${path}/`) && name.endsWith('.conf'));
    return found.length === 0 ? err(`there is no folder ${path}`) : ok(found.sort());
  },
  midnight: ({ year, month, day }) => unixMs(Date.UTC(year, month - 1, day)),
  nat: NO_NAT,
  gpgHomeDir: '/root/.gnupg',
  gpgProgram: '/usr/bin/gpg',
  allowUnauthenticated: false,
  askForUnauthenticated: 'ask for it',
  ...more,
});

export const readAccess = (text: string, files: Files = {}, more: Partial<AccessConfParts> = {}): AccessConfReading =>
  parseAccessConf({ file: 'a' }, partsOver({ a: text, ...files }, more));

/** What the operator is told. */
export const told = (text: string, files: Files = {}, more: Partial<AccessConfParts> = {}): string[] =>
  readAccess(text, files, more).issues.map(formatIssue);
