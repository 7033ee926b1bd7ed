/** `spa-keys list`, `show`, `remove` and `revoke`. */
import { alignColumns } from '../src/base/columns.ts';
import { printable } from '../src/base/printable.ts';
import type { UnixMs } from '../src/base/units.ts';
import type { Known } from './completion-command.ts';
import type { KeysIo } from './io.ts';
import {
  endOfOld,
  findEntry,
  type Found,
  isRevoked,
  type OldEntry,
  type Ring,
  type RingEntry,
  readRing,
} from './ring.ts';
import { rewriteSecretFile } from './ring-file.ts';
import { FileRefused } from './safe-file.ts';
import { removeSection, setKey } from './section-text.ts';
import { Trouble } from './trouble.ts';

const fingerprintOf = ({ key }: RingEntry): string => ('secret' in key ? key.secret.fingerprint() : '-');

const problemOf = ({ key }: RingEntry): string | undefined => ('problem' in key ? key.problem : undefined);

/**
 * Lists every half, by name and fingerprint. A file that was refused is told on `io.err`.
 * Exit code 0, or 2 where a file was refused (a default file that this user may not read is only noted).
 */
export const list = (files: readonly string[], asJson: boolean, io: KeysIo): 0 | 2 => {
  const ring = readRing(files, io.env);
  const entries = ring.files.flatMap((file) => file.entries);
  if (asJson)
    io.out(
      `${JSON.stringify(
        entries.map((entry) => toJson(entry, io.now())),
        undefined,
        2,
      )}\n`,
    );
  else if (entries.length > 0) io.out(formatTable(entries, io.now()));
  else if (ring.refused.length === 0) io.err('no keys found; spa-keys generate --server NAME makes one\n');
  for (const entry of entries) {
    const problem = problemOf(entry);
    if (problem !== undefined) io.err(`spa-keys: ${printable(entry.file)}:${String(entry.line)}: ${problem}\n`);
  }
  return tellRefused(ring, files.length > 0, io) ? 2 : 0;
};

/** The names of all halves that this user may read, for completions. */
export const knownNames = (io: KeysIo): readonly Known[] =>
  readRing([], io.env).files.flatMap((file) => file.entries.map(({ name, kind }) => [name, kind] as const));

/** Whether one of the refusals is a trouble: that a user may not read the daemon's file is how it should be. */
const tellRefused = (ring: Ring, wereNamed: boolean, io: KeysIo): boolean => {
  let isTrouble = false;
  for (const refusal of ring.refused) {
    const isExpected = !wereNamed && refusal.reason === 'forbidden';
    io.err(`${isExpected ? 'note' : 'spa-keys'}: ${refusal.message}\n`);
    isTrouble ||= !isExpected;
  }
  return isTrouble;
};

const toJson = (entry: RingEntry, now: UnixMs): object => ({
  ...{ name: entry.name, kind: entry.kind, server: entry.server ?? null, revoked: isRevoked(entry) },
  fingerprint: 'secret' in entry.key ? entry.key.secret.fingerprint() : null,
  old: entry.old === undefined ? null : oldToJson(entry.old, now),
  ...{ file: entry.file, line: entry.line, key_file: entry.keyFile ?? null, problem: problemOf(entry) ?? null },
});

const oldToJson = (old: OldEntry, now: UnixMs): object => ({
  fingerprint: 'secret' in old.key ? old.key.secret.fingerprint() : null,
  ...{ until: old.until ?? null, holds: now < endOfOld(old), key_file: old.keyFile ?? null },
});

/** The old key of a stanza has a row below it. */
const formatTable = (entries: readonly RingEntry[], now: UnixMs): string => {
  const rows = entries.flatMap((entry) => [
    rowOf(entry),
    ...(entry.old === undefined ? [] : [oldRow(entry, entry.old, now)]),
  ]);
  const lines = alignColumns([['NAME', 'KIND', 'SERVER', 'FINGERPRINT', 'FILE'], ...rows]);
  return lines.map((line) => `${line}\n`).join('');
};

const oldRow = ({ name, server, file }: RingEntry, old: OldEntry, now: UnixMs): string[] => {
  const kind = now < endOfOld(old) ? `old key, until ${printable(old.until ?? '')}` : 'old key, ended';
  const fingerprint = 'secret' in old.key ? old.key.secret.fingerprint() : '-';
  return [printable(name), kind, printable(server ?? '-'), fingerprint, printable(file)];
};

