/** The knock client, as knock 0.8 is, and its time-based sequences. */
import { type KnockOptions, KNOCK_USAGE, parseKnockCommand } from './command-line.ts';
import type { KnockAddress, KnockIo, PlannedHit } from './io.ts';
import { portOfText } from './port-text.ts';

/** Runs knock with the words after its name; gives the exit code. A bug rejects. */
export const runKnock = async (words: readonly string[], io: KnockIo): Promise<number> => {
  const command = parseKnockCommand(words, io.posixly);
  switch (command.kind) {
    case 'version': {
      const { packageVersion } = await import('../../keys/version.ts');
      io.out(`knock (spad) ${packageVersion()}\n`);
      return 0;
    }
    case 'usage':
      io.out(KNOCK_USAGE);
      return 1;
    case 'bad-option':
      io.err(`${command.complaint}\n`);
      io.out(KNOCK_USAGE);
      return 1;
    case 'bad-delay':
      io.err(`${command.complaint}\n`);
      return 1;
    case 'knock':
      return command.options.timed === undefined
        ? sendHits(command.options, command.options.operands[0] ?? '', planHits(command.options), io)
        : runTimed(command.options, io);
  }
};

const planHits = ({ operands, udp }: KnockOptions): readonly PlannedHit[] =>
  operands.slice(1).map((word) => {
    const colon = word.indexOf(':');
    if (colon < 0) return { portText: word, isUdp: udp };
    // Only this one spelling is UDP; whatever else stands there is TCP.
    return { portText: word.slice(0, colon), isUdp: udp || word.slice(colon) === ':udp' };
  });

const runTimed = async (options: KnockOptions, io: KnockIo): Promise<number> => {
  const { tellTrouble } = await import('../tell-trouble.ts');
  try {
    const { planTimed } = await import('./timed.ts');
    const { host, hits } = planTimed(options, io.env, io.now());
    return await sendHits(options, host, hits, io);
  } catch (error) {
    return tellTrouble(error, 'knock', io);
  }
};

const sendHits = async (
  options: KnockOptions,
  host: string,
  hits: readonly PlannedHit[],
  io: KnockIo,
): Promise<number> => {
  for (const { portText, isUdp } of hits) {
    const found = await findEndpoint(host, portText, options, io);
    if ('failure' in found) {
      io.err(`Failed to resolve hostname '${host}' on port ${portText}\ngetaddrinfo: ${found.failure}\n`);
      return 1;
    }
    const { to, port } = found;
    if (options.verbose) io.out(`hitting ${isUdp ? 'udp' : 'tcp'} ${to.address}:${portText}\n`);
    await (isUdp ? io.hitUdp(to, port) : io.hitTcp(to, port));
    const pause = pauseOf(options.delay);
    if (pause > 0) await io.sleep(pause);
  }
  return 0;
};

type Endpoint = { readonly to: KnockAddress; readonly port: number } | { readonly failure: string };

/** Anew for each knock, and the port before the host, as knock's own call of `getaddrinfo` does. */
const findEndpoint = async (
  host: string,
  portText: string,
  { family }: KnockOptions,
  io: KnockIo,
): Promise<Endpoint> => {
  const port = portOfText(portText, () => io.services());
  if (port === undefined) return { failure: 'Servname not supported for ai_socktype' };
  const to = await io.lookup(host, family);
  return 'failure' in to ? to : { to, port };
};

/** In C a product of 32 bits is microseconds, so that delays above 71 minutes wrap. */
const pauseOf = (delay: number): number => (Math.imul(delay, 1000) >>> 0) / 1000;
