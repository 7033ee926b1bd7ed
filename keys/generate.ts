/** `spa-keys generate`: a new secret, each of its halves put into a file or printed. */
import { resolve } from 'node:path';
import { printable } from '../src/base/printable.ts';
import { parseIni } from '../src/config/ini-file.ts';
import { askCommand, formatProfile, formatStanza, type NewKey, profileOf, stanzaSection } from './halves.ts';
import type { KeysIo } from './io.ts';
import { DEFAULT_CONF_PATH } from './places.ts';
import { type StagedFile, stageSecretFile } from './ring-file.ts';
import { openSecretFileIfThere } from './safe-file.ts';
import { appendSection, sectionLines } from './section-text.ts';
import { Trouble } from './trouble.ts';

/** Where each half goes; undefined prints it. */
export interface Destinations {
  readonly stanzaFile: string | undefined;
  readonly profileFile: string | undefined;
}

/**
 * Writes or prints both halves: what must be kept goes to `io.out`, words about it to `io.err`. The secret is printed only
 * as part of a half that went to no file. Nothing is written unless everything can be.
 * @throws Trouble, and the errors of the operating system.
 */
export const generate = (key: NewKey, to: Destinations, io: KeysIo): void => {
  const stanza = formatStanza(key);
  const profile = formatProfile(profileOf(key));
  if (
    to.stanzaFile !== undefined &&
    to.profileFile !== undefined &&
    resolve(to.stanzaFile) === resolve(to.profileFile)
  ) {
    throw new Trouble(
      '--stanza and --profile name the same file: the stanza is for the server, the profile for a client',
    );
  }
  const notes: string[] = [];
  const waiting: StagedFile[] = [];
  try {
    if (to.stanzaFile !== undefined) waiting.push(stageStanza(to.stanzaFile, key, stanza, notes));
    if (to.profileFile !== undefined) waiting.push(stageProfile(to.profileFile, key, profile));
    while (waiting.length > 0) waiting.shift()?.commit();
  } catch (error) {
    for (const file of waiting) file.abandon();
    throw error;
  }
  tell(key, to, stanza, profile, io);
  for (const note of notes) io.err(`note: ${note}\n`);
};

const stageStanza = (path: string, key: NewKey, block: string, notes: string[]): StagedFile => {
  const before = openSecretFileIfThere(path);
  const text = before?.text ?? '';
  const server = parseIni(text, '').sections.find((section) => section.name === 'spad');
  const name = server?.entries.find((entry) => entry.key === 'name')?.value;
  if (name !== undefined && name !== key.server) {
    throw new Trouble(
      `${printable(path)} is for the server "${printable(name)}", not "${printable(key.server)}": ` +
        'the name is bound into every packet, so give the same with --server',
    );
  }
  if (server === undefined) {
    notes.push(`${printable(path)} has no [spad] section yet; spad needs one with at least "name = ${key.server}"`);
  }
  const section = stanzaSection(key.client);
  refuseSecond(path, text, section, `choose another name with --client, or run spa-keys remove ${key.client}`);
  return stageSecretFile(path, appendSection(text, block), before);
};

const stageProfile = (path: string, key: NewKey, block: string): StagedFile => {
  const before = openSecretFileIfThere(path);
  const text = before?.text ?? '';
  refuseSecond(path, text, key.server, `write to another file, or run spa-keys remove ${printable(key.server)}`);
  return stageSecretFile(path, appendSection(text, block), before);
};

const refuseSecond = (path: string, text: string, section: string, remedy: string): void => {
  const [line] = sectionLines(text, section);
  if (line === undefined) return;
  const place = printable(path);
  throw new Trouble(
    `${place} has a section [${printable(section)}] already (line ${String(line)}): ${remedy} --file ${place}`,
  );
};

const tell = (key: NewKey, to: Destinations, stanza: string, profile: string, io: KeysIo): void => {
  const { stanzaFile, profileFile } = to;
  if (stanzaFile === undefined) {
    io.out(
      `# server ${key.server}: add this to ${DEFAULT_CONF_PATH} (mode 0600), then: systemctl reload spad\n${stanza}`,
    );
  } else {
    io.err(`wrote the stanza [${stanzaSection(key.client)}] to ${printable(stanzaFile)}\n`);
  }
  if (stanzaFile === undefined && profileFile === undefined) io.out('\n');
  if (profileFile === undefined) {
    io.out(
      `# client ${key.client}: add this to ~/.config/spa/profiles.ini (mode 0600), then: ${askCommand(key.server)}\n${profile}`,
    );
  } else {
    io.err(`wrote the profile [${printable(key.server)}] to ${printable(profileFile)}\n`);
  }
  io.err(`fingerprint of the secret: ${key.secret.fingerprint()}\n`);
  io.err(`next: ${nextStep(key, to)}\n`);
};

const nextStep = (key: NewKey, { stanzaFile, profileFile }: Destinations): string => {
  const reload = 'systemctl reload spad (on the server)';
  const ask = `${askCommand(key.server)} (on the client)`;
  if (stanzaFile !== undefined && profileFile !== undefined) return `${reload}, then ${ask}`;
  if (stanzaFile !== undefined) return `${reload}; put the profile above into the client's profiles.ini, then ${ask}`;
  if (profileFile !== undefined)
    return `put the stanza above into the server's spad.conf and run ${reload}, then ${ask}`;
  return "put each half where the line above it says; whoever has the secret can open the server's ports";
};
