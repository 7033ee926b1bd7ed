/** One packet, from its settings until it has gone. */
import { Trouble } from '../../keys/trouble.ts';
import { printable } from '../../src/base/printable.ts';
import { encodeUtf8 } from '../../src/bytes/encoding.ts';
import { checkShape } from '../../src/spa/fwknop/shape.ts';
import type { GivenOptions } from './command-line.ts';
import { dumpPacket, dumpTransport } from './dump.ts';
import { saveCommand } from './history.ts';
import { USER_AGENT } from './http.ts';
import type { FwknopIo, SendPlan } from './io.ts';
import { makePacket, readsBack } from './make-packet.ts';
import { randomPort } from './message.ts';
import { homePath } from './rc-file.ts';
import type { FwknopSettings } from './settings.ts';

export interface FwknopRun {
  readonly settings: FwknopSettings;
  readonly options: GivenOptions;
  /** The command line as it was typed, to be saved for -l. */
  readonly words: readonly string[];
  /** How much is told: 0 for nothing. */
  readonly verbose: number;
}

/** @throws Trouble (exit code 1) for whatever keeps the packet from being made or sent. */
export const sendRequest = async (run: FwknopRun, io: FwknopIo): Promise<void> => {
  const { settings, options, verbose } = run;
  if (options.has('send-packet')) {
    await sendSaved(run, io);
    return;
  }
  saveWords(run, io);
  const made = await makePacket(settings, options, verbose > 0, io);
  if (settings.test || verbose > 0) io.out(dumpPacket(made));
  const path = options.get('save-packet')?.text;
  if (path !== undefined) io.writeText(path, `${made.text}\n`, options.has('save-packet-append'));
  const plan = planOf(run, made.text, io);
  if (verbose > 0) io.out(dumpTransport(plan.transport, plan.sourcePort, plan.port, plan.host));
  if (settings.test) io.out('test mode enabled, SPA packet not actually sent.\n');
  const sent = settings.test ? 0 : await io.send(plan);
  if (verbose > 0) io.out(`send_spa_packet: bytes sent: ${String(sent)}\n`);
  if (!settings.test) return;
  if (readsBack(made) === false) throw new Trouble('the packet could not be read again with its own keys', 1);
  if (verbose > 0) io.out(`\nDump of the Decoded Data\n${dumpPacket(made, true)}`);
};

/** For -l. What cannot be saved is told and does no other harm. */
const saveWords = ({ options, words, verbose }: FwknopRun, io: FwknopIo): void => {
  const named = options.get('save-args-file')?.text;
  if (options.has('no-save-args') || (named === undefined && (io.env.HOME ?? '') === '')) return;
  const path = named ?? homePath('.fwknop.run', options, io);
  const { line, lacksKeys } = saveCommand(words, io.posixly);
  io.writeText(path, line);
  if (lacksKeys && verbose > 0)
    io.err(`fwknop: note: ${printable(path)} keeps this command line for -l, but not the keys in it\n`);
};

/** How the packet `text` is to go. */
export const planOf = (
  { settings, options }: Pick<FwknopRun, 'settings' | 'options'>,
  text: string,
  io: FwknopIo,
): SendPlan => ({
  transport: settings.transport,
  host: settings.destination ?? '',
  port: settings.serverPort === 'random' ? randomPort((length) => io.random(length)) : settings.serverPort,
  sourcePort: settings.sourcePort,
  spoofSource: settings.spoofSource,
  ...{ icmp: settings.icmp, proxy: settings.proxy, text },
  userAgent: options.get('user-agent')?.text ?? USER_AGENT,
  onlyIpv4: options.has('server-resolve-ipv4'),
  preferIpv4: !settings.toSpad,
});

/** The last packet of a file that -B has written, as it is: it counts once, while it is fresh. */
const sendSaved = async (run: FwknopRun, io: FwknopIo): Promise<void> => {
  const path = run.options.get('send-packet')?.text ?? '';
  const text = io.readText(path)?.text.trim().split('\n').at(-1)?.trim();
  if (text === undefined) throw new Trouble(`there is no file ${printable(path)} to send a packet from`, 1);
  if (checkShape(encodeUtf8(text)) !== undefined) {
    throw new Trouble(`${printable(path)} does not end with a packet: save one with -B`, 1);
  }
  const plan = planOf(run, text, io);
  if (run.verbose > 0) io.out(dumpTransport(plan.transport, plan.sourcePort, plan.port, plan.host));
  const sent = run.settings.test ? 0 : await io.send(plan);
  if (run.settings.test) io.out('test mode enabled, SPA packet not actually sent.\n');
  if (run.verbose > 0) io.out(`send_spa_packet: bytes sent: ${String(sent)}\n`);
};
