/** Whoever a half of the ring is for, as far as that half and its file say: what is handed to people is made of this. */
import { printable } from '../src/base/printable.ts';
import { DEFAULT_SPA_PORT, parsePort, type Port } from '../src/base/units.ts';
import { type AccessEntry, accessDirectives, readNative } from '../src/config/access-section.ts';
import { type IniSection, parseIni } from '../src/config/ini-file.ts';
import { describeIssue, type Issue } from '../src/config/issue.ts';
import type { Secret } from '../src/crypto/secret.ts';
import { type Found, isRevoked } from './ring.ts';
import { Trouble } from './trouble.ts';

export interface Holder {
  readonly secret: Secret;
  readonly server: string;
  /** Undefined for a stanza, which does not know it. */
  readonly host: string | undefined;
  readonly port: Port;
  /** Undefined for a profile, which does not know the stanza. */
  readonly access: AccessEntry | undefined;
}

/**
 * The holder of one half.
 * @throws Trouble where it is for fwknop's packets, is revoked, has an error or no key that can be read, or its file names no server.
 */
export const holderOf = (found: Found): Holder => {
  const { entry, file } = found;
  const { sections } = parseIni(file.content.text, file.path);
  const section = sections.find((candidate) => candidate.line === entry.line);
  const valueOf = (key: string, of = section): string | undefined => of?.entries.find((one) => one.key === key)?.value;
  if (valueOf('format') === 'fwknop')
    throw new Trouble(`"${printable(entry.name)}" is for fwknop's packets, and this is for our own alone`);
  if (isRevoked(entry))
    throw new Trouble(
      `[access ${printable(entry.name)}] is revoked (${printable(entry.file)}:${String(entry.line)}): it holds again with enabled = yes`,
    );
  if ('problem' in entry.key) throw new Trouble(`"${printable(entry.name)}" has no key to use: ${entry.key.problem}`);
  if (entry.server === undefined || section === undefined)
    throw new Trouble(`${printable(file.path)} does not say the server's name: it needs [spad] with "name = …"`);
  const isStanza = entry.kind === 'stanza';
  const portText = valueOf('port', isStanza ? sections.find(({ name }) => name === 'spad') : section);
  return {
    ...{ secret: entry.key.secret, server: entry.server, host: isStanza ? undefined : valueOf('host') },
    port: (portText === undefined ? undefined : parsePort(portText)) ?? DEFAULT_SPA_PORT,
    access: isStanza ? readStanza(entry.name, section, file.path) : undefined,
  };
};

const readStanza = (name: string, section: IniSection, file: string): AccessEntry => {
  const issues: Issue[] = [];
  const entries = section.entries.filter(({ key }) => Object.hasOwn(accessDirectives, key));
  const [access] = readNative(name, { ...section, entries }, file, issues);
  const error = issues.find(({ severity }) => severity === 'error');
  if (access !== undefined && error === undefined) return access;
  throw new Trouble(error === undefined ? `[access ${name}] cannot be used` : describeIssue(error));
};
