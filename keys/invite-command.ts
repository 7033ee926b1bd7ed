/** The command line of `spa-keys invite`: for spa-client, or for the app of fwknop's. */
import { type Command, Option } from 'commander';
import type { PortSpec } from '../src/base/port-spec.ts';
import type { Seconds } from '../src/base/units.ts';
import { type FwknopInviteSource, inviteFwknop } from './fwknop-invite.ts';
import { invite } from './invite.ts';
import type { KeysIo } from './io.ts';
import { readDuration, readEnd, readHost, readPorts } from './option-values.ts';
import { passphraseSource } from './passphrase.ts';
import { DEFAULT_CONF_PATH } from './places.ts';
import { Trouble } from './trouble.ts';

interface InviteOptions {
  readonly host?: readonly string[];
  readonly allow?: readonly PortSpec[];
  readonly expires?: string;
  readonly joinWithin: Seconds;
  readonly passphrase?: true;
  readonly passphraseFile?: string;
  readonly text?: true;
  readonly fwknop?: string | true;
  readonly file?: string;
  readonly access?: string;
  readonly stanza?: string;
}

/** Adds the command to the program. */
export const addInvite = (program: Command, io: KeysIo): void => {
  program
    .command('invite [NAME]')
    .description('make or take the stanza NAME, and print one line and a QR code for spa-client join')
    .option(
      '--host <HOST>',
      "where the client sends its packets; again for other ways (default: the server's name)",
      readHosts,
    )
    .option('--allow <LIST>', 'the ports that a new stanza allows (default: tcp/22)', readPorts)
    .option(
      '--expires <WHEN>',
      'the last day on which a new stanza holds, or how long: 2027-12-31, 90d',
      readEnd(() => io.now()),
    )
    .addOption(
      new Option('--join-within <DURATION>', 'how long the invite itself holds')
        .argParser(readDuration)
        .default(readDuration('24h'), '24h'),
    )
    .option('--stanza <FILE>', "the server's configuration (default: /etc/spad/spad.conf); with --access: a number")
    .addOption(new Option('--passphrase', 'ask for a passphrase that opens the invite').conflicts('passphraseFile'))
    .option('--passphrase-file <FILE>', 'take it from the first line of this file, of mode 0600')
    .option('--text', 'print the line alone, without the code')
    .option(
      '--fwknop [NAME]',
      'for Fwknop2 (Android) instead: the keys of [access NAME]; without NAME and --access new ones',
    )
    .option('--file <FILE>', 'with --fwknop: look for NAME in this file (default: /etc/spad/spad.conf)')
    .option(
      '--access <FILE>',
      "with --fwknop: take the keys from this access.conf of fwknop's, from its stanza number --stanza",
    )
    .action((name: string | undefined, options: InviteOptions) => {
      if (options.fwknop === undefined) invite(inviteWishes(name, options), io);
      else inviteFwknop(fwknopSource(name, options, options.fwknop), options.text === true, io);
    });
};

/** Of an option that may come again. */
export const readHosts = (text: string, before: readonly string[] = []): readonly string[] => [
  ...before,
  ...text.split(',').map((host) => readHost(host.trim())),
];

/** @throws Trouble for options that do not go together. */
const inviteWishes = (name: string | undefined, options: InviteOptions): Parameters<typeof invite>[0] => {
  if (name === undefined)
    throw new Trouble('name the client: spa-keys invite alice; or, for the app, spa-keys invite --fwknop alice');
  if (options.file !== undefined || options.access !== undefined)
    throw new Trouble("--file and --access go with --fwknop: name the server's configuration with --stanza");
  const { host = [], allow, expires, joinWithin, stanza = DEFAULT_CONF_PATH } = options;
  return {
    ...{ name, file: stanza, hosts: host, allow, expires, joinWithin, passphrase: passphraseSource(options) },
    asText: options.text === true,
  };
};

/** What is for our own invites alone. */
const NOT_FOR_FWKNOP = ['host', 'allow', 'expires', 'passphrase', 'passphraseFile'] as const;

/** @throws Trouble for options that do not go together. */
const fwknopSource = (name: string | undefined, options: InviteOptions, fwknop: string | true): FwknopInviteSource => {
  const { file, access, stanza } = options;
  const stray = NOT_FOR_FWKNOP.find((option) => options[option] !== undefined);
  if (stray !== undefined || name !== undefined)
    throw new Trouble('with --fwknop, the code holds keys alone: give NAME behind --fwknop, and nothing else about it');
  const wanted = fwknop === true ? undefined : fwknop;
  if (access !== undefined) {
    if (wanted !== undefined || file !== undefined)
      throw new Trouble('give either a NAME of spad.conf or --access, not both');
    return { kind: 'access-conf', file: access, stanza: stanza === undefined ? undefined : stanzaNumber(stanza) };
  }
  if (stanza !== undefined) throw new Trouble('--stanza counts the stanzas of a file: name it with --access');
  if (wanted !== undefined) return { kind: 'spad-conf', file, name: wanted };
  if (file !== undefined) throw new Trouble('--file needs the name of its section: --fwknop NAME');
  return { kind: 'new' };
};

const stanzaNumber = (text: string): number => {
  if (/^[1-9][0-9]{0,3}$/.test(text)) return Number(text);
  throw new Trouble('--stanza with --access is the number of a stanza, from 1');
};
