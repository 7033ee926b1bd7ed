/** ~/.fwknoprc: found, made where there is none, read for one stanza, and written back. */
import { join } from 'node:path';
import { Trouble } from '../../keys/trouble.ts';
import { printable } from '../../src/base/printable.ts';
import {
  hasRcStanza,
  parseRcFile,
  type RcReading,
  rcIssues,
  rcVariables,
  writeRcStanza,
} from '../../src/config/fwknop/rc-file.ts';
import { RC_SECRETS, type RcVariable } from '../../src/config/fwknop/rc-variables.ts';
import { formatIssue, hasErrors } from '../../src/config/issue.ts';
import type { GivenOptions } from './command-line.ts';
import type { FwknopIo, ReadText } from './io.ts';
import { type RcOptions, rcOptions } from './rc-options.ts';

export interface RcFile {
  readonly path: string;
  readonly text: string;
  readonly reading: RcReading;
}

/** @throws Trouble where there is no home folder to look for a file in. */
export const homePath = (name: string, options: GivenOptions, io: FwknopIo): string => {
  const home = io.env.HOME ?? '';
  if (home !== '' && !options.has('no-home-dir')) return join(home, name);
  throw new Trouble(`without a home folder, name the file in place of ${name}: --rc-file FILE, -E FILE`, 1);
};

/** The file in the home folder; undefined where there is none. */
export const findRcFile = (io: FwknopIo): RcFile | undefined => {
  const path = join(io.env.HOME ?? '/', '.fwknoprc');
  const found = io.readText(path);
  if (found === undefined) return undefined;
  warnIfOpen(path, found, io);
  return { path, text: found.text, reading: parseRcFile(found.text, path) };
};

const warnIfOpen = (path: string, { isOpen }: ReadText, io: FwknopIo): void => {
  if (isOpen) io.err(`[-] ${printable(path)} is open to other users: run chmod 600 ${printable(path)}\n`);
};

/** The file that the options mean, made where it is missing, as fwknop does; undefined with --no-rc-file. */
export const openRcFile = (options: GivenOptions, io: FwknopIo): RcFile | undefined => {
  if (options.has('no-rc-file')) {
    if (!options.has('named-config')) return undefined;
    throw new Trouble('a stanza (-n) is in the rc file: leave --no-rc-file out', 1);
  }
  const path = options.get('rc-file')?.text ?? homePath('.fwknoprc', options, io);
  const found = io.readText(path);
  if (found === undefined) {
    io.err(`[*] Creating initial rc file: ${path}.\n`);
    io.writeText(path, FIRST_TEXT);
  }
  if (found !== undefined) warnIfOpen(path, found, io);
  const text = found?.text ?? FIRST_TEXT;
  return { path, text, reading: parseRcFile(text, path) };
};

/** What `[default]` says and, over it, the stanza `name`. @throws Trouble where it is missing or has an error. */
export const stanzaOptions = ({ path, reading }: RcFile, name: string | undefined): RcOptions => {
  if (name !== undefined && !hasRcStanza(reading, name)) {
    throw new Trouble(
      `${printable(path)} has no stanza [${printable(name)}]: --stanza-list names those that it has`,
      1,
    );
  }
  const wanted = name ?? 'default';
  const issues = rcIssues(reading, wanted);
  if (hasErrors(issues)) throw new Trouble(issues.map(formatIssue).join('\n'), 1);
  return rcOptions(rcVariables(reading, wanted), path);
};

/** The names of all stanzas but `[default]`, as fwknop lists them. */
export const listStanzas = ({ path, reading }: RcFile): string => {
  const names = reading.stanzas.map(({ name }) => name).filter((name) => name.toLowerCase() !== 'default');
  return [`The following stanzas are configured in ${path} :`, ...names.map((name) => ` - ${name}`), ''].join('\n');
};

type Entries = readonly (readonly [RcVariable, string])[];

const KEY_KINDS: readonly (readonly RcVariable[])[] = [
  ['KEY', 'KEY_BASE64', 'KEY_FILE'],
  ['HMAC_KEY', 'HMAC_KEY_BASE64', 'HMAC_KEY_FILE'],
];

/**
 * Writes the stanza `name` with `entries` alone. A key that it has is kept, and a new one in its place left out, unless
 * `isAgreed` says so of its variable.
 */
export const saveStanza = (
  file: RcFile,
  name: string,
  entries: Entries,
  isAgreed: (variable: RcVariable) => boolean,
  io: FwknopIo,
): void => {
  const stanza = file.reading.stanzas.find((each) => each.name.toLowerCase() === name.toLowerCase());
  const kept = (stanza?.entries ?? []).filter(({ variable }) => RC_SECRETS.includes(variable) && !isAgreed(variable));
  const isKept = (variable: RcVariable): boolean =>
    kept.some(
      (old) =>
        old.variable === variable || KEY_KINDS.some((kind) => kind.includes(old.variable) && kind.includes(variable)),
    );
  const merged: Entries = [
    ...entries.filter(([variable]) => !isKept(variable)),
    ...kept.map(({ variable, value }) => [variable, value] as const),
  ];
  try {
    io.writeText(file.path, writeRcStanza(file.text, name, merged));
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new Trouble(`the stanza cannot be saved: ${error.message}`, 1, { cause: error });
  }
};

const FIRST_TEXT = `# Settings of the fwknop client, by server. Keep this file to yourself (mode 0600): it may hold keys.
#
# [default] holds for every run; [NAME] is added to it by "fwknop -n NAME", and options on the command line beat both.
# One "VARIABLE value" on a line; a value ends at the first space, ";" or "#". Lines that begin with # do not count.
[default]
#SPA_SERVER_PORT             62201
#SPA_SERVER_PROTO            udp
#DIGEST_TYPE                 sha256
#FW_TIMEOUT                  30

# For example, SSH on one server, opened by "fwknop -n myserver":
#[myserver]
#SPA_SERVER                  192.0.2.1
#ACCESS                      tcp/22
#ALLOW_IP                    resolve
#KEY_BASE64                  (from fwknop --key-gen)
#HMAC_KEY_BASE64             (from fwknop --key-gen)
`;
