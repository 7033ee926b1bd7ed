/** The command line of spa-keys. */
import { Command, CommanderError, Option } from 'commander';
import type { PortSpec } from '../src/base/port-spec.ts';
import { DEFAULT_SPA_PORT, type Port, type Seconds } from '../src/base/units.ts';
import { SECRET_LENGTH, Secret } from '../src/crypto/secret.ts';
import { MAX_CODE } from '../src/spa/native/layout.ts';
import { shapeOf } from './command-shape.ts';
import { defineCompletion } from './completion-command.ts';
import { emergency } from './emergency.ts';
import { generate } from './generate.ts';
import { knownNames, list, remove, revoke, show } from './inspect.ts';
import { addInvite } from './invite-command.ts';
import type { KeysIo } from './io.ts';
import { readDuration, readEnd, readHost, readNumber, readPort, readPorts, readServerName } from './option-values.ts';
import { addRotate } from './rotate-command.ts';
import { asTrouble } from './trouble.ts';
import { packageVersion } from './version.ts';

const EXAMPLES = `
Examples:
  spa-keys generate --server gw1 --host gw1.example.net
      print a stanza for the server and a profile for the client
  spa-keys generate --server gw1 --client alice --stanza /etc/spad/spad.conf
      add the stanza on the server, print the profile to hand to alice
  spa-keys list
  spa-keys revoke alice && systemctl reload spad
      take alice's way in, and end what she has open
  spa-keys remove alice
  spa-keys invite alice --host gw1.example.net
      print one line, and a QR code, that spa-client join makes a profile of
  spa-keys rotate alice --grace 14d
      give alice a new key; the one that she has holds for 14 days more
  spa-keys rotate --finish alice
      end the old key now
  spa-keys invite --fwknop alice
      show the keys of [access alice] as the QR code that Fwknop2 (Android) scans
  spa-keys invite --fwknop --access /etc/fwknop/access.conf --stanza 2
  spa-keys emergency alice --write --html > codes.html
      print eight codes that open once, whatever the clocks say

Exit codes:
  0  done
  1  it could not be done: a file cannot be written, a folder cannot be made
  2  wrong usage, an unknown or ambiguous name, or a file that was refused
     (readable by others, owned by somebody else, a symbolic link)
`;

/** Runs spa-keys with the words after its name; gives the exit code (0, 1 or 2). A bug throws. */
export const run = (args: readonly string[], io: KeysIo): number => {
  let exitCode = 0;
  const program = buildProgram(io, (code) => {
    exitCode = code;
  });
  try {
    program.parse(args, { from: 'user' });
    return exitCode;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    const trouble = asTrouble(error);
    if (trouble === undefined) throw error;
    io.err(`spa-keys: ${trouble.message}\n`);
    return trouble.exitCode;
  }
};

interface GenerateOptions {
  readonly server: string;
  readonly client: string;
  readonly host?: string;
  readonly port: Port;
  readonly allow: readonly PortSpec[];
  readonly expires?: string;
  readonly stanza?: string;
  readonly profile?: string;
}

/** Of whose key something is asked. */
const TOPICS = { NAME: 'names' } as const;

const buildProgram = (io: KeysIo, setExitCode: (code: number) => void): Command => {
  const program = new Command('spa-keys')
    .description('Make and keep the secrets that spa-client and spad share.')
    .exitOverride()
    .configureOutput({
      writeOut: (text) => io.out(text),
      writeErr: (text) => io.err(text),
      outputError: (text, write) => write(text.replace(/^error: /, 'spa-keys: ')),
    })
    .option('-V, --version', 'print the version and exit')
    .on('option:version', () => {
      io.out(`spa-keys ${packageVersion()}\n`);
      throw new CommanderError(0, 'commander.version', '');
    })
    .showHelpAfterError('(spa-keys --help shows how)')
    .addHelpText('after', EXAMPLES);
  defineCompletion(program, {
    out: (text) => io.out(text),
    shape: (name) => (name === undefined ? shapeOf(program, TOPICS) : undefined),
    topics: { names: () => knownNames(io) },
  });
  addGenerate(program, io);
  addInvite(program, io);
  addRotate(program, io);
  addEmergency(program, io);
  program
    .command('list [FILE...]')
    .description("list names, kinds and fingerprints (default: the daemon's configuration and your profiles)")
    .option('--json', 'as JSON')
    .action((files: string[], { json }: { json?: true }) => setExitCode(list(files, json === true, io)));
  program
    .command('show <NAME>')
    .description('show a stanza or a profile with its fingerprint')
    .option('--secret', 'show the secret too')
    .option('--file <FILE>', 'look in this file only')
    .action((name: string, options: { secret?: true; file?: string }) =>
      show(name, options.file, options.secret === true, io),
    );
  program
    .command('remove <NAME>')
    .description('remove a stanza or a profile from its file')
    .option('--file <FILE>', 'look in this file only')
    .action((name: string, options: { file?: string }) => remove(name, options.file, io));
  program
    .command('revoke <NAME>')
    .description('set enabled = no in a stanza: it holds no more, and stays in the file for the record')
    .option('--file <FILE>', 'look in this file only')
    .action((name: string, options: { file?: string }) => revoke(name, options.file, io));
  return program;
};

