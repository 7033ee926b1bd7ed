/** `spa-client join`: from an invite to a profile that works. */
import { askCommand, formatProfile, type ProfileHalf, shellWord } from '../../keys/halves.ts';
import { defaultProfilesPath } from '../../keys/places.ts';
import { rewriteSecretFile } from '../../keys/ring-file.ts';
import { openSecretFileIfThere } from '../../keys/safe-file.ts';
import { appendSection, removeSection, sectionLines, setKey } from '../../keys/section-text.ts';
import { Trouble } from '../../keys/trouble.ts';
import { printable } from '../../src/base/printable.ts';
import { type Profile, parseProfiles } from '../../src/config/profile.ts';
import type { Invite } from '../../src/invite/body.ts';
import type { ClientIo } from '../io.ts';
import { run } from '../run.ts';
import { tellTrouble } from '../tell-trouble.ts';
import { type JoinOptions, parseJoinCommand } from './command-line.ts';
import { profilesWithKey, replaceKey } from './replace-key.ts';
import { type AskSecret, readInvite } from './read-invite.ts';

/** Runs `join` with the words after it; gives the exit code (0 to 4, see --help). A bug rejects. */
export const runJoin = async (words: readonly string[], io: ClientIo, ask: AskSecret): Promise<number> => {
  try {
    const options = parseJoinCommand(words);
    if ('help' in options) {
      io.out(options.help);
      return 0;
    }
    return await join(options, io, ask);
  } catch (error) {
    return tellTrouble(error, 'spa-client', io);
  }
};

const join = async (options: JoinOptions, io: ClientIo, ask: AskSecret): Promise<number> => {
  const invite = await readInvite(options, io, ask);
  const { secret, server, port, access, hosts, reply } = invite;
  const [host = ''] = hosts;
  const file = options.profilesFile ?? defaultProfilesPath(io.env);
  const withKey = (fingerprint: string): readonly Profile[] =>
    profilesWithKey(openSecretFileIfThere(file)?.text ?? '', file, { server, name: options.name }, fingerprint, io.env);
  if (invite.replaces !== undefined && !options.force) {
    const [first, ...more] = withKey(invite.replaces);
    if (first !== undefined) return replaceKey(invite, [first, ...more], { file, options }, io);
  }
  const [present] = invite.replaces === undefined ? [] : withKey(secret.fingerprint());
  const name = options.name ?? present?.name ?? server;
  const half: ProfileHalf = { name, server, host, port, secret, access, reply };
  const isNew = putProfile(file, half, options.force);
  io.out(`${isNew ? 'wrote' : 'there is already'} the profile [${printable(half.name)}] of ${printable(file)}\n`);
  io.out(`fingerprint of the key: ${secret.fingerprint()}\n`);
  if (options.test) return tryOut(invite, half, file, io);
  io.out(`next: ${askCommand(half.name)}\n`);
  return 0;
};

// --- the profile

/** Whether it was written: not where it is there with the same key. @throws Trouble where another one has the name. */
const putProfile = (file: string, half: ProfileHalf, force: boolean): boolean => {
  const block = formatProfile(half);
  const before = openSecretFileIfThere(file);
  let text = before?.text ?? '';
  const [line] = sectionLines(text, half.name);
  if (line !== undefined && !force) {
    if (isThere(text, file, half)) return false;
    throw new Trouble(
      `${printable(file)} has a profile [${printable(half.name)}] already (line ${String(line)}), and it is another one: ` +
        'choose another name with --name, or replace it with --force',
    );
  }
  for (let [at] = sectionLines(text, half.name); at !== undefined; [at] = sectionLines(text, half.name))
    text = removeSection(text, at);
  rewriteSecretFile(file, appendSection(text, block), before);
  return true;
};

const isThere = (text: string, file: string, { name, server, secret }: ProfileHalf): boolean =>
  parseProfiles(text, file).profiles.some(
    (profile) =>
      profile.name === name &&
      profile.server === server &&
      'secret' in profile.key &&
      profile.key.secret.revealBase64() === secret.revealBase64(),
  );

/** The way that works becomes the profile's. */
const setHost = (file: string, name: string, host: string): void => {
  const before = openSecretFileIfThere(file);
  const [line] = sectionLines(before?.text ?? '', name);
  if (before !== undefined && line !== undefined)
    rewriteSecretFile(file, setKey(before.text, line, 'host', host), before);
};

// --- whether it works

/** What is worth another way to the server; a refusal is the server's own word. */
const NEXT_WAY: readonly number[] = [1, 3];

/** How long a port may take to open. */
const PATIENCE = '5s';

const tryOut = async ({ hosts, access }: Invite, half: ProfileHalf, file: string, io: ClientIo): Promise<number> => {
  const wait = access.some(({ protocol }) => protocol === 'tcp') ? ['--wait', PATIENCE] : [];
  let code = 1;
  for (const [index, host] of hosts.entries()) {
    io.out(`trying ${index === 0 ? 'it' : `the next host, ${host}`}:\n`);
    code = await run(['--profiles', file, '-n', half.name, ...wait, host], io);
    if (code === 0) {
      if (index > 0) setHost(file, half.name, host);
      io.out(`ready: ${askCommand(half.name)}${wait.length > 0 ? ' --wait' : ''}${thenConnect(half, host)}\n`);
      io.out(fromNowOn(half));
      return 0;
    }
    if (!NEXT_WAY.includes(code)) break;
  }
  io.err(
    'the profile is there and did not work yet: on the server, does spad run, and has it been reloaded since the invite was made ' +
      `(systemctl reload spad)? Its audit log tells more. Try again with: ${askCommand(half.name)} --wait\n`,
  );
  return code;
};

const opensSsh = ({ access }: ProfileHalf): boolean =>
  access.some(({ protocol, first, last }) => protocol === 'tcp' && first <= 22 && last >= 22);

const thenConnect = (half: ProfileHalf, host: string): string => (opensSsh(half) ? ` && ssh ${host}` : '');

/** ssh can ask by itself. */
const fromNowOn = (half: ProfileHalf): string => {
  if (!opensSsh(half)) return '';
  const name = shellWord(half.name);
  return `or have ssh ask by itself: spa-client install-ssh ${name} && ssh ${name}\n`;
};
