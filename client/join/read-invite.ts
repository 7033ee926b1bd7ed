/** From what was given to the invite that it is. */
import { readFileSync } from 'node:fs';
import { readPassphrase } from '../../keys/passphrase.ts';
import { Trouble } from '../../keys/trouble.ts';
import { formatDuration, seconds, type UnixMs } from '../../src/base/units.ts';
import type { Invite } from '../../src/invite/body.ts';
import { describeInviteFault } from '../../src/invite/fault.ts';
import { parseInvite } from '../../src/invite/invite.ts';
import type { ClientIo } from '../io.ts';
import { formatUtc } from '../../src/base/instant.ts';
import type { JoinOptions } from './command-line.ts';

/** One line of the terminal, typed without echo; throws a Trouble with the sentence `otherwise` where there is no terminal. */
export type AskSecret = (prompt: string, otherwise: string) => string;

/**
 * The invite that is meant, still good.
 * Rejects with a Trouble where it cannot be read, has ended, or its passphrase is wrong or missing.
 */
export const readInvite = async (options: JoinOptions, io: ClientIo, ask: AskSecret): Promise<Invite> => {
  const read = parseInvite(await textOf(options.from, io));
  if (!read.ok) throw new Trouble(`this invite cannot be read: ${describeInviteFault(read.error)}`);
  const invite = read.value.kind === 'plain' ? read.value.invite : unseal(read.value.unseal, options, io, ask);
  if (invite.end <= io.now()) throw new Trouble(describeEnd(invite.end, io.now()));
  return invite;
};

const textOf = async (from: JoinOptions['from'], io: ClientIo): Promise<string> => {
  if (from === 'input') return typedText(io);
  return 'text' in from ? from.text : readFileSync(from.file, 'utf8');
};

/** No text that holds an invite is longer. */
const MAX_TEXT = 65_536;

/** Reads lines until they are an invite, or cannot become one: some terminals and mails cut a long line. */
const typedText = async (io: ClientIo): Promise<string> => {
  if (io.onTerminal) io.err('paste the invite:\n');
  let text = '';
  for await (const part of io.input()) {
    text += part;
    if (text.length > MAX_TEXT) break;
    if (!part.includes('\n')) continue;
    const read = parseInvite(text);
    if (read.ok || (read.error.kind !== 'wrong-length' && read.error.kind !== 'empty')) break;
  }
  return text;
};

type Unseal = Extract<Extract<ReturnType<typeof parseInvite>, { ok: true }>['value'], { kind: 'sealed' }>['unseal'];

/** How often a passphrase may be mistyped. */
const TRIES = 3;

const unseal = (open: Unseal, { passphraseFile }: JoinOptions, io: ClientIo, ask: AskSecret): Invite => {
  if (passphraseFile === undefined && !io.onTerminal)
    throw new Trouble(
      'this invite has a passphrase, and there is no terminal to ask for it: use --passphrase-file FILE',
    );
  for (let tries = passphraseFile === undefined ? TRIES : 1; tries > 0; tries -= 1) {
    const opened = open(readPassphrase(passphraseFile === undefined ? 'ask' : { file: passphraseFile }, ask));
    if (opened?.ok === true) return opened.value;
    if (opened !== undefined) throw new Trouble(`this invite cannot be read: ${describeInviteFault(opened.error)}`);
    if (tries > 1) io.err('that is not its passphrase\n');
  }
  throw new Trouble('the passphrase is wrong: ask whoever made the invite; nothing was done');
};

const describeEnd = (end: UnixMs, now: UnixMs): string => {
  const past = (now - end) / 1000;
  const unit = [86_400, 3600, 60].find((size) => past >= size) ?? 1;
  const ago = past < 1 ? 'just now' : `${formatDuration(seconds(Math.floor(past / unit) * unit))} ago`;
  return (
    `this invite ended at ${formatUtc(end)}, ${ago} by this host's clock: ` +
    'ask for a new one (spa-keys invite), or set the clock right'
  );
};
