/** spa-client as a library: `import { knock } from 'spad/client'`. Its types stand by themselves in this file. */
import { randomBytes } from 'node:crypto';
import { asTrouble } from '../keys/trouble.ts';
import { formatAddress, formatCidr } from '../src/base/address.ts';
import { formatPortSpec } from '../src/base/port-spec.ts';
import { unixMs } from '../src/base/units.ts';
import type { SpaRequest } from '../src/spa/request.ts';
import type { Answer } from './answer.ts';
import { explainRefusal, explainSilence } from './answer-words.ts';
import { askServer } from './ask-server.ts';
import { readOptions } from './cli.ts';
import { connectOnce } from './connect.ts';
import { type Laid, layCourse } from './course.ts';
import { tellClock } from './hear-answer.ts';
import type { ClientIo } from './io.ts';
import type { OptionName } from './option-table.ts';
import { makePacket } from './packet.ts';
import { loadProfile } from './profile-file.ts';
import { chooseTarget } from './request.ts';
import { lookupHost } from './resolve-address.ts';
import { openRoute } from './send.ts';
import { explainNetworkError } from './ui.ts';

/** What to ask for. Each is as the option of spa-client(1) of that name; what is left out, the profile says. */
export interface KnockOptions {
  /** A profile's name, or the host that packets go to. */
  readonly host?: string;
  /** Use this profile. */
  readonly profile?: string;
  /** Read profiles from this file; `~/.config/spa/profiles.ini` unless told. */
  readonly profilesFile?: string;
  /** The server's name, as in its spad.conf. */
  readonly server?: string;
  /** The secret, base64 of 32 bytes. */
  readonly key?: string;
  /** A file of mode 0600 that holds the secret alone. */
  readonly keyFile?: string;
  /** Ports to open, such as `tcp/22` or `udp/5000-5010`. */
  readonly access?: string | readonly string[];
  /** Open for these addresses, at most 2, or, for `source`, for the one that the server sees. */
  readonly allow?: string | readonly string[];
  /** The UDP port that packets go to. */
  readonly serverPort?: number;
  /** In whole seconds. */
  readonly openFor?: number;
  /** `10.0.0.5:22`, `[fd00::5]:22` or `local:8022`. */
  readonly forward?: string;
  /** Close what is open, instead of opening. */
  readonly close?: boolean;
  /** False: send one packet and ask for no answer. */
  readonly reply?: boolean;
  /** In whole seconds: how long to wait for the answer, asking again meanwhile; 5 unless told. */
  readonly timeout?: number;
  /** Use only addresses of this family. */
  readonly family?: 4 | 6;
  /** Ends the waiting. */
  readonly signal?: AbortSignal;
}

/** What has come of it. */
export interface KnockResult {
  /** `sent`: no answer was asked for. */
  readonly status: 'opened' | 'closed' | 'sent';
  /** Where packets went. */
  readonly address: string;
  /** The ports that were asked for; none leaves the choice to the server. */
  readonly ports: readonly string[];
  /** The addresses that were named; none leaves it to the address that the server sees. */
  readonly allow: readonly string[];
  /** When what is open ends, by this host's clock; undefined unless opened. */
  readonly until: Date | undefined;
  /** The address that the server saw; undefined where it was not asked. */
  readonly seenAs: string | undefined;
  /** By how many ms the server's clock is ahead of this host's; undefined where it was not asked. */
  readonly clockAheadMs: number | undefined;
  /** How many packets were sent. */
  readonly packets: number;
}

/**
 * `usage`: the options, the profile or the key are wrong · `unreachable`: no such host, no route, the system would not · `silent`:
 * nothing came back in time · `refused`, with the reason · `failed`: the server could not do it · `aborted` by the signal.
 */
export type KnockTrouble = 'usage' | 'unreachable' | 'silent' | 'refused' | 'failed' | 'aborted';

/** Its message is one sentence that says what to do next. */
export class KnockError extends Error {
  override readonly name = 'KnockError';
  readonly code: KnockTrouble;
  /** Where refused: a word of docs/native-packet.md, section 10, such as `port-not-allowed`. */
  readonly reason: string | undefined;

  constructor(code: KnockTrouble, message: string, reason?: string, cause?: unknown) {
    super(message, { cause });
    this.code = code;
    this.reason = reason;
  }
}

