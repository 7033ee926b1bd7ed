/** `spad init`: three questions, then a configuration, the first client's key, and what would happen on this host. */
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { hostname } from 'node:os';
import { createInterface } from 'node:readline';
import type { Command } from 'commander';
import { formatStanza, type NewKey } from '../keys/halves.ts';
import { invite } from '../keys/invite.ts';
import { rewriteSecretFile } from '../keys/ring-file.ts';
import { serviceGroup } from '../keys/service-group.ts';
import { formatAddress } from '../src/base/address.ts';
import { printable } from '../src/base/printable.ts';
import { DEFAULT_SPA_PORT, seconds } from '../src/base/units.ts';
import { SECRET_LENGTH, Secret } from '../src/crypto/secret.ts';
import { needsRoot } from '../src/firewall/backends.ts';
import { isPlainHost } from '../src/invite/body.ts';
import { formatFirstSection, proposeHost, type ProposalFacts } from '../src/host/proposal.ts';
import { isServerName } from '../src/spa/native/keys.ts';
import { readClock } from './clock.ts';
import { type Answers, askFirst, type Given, type QuestionsIo } from './first-questions.ts';
import { chooseHere } from './firewall/facts.ts';
import { findNftRunner } from './firewall/nft-runner.ts';
import { checkHost } from './host/check.ts';
import { readLinks, readRoutes } from './host/links.ts';
import { liveSession, readListeners } from './host/sockets.ts';
import { fileSource } from './load-config.ts';

interface InitOptions extends Given {
  readonly config?: string;
  readonly name?: string;
  readonly host?: string;
}

const say = (text: string): boolean => process.stdout.write(`${text}\n`);

/** Adds the command; `standard` is the configuration that is written where none is named. */
export const defineInit = (program: Command, standard: string, onStatus: (status: number) => void): void => {
  program
    .command('init')
    .description('ask three questions, write a configuration with a first client, and say what comes next')
    .option('-c, --config <file>', `the file to write (default: ${standard})`)
    .option('--name <name>', "this server's name, which every client must use (default: the host's)")
    .option('--interface <name>', 'the interface to capture on, or any')
    .option('--guard <ports>', 'ports to close for all who hold no grant, such as tcp/22,tcp/8000-8010')
    .option('--client <name>', 'name of the first client')
    .option('--host <host>', 'where that client sends its packets (default: an address of this host)')
    .option('--yes', 'take what is proposed, and ask nothing')
    .action(async (options: InitOptions) => {
      const file = options.config ?? program.opts<InitOptions>().config ?? standard;
      // Some are options of spad itself, too, which takes those that stand before the command.
      const all = { ...program.opts<InitOptions>(), ...options };
      onStatus(await init(file, all));
    });
};

/** Gives the exit status: 1 where the check has found errors. Throws a sentence where nothing has been written. */
const init = async (file: string, options: InitOptions): Promise<number> => {
  if (existsSync(file))
    throw new Error(
      `${file} is there already and is not written over: "spad check" says what it does here, "spa-keys invite" adds a client`,
    );
  const name = options.name ?? hostname();
  if (!isServerName(name)) throw new Error('--name must be 1 to 64 bytes of text');
  const facts = { links: readLinks(), routes: await readRoutes(), listeners: readListeners(), session: liveSession() };
  const answers = await ask(options, facts);
  const host = options.host ?? hostOf(facts, answers, name);
  if (!isPlainHost(host))
    throw new Error(`${printable(host, 60)} is no host that packets go to: name the server's with --host`);
  const key = firstKey(name, host, answers);
  rewriteSecretFile(file, `${formatFirstSection({ name, ...answers })}\n${formatStanza(key)}`, undefined);
  say(`${file} is written. This is what it would do here:\n`);
  const status = await checkHost(fileSource(file), false);
  const ownUser = await asOwnUser();
  for (const line of describeNext({ file, invited: inviteTo(file, key), client: answers.client, status, ownUser }))
    say(line);
  return status === 1 ? 1 : 0;
};

