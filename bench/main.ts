/** `npm run bench`: asks the questions, prints the answers. Runs as root; tools/bench.sh sees to that. */
import type { Host } from '../test/support/host.ts';
import { Lab } from '../test/support/lab.ts';
import type { Contender } from './daemons/contender.ts';
import { fwknopd, fwknopVersion } from './daemons/fwknopd.ts';
import { spad } from './daemons/spad.ts';
import { type FwknopSetting, measureFwknop } from './fwknop.ts';
import type { FwknopReport } from './fwknop-report.ts';
import { fwknopTables } from './fwknop-table.ts';
import { type KnockReport, measureKnocks } from './knock.ts';
import { knockTable } from './knock-table.ts';
import { type LatencyReport, measureLatency } from './latency.ts';
import { describeMachine, type Machine, machineSentence } from './machine.ts';
import { HELP, type Options, type Question, readOptions } from './options.ts';
import { writePage } from './page.ts';
import { Probe } from './probe/probe.ts';
import { Quiet } from './quiet.ts';
import { Scratch } from './scratch.ts';
import { measureStarts, type StartReport } from './start.ts';
import { asMarkdown, asText, type Table } from './table.ts';
import { latencyTable, startTable } from './tables.ts';
import { measureFirewalls } from './firewall/measure.ts';
import type { FirewallReport } from './firewall/report.ts';
import { firewallTables } from './firewall/table.ts';

/** Beyond the patience of the user, nothing here should ever take this long, whatever hangs. */
const HARD_LIMIT_MS = 45 * 60_000;

interface Report {
  readonly machine: Machine;
  readonly latency?: LatencyReport;
  readonly start?: StartReport;
  readonly knock?: KnockReport;
  readonly fwknop?: FwknopReport;
  readonly firewall?: FirewallReport;
}

function say(text: string): void {
  process.stderr.write(`· ${text}\n`);
}

/** On a terminal each word of progress takes the place of the one before. */
function progress(text: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K· ${text}`);
}

function endProgress(): void {
  if (process.stderr.isTTY) process.stderr.write('\r\x1b[K');
}

async function measure(options: Options): Promise<Report> {
  const version = fwknopVersion();
  if (version === undefined) say('fwknopd, fwknop or iptables is missing here: spad is measured alone');
  if (process.env['NODE_EXTRA_CA_CERTS'] !== undefined) {
    say('NODE_EXTRA_CA_CERTS is set here and slows every start of Node: the programs measured do not get it');
  }
  const scratch = new Scratch();
  const quiet = new Quiet(options.patience * 1000);
  let lab: Lab | undefined;
  try {
    const peers = version === undefined ? [] : ['fwknopd-pcap', 'fwknopd-udp'];
    lab = await Lab.create({ hosts: ['client', 'spad-pcap', 'spad-udp', ...peers] });
    const contenders = contendersOf(lab, version !== undefined);
    const probe = await Probe.start(lab.host('client'));
    const setting = { contenders, probe, quiet, scratch, progress };
    let answers: Omit<Report, 'machine'> = {};
    if (options.questions.includes('start')) {
      answers = { start: await measureStarts({ ...setting, starts: options.starts }) };
    }
    if (options.questions.includes('latency')) {
      answers = { ...answers, latency: await measureLatency({ ...setting, packets: options.packets }) };
    }
    if (options.questions.includes('fwknop')) {
      answers = {
        ...answers,
        fwknop: await measureFwknop({ ...setting, ...options, ...hostsOf(lab, version !== undefined) }),
      };
    }
    await probe.stop();
    if (options.questions.includes('knock')) {
      answers = { ...answers, knock: await measureKnocks({ quiet, scratch, progress, rounds: options.rounds }) };
    }
    if (options.questions.includes('firewall')) {
      answers = { ...answers, firewall: await measureFirewalls({ quiet, scratch, progress, rounds: options.rounds }) };
    }
    const { fileSystem } = scratch;
    const { otherLoad, repeated } = quiet;
    return { machine: describeMachine({ fileSystem, fwknopd: version, otherLoad, repeated }), ...answers };
  } finally {
    endProgress();
    await lab?.close();
    scratch.remove();
  }
}

function contendersOf(lab: Lab, withPeers: boolean): Contender[] {
  const client = lab.host('client');
  const own = [spad('pcap', lab.host('spad-pcap'), client), spad('udp', lab.host('spad-udp'), client)];
  if (!withPeers) return own;
  return [...own, fwknopd('pcap', lab.host('fwknopd-pcap'), client), fwknopd('udp', lab.host('fwknopd-udp'), client)];
}

function hostsOf(lab: Lab, withPeers: boolean): Pick<FwknopSetting, 'client' | 'hosts'> {
  const pair = (name: string): readonly [Host, Host] => [lab.host(`${name}-pcap`), lab.host(`${name}-udp`)];
  return {
    client: lab.host('client'),
    hosts: { spad: pair('spad'), fwknopd: withPeers ? pair('fwknopd') : undefined },
  };
}

function tablesOf(report: Report): Map<Question, readonly Table[]> {
  const tables = new Map<Question, readonly Table[]>();
  if (report.latency !== undefined) tables.set('latency', [latencyTable(report.latency)]);
  if (report.start !== undefined) tables.set('start', [startTable(report.start)]);
  if (report.knock !== undefined) tables.set('knock', [knockTable(report.knock)]);
  if (report.fwknop !== undefined) tables.set('fwknop', fwknopTables(report.fwknop));
  if (report.firewall !== undefined) tables.set('firewall', firewallTables(report.firewall));
  return tables;
}

function publish(report: Report, options: Options): void {
  const tables = tablesOf(report);
  const sentence = machineSentence(report.machine);
  if (options.json) process.stdout.write(`${JSON.stringify(report, null, 2)}\n`);
  else process.stdout.write(`\n${[...tables.values()].flat().map(asText).join('\n')}\n${sentence}\n`);
  if (!options.write) return;
  const sections = [...tables].map(
    ([question, some]) => [question, `\n${some.map(asMarkdown).join('\n\n')}\n\n${sentence}\n`] as const,
  );
  say(`${writePage(new Map(sections))} written`);
}

async function main(): Promise<void> {
  const options = readOptions(process.argv.slice(2));
  if (options.help) {
    process.stdout.write(HELP);
    return;
  }
  const limitMs = HARD_LIMIT_MS + options.patience * 1000;
  const limit = setTimeout(() => {
    say(`not done after ${Math.round(limitMs / 60_000)} minutes: something hangs`);
    // What cleans up listens to the end of the process.
    process.exit(1);
  }, limitMs);
  try {
    publish(await measure(options), options);
  } finally {
    clearTimeout(limit);
  }
}

try {
  await main();
} catch (error) {
  process.stderr.write(`✗ ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
