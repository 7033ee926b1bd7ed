/** The command line of `spa-keys rotate`. */
import { type Command, Option } from 'commander';
import type { Seconds } from '../src/base/units.ts';
import { readHosts } from './invite-command.ts';
import type { KeysIo } from './io.ts';
import { readDuration, readEnd } from './option-values.ts';
import { passphraseSource } from './passphrase.ts';
import { DEFAULT_CONF_PATH } from './places.ts';
import { finishRotation, rotate } from './rotate.ts';

interface RotateOptions {
  readonly grace?: string;
  readonly again?: true;
  readonly finish?: true;
  readonly host?: readonly string[];
  readonly joinWithin?: Seconds;
  readonly passphrase?: true;
  readonly passphraseFile?: string;
  readonly text?: true;
  readonly stanza: string;
}

/** Adds the command to the program. */
export const addRotate = (program: Command, io: KeysIo): void => {
  const readGrace = readEnd(() => io.now());
  program
    .command('rotate <NAME>')
    .description('give the stanza NAME a new key, and print the line and the QR code by which its client takes it')
    .option(
      '--grace <WHEN>',
      'how long the old key holds beside it, or its last day: 30d, 2027-12-31 (default: 30d)',
      readGrace,
    )
    .addOption(
      new Option('--again', 'replace the key that was handed out last; the old one ends when it was to').conflicts(
        'grace',
      ),
    )
    .addOption(
      new Option('--finish', 'end the old key instead, whatever its time').conflicts([
        ...['grace', 'again', 'host', 'joinWithin', 'passphrase', 'passphraseFile', 'text'],
      ]),
    )
    .option(
      '--host <HOST>',
      "where packets go, for a client without the old key (default: the server's name)",
      readHosts,
    )
    .addOption(
      new Option('--join-within <DURATION>', 'how long the invite itself holds (default: 24h)').argParser(readDuration),
    )
    .addOption(new Option('--passphrase', 'ask for a passphrase that opens the invite').conflicts('passphraseFile'))
    .option('--passphrase-file <FILE>', 'take it from the first line of this file, of mode 0600')
    .option('--text', 'print the line alone, without the code')
    .option('--stanza <FILE>', "the server's configuration", DEFAULT_CONF_PATH)
    .action((name: string, options: RotateOptions) => {
      const { stanza: file, host: hosts = [], joinWithin = readDuration('24h'), again, text } = options;
      if (options.finish) {
        finishRotation(name, file, io);
        return;
      }
      const until = options.grace ?? readGrace('30d');
      const wishes = { name, file, hosts, joinWithin, passphrase: passphraseSource(options), asText: text === true };
      rotate({ ...wishes, until, again: again === true }, io);
    });
};