const addGenerate = (program: Command, io: KeysIo): void => {
  program
    .command('generate')
    .description('make a secret; print or write its stanza (server) and its profile (client)')
    .requiredOption('--server <NAME>', 'the server\'s name, as "name" in its spad.conf', readServerName)
    .option('--client <NAME>', "the stanza's name", 'client')
    .option('--host <HOST>', "where the client sends its packets (default: the server's name)")
    .option('--port <N>', 'the UDP port they go to', readPort, DEFAULT_SPA_PORT)
    .addOption(
      new Option('--allow <LIST>', 'the ports the client may open, such as tcp/22,udp/8000-8010')
        .argParser(readPorts)
        .default(readPorts('tcp/22'), 'tcp/22'),
    )
    .option(
      '--expires <WHEN>',
      'the last day on which the stanza holds, or how long: 2027-12-31, 90d',
      readEnd(() => io.now()),
    )
    .option('--stanza <FILE>', 'add the stanza to this file instead of printing it')
    .option('--profile <FILE>', 'add the profile to this file instead of printing it')
    .action((options: GenerateOptions) => {
      const secret = Secret.fromBytes(io.random(SECRET_LENGTH));
      if (secret === undefined) throw new Error('the random bytes are all equal');
      const { server, client, host = server, port, allow, expires } = options;
      const to = { stanzaFile: options.stanza, profileFile: options.profile };
      generate({ server, client, host, port, allow, expires, secret }, to, io);
    });
};

interface EmergencyOptions {
  readonly file?: string;
  readonly count: number;
  readonly from?: number;
  readonly ports?: readonly PortSpec[];
  readonly openFor: Seconds;
  readonly host?: string;
  readonly qr?: true;
  readonly html?: true;
  readonly write?: true;
}

/** More on one sheet are more to lose with it. */
const MAX_COUNT = 100;

const addEmergency = (program: Command, io: KeysIo): void => {
  program
    .command('emergency <NAME>')
    .description('print codes that open once, whatever the clocks say, for the key of a stanza or a profile')
    .option('--file <FILE>', 'look for NAME in this file only')
    .option('--count <N>', 'how many codes', readNumber(MAX_COUNT), 8)
    .option('--from <N>', "the first code's number (default: after those that the stanza has)", readNumber(MAX_CODE))
    .option('--ports <LIST>', "what they open, such as tcp/22 (default: the stanza's default)", readPorts)
    .addOption(
      new Option('--open-for <DURATION>', 'how long they open')
        .argParser(readDuration)
        .default(readDuration('10m'), '10m'),
    )
    .option('--host <HOST>', "where they are sent (default: the profile's host, else the server's name)", readHost)
    .addOption(new Option('--qr', 'QR codes instead of letters').conflicts('html'))
    .option('--html', 'a page for a printer, with letters and QR codes')
    .option('--write', 'put the numbers into the stanza, as "emergency = 1-8"')
    .action((name: string, { ports: asked = [], qr, html, write, ...options }: EmergencyOptions) => {
      const form = html ? 'html' : qr ? 'qr' : 'text';
      const { count, openFor, file, from, host } = options;
      emergency({ name, count, openFor, file, from, host, ports: asked, form, write: write === true }, io);
    });
};
