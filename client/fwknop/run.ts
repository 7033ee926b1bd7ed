/** The client of fwknop 2.6 with its own command line: what is done, step after step. */
import { asTrouble, Trouble } from '../../keys/trouble.ts';
import { printable } from '../../src/base/printable.ts';
import type { RcVariable } from '../../src/config/fwknop/rc-variables.ts';
import { type FwknopWords, parseFwknopCommand } from './command-line.ts';
import type { FwknopIo } from './io.ts';
import { formatNewKeys, makeKeys, newKeyLengths } from './keys.ts';
import { PROTOCOL_VERSION } from './message.ts';
import { homePath, listStanzas, openRcFile, type RcFile, saveStanza, stanzaOptions } from './rc-file.ts';
import { mergeOptions, rcEntries } from './rc-options.ts';
import { sendRequest } from './send-request.ts';
import { savedWords } from './history.ts';
import { readSettings } from './settings.ts';

/** Runs the client with the words after its name; gives the exit code, 0 or 1. A bug rejects. */
export const runFwknop = async (words: readonly string[], io: FwknopIo): Promise<number> => {
  try {
    return await run(words, io, true);
  } catch (error) {
    const trouble = asTrouble(error);
    if (trouble === undefined) throw error;
    io.err(`fwknop: ${trouble.message}\n`);
    return 1;
  }
};

const run = async (words: readonly string[], io: FwknopIo, isFirst: boolean): Promise<number> => {
  const command = parseFwknopCommand(words, io.posixly);
  if (command.kind === 'bad-option') throw new Trouble(`${command.complaint}; fwknop --help shows all options`, 1);
  const given = command.words;
  switch (command.kind) {
    case 'help':
      io.out((await import('./help.ts')).FWKNOP_HELP);
      return 0;
    case 'version': {
      const { packageVersion } = await import('../../keys/version.ts');
      io.out(`fwknop client (spad) ${packageVersion()}, FKO protocol version ${PROTOCOL_VERSION}\n`);
      return 0;
    }
    case 'show-last':
      io.out(`Last fwknop client command line: ${lastLine(given, io)}\n`);
      return 0;
    case 'last-cmd':
      return runLast(given, io, isFirst);
    case 'stanza-list':
      io.out(listStanzas(needRcFile(openRcFile(given.options, io))));
      return 0;
    case 'key-gen':
      generate(given, io);
      return 0;
    case 'send':
      noteOperands(given, io);
      await send(words, given, io);
      return 0;
  }
};

const needRcFile = (file: RcFile | undefined): RcFile => {
  if (file !== undefined) return file;
  throw new Trouble('stanzas are in the rc file: leave --no-rc-file out', 1);
};

const noteOperands = ({ operands }: FwknopWords, io: FwknopIo): void => {
  const [first] = operands;
  if (first !== undefined) io.err(`fwknop: note: "${printable(first, 60)}" belongs to no option and does not count\n`);
};

const lastLine = ({ options }: FwknopWords, io: FwknopIo): string => {
  const path = options.get('save-args-file')?.text ?? homePath('.fwknop.run', options, io);
  const saved = io.readText(path);
  if (saved !== undefined) return saved.text;
  throw new Trouble(`no command line is saved in ${printable(path)}: run one first, without --no-save-args`, 1);
};

const runLast = (given: FwknopWords, io: FwknopIo, isFirst: boolean): Promise<number> => {
  const line = lastLine(given, io);
  if (!isFirst) throw new Trouble('the saved command line is -l itself: give the options once more', 1);
  if (given.verbose > 0) io.out(`Executing: ${line}`);
  return run(savedWords(line), io, false);
};

/** Options of the command line over those of the rc file. A stanza that is about to be written is not read. */
const send = async (words: readonly string[], given: FwknopWords, io: FwknopIo): Promise<void> => {
  const file = openRcFile(given.options, io);
  const isSaving = given.options.has('save-rc-stanza');
  const below = file && stanzaOptions(file, isSaving ? undefined : given.options.get('named-config')?.text);
  const options = below === undefined ? given.options : mergeOptions(below.options, given.options);
  const settings = readSettings(options);
  if (!settings.test && settings.destination === undefined) {
    throw new Trouble('name the server with -D, or a stanza that does with -n', 1);
  }
  if (isSaving) save(given, rcEntries(given.options, given.verbose), io, needRcFile(file));
  await sendRequest({ settings, options, words, verbose: Math.max(given.verbose, below?.verbose ?? 0) }, io);
};

const generate = (given: FwknopWords, io: FwknopIo): void => {
  const settings = readSettings(given.options);
  const keys = makeKeys(newKeyLengths(given.options, settings.hmacDigest ?? 'sha256'), (length) => io.random(length));
  const path = given.options.get('key-gen-file')?.text;
  if (given.options.has('save-rc-stanza')) {
    const file = needRcFile(openRcFile(given.options, io));
    const isKey = (variable: RcVariable): boolean => /^(?:HMAC_)?KEY(?:_BASE64|_FILE)?$/.test(variable);
    const entries = rcEntries(given.options, given.verbose).filter(([variable]) => !isKey(variable));
    save(given, [...entries, ['KEY_BASE64', keys.cipher], ['HMAC_KEY_BASE64', keys.hmac]], io, file);
    io.out(`[+] Wrote Rijndael and HMAC keys to rc file: ${file.path}\n`);
  } else if (path === undefined) {
    io.out(formatNewKeys(keys));
  } else {
    io.writeText(path, formatNewKeys(keys));
    io.out(`[+] Wrote Rijndael and HMAC keys to: ${path}\n`);
  }
};

const save = (
  { options }: FwknopWords,
  entries: readonly (readonly [RcVariable, string])[],
  io: FwknopIo,
  file: RcFile,
): void => {
  const name = (options.get('named-config') ?? options.get('destination'))?.text ?? '';
  if (name === '') throw new Trouble('name the stanza to save with -n, or the server with -D', 1);
  const isAgreed = (variable: RcVariable): boolean => {
    if (options.has('force-stanza')) return true;
    io.out(`Variable '${variable}' found in stanza '${printable(name)}'. Overwrite [N/y] ? `);
    return /^y/i.test(io.readLine(0) ?? '');
  };
  saveStanza(file, name, entries, isAgreed, io);
};
