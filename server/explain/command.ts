/** `spad explain`: what the daemon would do with packets, and why. It reads files and touches nothing. */
import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { type Command, InvalidArgumentError } from 'commander';
import { type IpAddress, parseAddress } from '../../src/base/address.ts';
import { INSTANT_WORDS } from '../../src/base/instant.ts';
import { countOf, printable } from '../../src/base/printable.ts';
import { type UnixMs, unixMs } from '../../src/base/units.ts';
import { type Explanation, formatExplanation } from '../../src/explain/explanation.ts';
import { isCapture, readCapture } from '../../src/frame/capture-file.ts';
import { readClock } from '../clock.ts';
import { instantWord } from '../instant-word.ts';
import { localAddresses } from '../knockd/local-addresses.ts';
import { Explainer } from './explainer.ts';
import { loadFor, memoryOf } from './load.ts';
import { packetIn } from './packet-text.ts';

interface ExplainOptions {
  readonly config?: string;
  readonly knockd?: string;
  readonly at?: UnixMs;
  readonly from?: IpAddress;
  readonly local?: readonly IpAddress[];
  readonly state?: true;
  readonly json?: true;
}

const say = (text: string): boolean => process.stdout.write(`${text}\n`);

/** TEST-NET-1: where a packet comes from of which nobody says. */
const NOWHERE = '192.0.2.1';

const AFTER_HELP = `
PACKET is a capture file (pcap or pcapng), a file with one datagram, or the datagram itself as base64 or hexadecimal digits.
The packets of a capture file are judged at the time of their capture, one packet now. Nothing is opened, run, sent or written.
See docs/explain.md.

Exit status: 0; 1 where the file or the configuration cannot be read.`;

/** Adds the command; \`standard\` is the configuration where none is named. */
export const defineExplain = (program: Command, standard: string, onStatus: (status: number) => void): void => {
  program
    .command('explain')
    .description('say for each packet what the daemon would do with it and why')
    .argument('<packet>', 'a capture file, a file with one datagram, or base64 or hexadecimal text')
    .option('-c, --config <file>', `the daemon's configuration (default: ${standard})`)
    .option('--knockd <file>', 'judge by the doors of this knockd.conf instead')
    .option('--at <time>', `the time of the first packet: ${INSTANT_WORDS}`, instantWord)
    .option('--from <address>', `where one packet comes from (default: ${NOWHERE})`, address)
    .option(
      '--local <addresses>',
      "this server's own addresses, at which doors are knocked, with commas between",
      addresses,
    )
    .option('--state', 'count packets as seen that the replay journal in state_dir knows')
    .option('--json', 'one JSON object a packet')
    .addHelpText('after', AFTER_HELP)
    .action((packet: string, options: ExplainOptions) => {
      onStatus(explain(packet, { ...program.opts<{ readonly config?: string }>(), ...options }, standard));
    });
};

const address = (text: string): IpAddress => {
  const found = parseAddress(text);
  if (found === undefined) throw new InvalidArgumentError('It is an address such as 203.0.113.9 or 2001:db8::9.');
  return found;
};

const addresses = (text: string): readonly IpAddress[] => text.split(',').map((one) => address(one.trim()));

const explain = (packet: string, options: ExplainOptions, standard: string): number => {
  const configuration = loadFor(
    options.knockd === undefined ? { file: options.config ?? standard } : { knockd: resolve(options.knockd) },
  );
  const local = options.local ?? localAddresses([configuration.conf.daemon.interface], [4, 6])();
  const explainer = new Explainer(configuration, memoryOf(configuration, options.state === true), local);
  const file = existsSync(packet) ? readFileSync(packet) : undefined;
  if (file !== undefined && isCapture(file)) return explainCapture(file, packet, explainer, options);
  const datagram = packetIn(file, packet);
  const from = options.from ?? address(NOWHERE);
  tell(explainer.datagram(datagram, from, options.at ?? readClock().wall), options);
  return 0;
};

const explainCapture = (file: Uint8Array, name: string, explainer: Explainer, options: ExplainOptions): number => {
  const frames = readCapture(file);
  let shift: number | undefined;
  let others = 0;
  let next = frames.next();
  for (; next.done !== true; next = frames.next()) {
    const frame = next.value;
    shift ??= options.at === undefined ? 0 : options.at - frame.time;
    const one = explainer.frame(frame, unixMs(frame.time + shift));
    if (one === undefined) others += 1;
    else tell(one, options);
  }
  if (others > 0 && options.json !== true)
    say(`${countOf(others, 'packet')} to other ports, which spad does not look at`);
  if (next.value === undefined) return 0;
  process.stderr.write(`spad: ${printable(name)}: ${next.value}; what was before that is told\n`);
  return 1;
};

const tell = (one: Explanation, { json }: ExplainOptions): void => {
  if (json !== true) say(formatExplanation(one));
  else
    say(
      JSON.stringify({
        ...one,
        time: new Date(one.time).toISOString(),
        audit: one.audit.map((line): unknown => JSON.parse(line)),
      }),
    );
};