const rowOf = (entry: RingEntry): string[] => [
  ...[printable(entry.name), isRevoked(entry) ? 'revoked' : entry.kind, printable(entry.server ?? '-')],
  ...[fingerprintOf(entry), printable(entry.file)],
];

/**
 * Shows one half; its secret only where `withSecret`.
 * @throws Trouble where there is no such half, or more than one, or its secret is asked for and cannot be read.
 */
export const show = (name: string, file: string | undefined, withSecret: boolean, io: KeysIo): void => {
  const { entry } = findEntry(readNamed(file, io), name);
  const lines = [
    ['kind', entry.kind],
    ['file', `${printable(entry.file)} (line ${String(entry.line)})`],
    ...(entry.kind === 'stanza' && entry.server !== undefined ? [['server', entry.server]] : []),
    ...entry.settings.map((setting) => [setting.key, setting.value]),
    ['fingerprint', fingerprintOf(entry)],
    ...(entry.old !== undefined && 'secret' in entry.old.key ? [['old key', entry.old.key.secret.fingerprint()]] : []),
  ];
  if (withSecret) {
    if ('problem' in entry.key)
      throw new Trouble(`the secret of "${printable(name)}" cannot be shown: ${entry.key.problem}`);
    lines.push(['secret', entry.key.secret.revealBase64()]);
  }
  io.out(
    `${printable(entry.name)}\n${lines.map(([key = '', value = '']) => `  ${key.padEnd(12)} ${printable(value)}\n`).join('')}`,
  );
  const problem = problemOf(entry);
  if (problem !== undefined) io.err(`spa-keys: ${problem}\n`);
};

/**
 * Removes one half from its file and says which it was.
 * @throws Trouble where there is no such half, or more than one, or the file changed meanwhile; nothing is changed then.
 */
export const remove = (name: string, file: string | undefined, io: KeysIo): void => {
  const { entry, file: home } = findEntry(readNamed(file, io), name);
  rewriteSecretFile(home.path, removeSection(home.content.text, entry.line), home.content);
  const fingerprint = fingerprintOf(entry);
  io.out(`removed the ${entry.kind} "${printable(name)}" (fingerprint ${fingerprint}) from ${printable(home.path)}\n`);
  if (entry.keyFile !== undefined) io.err(`note: its secret is still in ${printable(entry.keyFile)}\n`);
  io.err(
    entry.kind === 'stanza'
      ? 'next: systemctl reload spad, or the running daemon goes on accepting it\n'
      : 'next: the server accepts this secret until its stanza is removed there too\n',
  );
};

/**
 * Writes `enabled = no` into a stanza: its packets count no more, and it stays in the file for the record.
 * @throws Trouble where there is no such stanza, or more than one, or the file changed meanwhile; nothing is changed then.
 */
export const revoke = (name: string, file: string | undefined, io: KeysIo): void => {
  const { entry, file: home } = findStanza(name, file, io);
  const place = `[access ${printable(name)}] of ${printable(home.path)}`;
  if (isRevoked(entry)) {
    io.err(`${place} is revoked already\n`);
    return;
  }
  rewriteSecretFile(home.path, setKey(home.content.text, entry.line, 'enabled', 'no'), home.content);
  io.out(`revoked ${place} (fingerprint ${fingerprintOf(entry)})\n`);
  io.err('next: systemctl reload spad; until then its packets count, and what is open stays open\n');
};

/**
 * The one stanza called `name`.
 * @throws Trouble as {@link findEntry}, FileRefused as {@link readNamed}.
 */
export const findStanza = (name: string, file: string | undefined, io: KeysIo): Found => {
  const ring = readNamed(file, io);
  const files = ring.files.map((home) => ({ ...home, entries: home.entries.filter(({ kind }) => kind === 'stanza') }));
  return findEntry({ ...ring, files }, name);
};

/**
 * The file named, or the default ones.
 * @throws FileRefused where one must not be used, or the one named cannot be read.
 */
export const readNamed = (file: string | undefined, io: KeysIo): Ring => {
  const ring = readRing(file === undefined ? [] : [file], io.env);
  const unsafe = ring.refused.find((refusal) => file !== undefined || refusal.reason === 'unsafe');
  if (unsafe instanceof FileRefused) throw unsafe;
  return ring;
};