const ask = async (given: Given, facts: ProposalFacts): Promise<Answers> => {
  const lines = createInterface({ input: process.stdin });
  const next = lines[Symbol.asyncIterator]();
  const io: QuestionsIo = {
    say,
    ask: async (question) => {
      process.stdout.write(question);
      const line = await next.next();
      return line.done === true ? undefined : line.value.trim();
    },
  };
  try {
    return await askFirst(given, facts, process.env['SUDO_USER'] ?? '', io);
  } finally {
    lines.close();
  }
};

/** An address rather than a name that the client may not be able to look up. */
const hostOf = (facts: ProposalFacts, { interface: link }: Answers, name: string): string => {
  const address = proposeHost(facts, link);
  return address === undefined ? name : formatAddress(address);
};

const firstKey = (server: string, host: string, { client, guard }: Answers): NewKey => {
  const secret = Secret.fromBytes(randomBytes(SECRET_LENGTH));
  if (secret === undefined) throw new Error('the random bytes are all equal');
  return { server, client, host, port: DEFAULT_SPA_PORT, allow: guard, expires: undefined, secret };
};

/** A day, as of `spa-keys invite`. */
const JOIN_WITHIN = seconds(86_400);

/** The line of which the client makes its profile. */
const inviteTo = (file: string, { client, host }: NewKey): string => {
  const lines: string[] = [];
  invite(
    {
      ...{ name: client, file, hosts: [host], joinWithin: JOIN_WITHIN, asText: true },
      ...{ allow: undefined, expires: undefined, passphrase: undefined },
    },
    {
      ...{ out: (text) => lines.push(text), err: () => undefined, env: process.env },
      ...{ now: () => readClock().wall, random: (length) => randomBytes(length), askSecret: () => '' },
    },
  );
  return lines.join('').trim();
};

const OWN_USER = {
  example: '/usr/share/doc/spad/examples/own-user.conf',
  dropIn: '/etc/systemd/system/spad.service.d/own-user.conf',
} as const;

/** How spad becomes a user of its own, where the package is there and the firewall takes others' word than root's. */
const asOwnUser = async (): Promise<readonly string[]> => {
  const { example, dropIn } = OWN_USER;
  if (!existsSync(example) || existsSync(dropIn) || serviceGroup() === undefined) return [];
  const { firewall } = await chooseHere(findNftRunner());
  return needsRoot(firewall)
    ? []
    : [`    sudo install -D -m 644 ${example} ${dropIn}`, '    sudo systemctl daemon-reload'];
};

const UNITS = ['/etc/systemd/system/spad.service', '/usr/lib/systemd/system/spad.service'];

interface Done {
  readonly file: string;
  /** The invite, which holds the secret. */
  readonly invited: string;
  readonly client: string;
  /** Of the check. */
  readonly status: number;
  readonly ownUser: readonly string[];
}

/** What to do now. */
const describeNext = ({ file, invited, client, status, ownUser }: Done): readonly string[] => {
  const isStandard = file === '/etc/spad/spad.conf';
  const where = isStandard ? '' : ` -c ${file}`;
  return [
    '',
    `For ${printable(client)}, within a day: run "spa-client join -" on the client, and paste this line. It is the key: show it to nobody else.`,
    '',
    invited,
    '',
    ...(status === 1 ? [`First cure what is wrong above, and look again: sudo spad check${where}`] : []),
    'Then start on trial, and keep this session open: unless you log in anew and confirm, the guard is taken back.',
    '',
    `    sudo spad start${where} --confirm 2m`,
    `    sudo spad confirm${where}        (in the new session)`,
    ...(isStandard && UNITS.some(existsSync)
      ? [
          '',
          ownUser.length === 0
            ? 'Once that has worked, stop it, and for good:'
            : 'Once that has worked, stop it, and for good, as a user of its own with CAP_NET_ADMIN alone:',
          '',
          ...ownUser,
          '    sudo systemctl enable spad && sudo systemctl start spad',
        ]
      : []),
  ];
};