/** Asks a spad server to open or close. Prints nothing. Rejects with a {@link KnockError}; anything else is a bug. */
export const knock = async (options: KnockOptions): Promise<KnockResult> => {
  try {
    const parsed = readOptions(rawOptions(options));
    const target = chooseTarget(parsed, loadProfile(parsed, process.env));
    const laid = await layCourse(target, parsed, silentIo);
    try {
      return await ask(laid, options.signal);
    } finally {
      laid.route.close();
    }
  } catch (error) {
    if (error instanceof KnockError) throw error;
    const trouble = asTrouble(error);
    if (trouble === undefined) throw error;
    throw new KnockError(trouble.exitCode === 2 ? 'usage' : 'unreachable', trouble.message, undefined, error);
  }
};

const silentIo: ClientIo = {
  ...{ out: () => undefined, err: () => undefined, onTerminal: false },
  env: process.env,
  input: () => process.stdin.setEncoding('utf8'),
  now: () => unixMs(Date.now()),
  random: (length) => randomBytes(length),
  network: { lookup: lookupHost, route: openRoute, connect: connectOnce },
};

const rawOptions = (options: KnockOptions) => {
  const list = (value: string | readonly string[] | undefined): string | undefined =>
    value === undefined || typeof value === 'string' ? value : value.join(',');
  const given: readonly (readonly [OptionName, string | number | undefined])[] = [
    ...([
      ['access', list(options.access)],
      ['profile', options.profile],
      ['profiles', options.profilesFile],
    ] as const),
    ...([
      ['allow', list(options.allow)],
      ['server-port', options.serverPort],
      ['open-for', options.openFor],
    ] as const),
    ...([
      ['forward', options.forward],
      ['server', options.server],
      ['key-file', options.keyFile],
    ] as const),
    ...([
      ['key', options.key],
      ['timeout', options.timeout],
    ] as const),
    ...([
      ['close', options.close === true ? '' : undefined],
      ['no-reply', options.reply === false ? '' : undefined],
    ] as const),
    ...([
      ['ipv4', options.family === 4 ? '' : undefined],
      ['ipv6', options.family === 6 ? '' : undefined],
    ] as const),
  ];
  const values = new Map(
    given.flatMap(([name, value]) => (value === undefined ? [] : [[name, String(value)] as const])),
  );
  return { values, hosts: options.host === undefined ? [] : [options.host] };
};

const ask = async (laid: Laid, signal: AbortSignal | undefined): Promise<KnockResult> => {
  const { course, route } = laid;
  const { target, to } = course;
  const unknown = { until: undefined, seenAs: undefined, clockAheadMs: undefined };
  const explain = (error: unknown): never => {
    throw explainNetworkError(error, to, target.port);
  };
  refuseAborted(signal);
  if (target.answerWithin === undefined) {
    const { built, datagram } = makePacket(course, 0, silentIo);
    await route.send(datagram).catch(explain);
    return { status: 'sent', address: to.address, ...namesOf(built.request), ...unknown, packets: 1 };
  }
  const question = { limitMs: target.answerWithin * 1000, ...(signal && { signal }) };
  const heard = await askServer(course, route, question, silentIo).catch(explain);
  const { answer } = heard;
  const { request } = heard.first.built;
  refuseAborted(signal);
  if (answer.kind === 'silent')
    throw new KnockError('silent', explainSilence(answer.packets, target.answerWithin, course, silentIo.now()));
  tellClock(answer.aheadMs, course, silentIo);
  refuse(explainRefusal(answer, request, target.server), answer);
  const { outcome, source } = answer.reply;
  const ends = outcome.status === 'opened' ? new Date(outcome.ends - answer.aheadMs) : undefined;
  const told = { until: ends, seenAs: formatAddress(source), clockAheadMs: answer.aheadMs, packets: heard.packets };
  return { status: ends === undefined ? 'closed' : 'opened', address: to.address, ...namesOf(request), ...told };
};

const namesOf = ({ ports, addresses }: SpaRequest): Pick<KnockResult, 'ports' | 'allow'> => ({
  ports: ports.map(formatPortSpec),
  allow: addresses.map(formatCidr),
});

const refuse = (sentence: string | undefined, { reply: { outcome } }: Answer & { kind: 'answered' }): void => {
  if (sentence === undefined) return;
  if (outcome.status === 'refused') throw new KnockError('refused', sentence, outcome.reason);
  throw new KnockError('failed', sentence);
};

const refuseAborted = (signal: AbortSignal | undefined): void => {
  if (signal?.aborted !== true) return;
  throw new KnockError(
    'aborted',
    'the asking was ended by its signal; a packet may have opened all the same',
    undefined,
    signal.reason,
  );
};
