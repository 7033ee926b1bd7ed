/** `spad report`: one page from the audit log. */
import { existsSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Command } from 'commander';
import { readSecretFile } from '../../keys/safe-file.ts';
import { INSTANT_WORDS } from '../../src/base/instant.ts';
import { countOf, printable } from '../../src/base/printable.ts';
import type { UnixMs } from '../../src/base/units.ts';
import { DEFAULT_AUDIT_LOG } from '../../src/config/daemon-directives.ts';
import { parseSpadConf } from '../../src/config/spad-conf.ts';
import { Collector } from '../../src/report/collector.ts';
import type { Figures } from '../../src/report/figures.ts';
import { reportPage } from '../../src/report/page.ts';
import { readClock } from '../clock.ts';
import { instantWord } from '../instant-word.ts';
import { inOrder, linesOf, STDIN, withRotated } from './read-log.ts';

interface ReportOptions {
  readonly config?: string;
  readonly since?: UnixMs;
  readonly until?: UnixMs;
  readonly output?: string;
  readonly json?: true;
}

const say = (text: string): boolean => process.stdout.write(text);
const complain = (text: string): boolean => process.stderr.write(`spad: ${text}\n`);

/** The page tells who comes from where: it is for those who may read the log. */
const PAGE_MODE = 0o640;

const AFTER_HELP = `
Without a FILE it reads the configuration's audit_log and what was rotated away beside it; - is standard input.
Compressed files are read as they are. The page needs no network and no scripts. See docs/report.md.

Exit status: 0, or 1 where a file could not be read to its end; the page tells of the rest then.`;

/** Adds the command; `standard` is the configuration where none is named. */
export const defineReport = (program: Command, standard: string, onStatus: (status: number) => void): void => {
  program
    .command('report')
    .description('make one HTML page from the audit log: grants, refusals, rates, delays, troubles')
    .argument('[files...]', 'audit logs, rotated and compressed ones too; - is standard input')
    .option('-c, --config <file>', `configuration whose audit_log is read (default: ${standard})`)
    .option('--since <time>', `leave out what is older: ${INSTANT_WORDS}`, instantWord)
    .option('--until <time>', 'leave out what is not older', instantWord)
    .option('-o, --output <file>', 'where the page goes, instead of standard output')
    .option('--json', 'the figures as one JSON object, instead of the page')
    .addHelpText('after', AFTER_HELP)
    .action(async (files: readonly string[], options: ReportOptions) => {
      const all = { ...program.opts<{ readonly config?: string }>(), ...options };
      onStatus(await report(files, all, standard));
    });
};

const report = async (files: readonly string[], options: ReportOptions, standard: string): Promise<number> => {
  if (options.output === undefined && options.json !== true && process.stdout.isTTY)
    throw new Error('the page is for a browser: say where it goes, as with -o report.html');
  const paths = await inOrder(files.length > 0 ? [...new Set(files)] : configured(options.config, standard));
  const collector = new Collector(options);
  const troubles: string[] = [];
  for (const path of paths) {
    const trouble = await readInto(collector, path);
    if (trouble !== undefined) troubles.push(trouble);
  }
  const figures = collector.finish();
  for (const trouble of troubles) complain(trouble);
  const shown = paths.map((path) => (path === STDIN ? 'standard input' : printable(path)));
  const text =
    options.json === true
      ? `${JSON.stringify({ files: shown, troubles, ...figures })}\n`
      : reportPage(figures, { files: shown, made: readClock().wall, troubles });
  if (options.output === undefined) say(text);
  else {
    writeFileSync(options.output, text, { mode: PAGE_MODE });
    say(`${printable(options.output)}: ${summaryOf(figures, paths.length)}\n`);
  }
  return troubles.length === 0 ? 0 : 1;
};

/** What went wrong, as a sentence. What was read before that stands. */
const readInto = async (collector: Collector, path: string): Promise<string | undefined> => {
  try {
    for await (const lines of linesOf(path)) for (const line of lines) collector.take(line);
    return undefined;
  } catch (error) {
    const words = error instanceof Error ? error.message : String(error);
    return `${path === STDIN ? 'standard input' : printable(path)} could not be read to its end: ${printable(words)}`;
  }
};

/** Throws a sentence where there is no log. */
const configured = (config: string | undefined, standard: string): readonly string[] => {
  const path = auditLogOf(config, standard);
  const found = existsSync(dirname(path)) ? withRotated(path) : [];
  if (found.length === 0)
    throw new Error(`there is no audit log ${path}: name the files, or the configuration with --config`);
  return found;
};

const auditLogOf = (config: string | undefined, standard: string): string => {
  const file = config ?? standard;
  if (config === undefined && !existsSync(file)) return DEFAULT_AUDIT_LOG;
  const { conf } = parseSpadConf(readSecretFile(file), file);
  if (conf === undefined) throw new Error(`${file} has errors ("spad --check" lists them): name the audit log itself`);
  return conf.daemon.audit_log;
};

const summaryOf = ({ lines, damaged, range }: Figures, files: number): string => {
  const period =
    range === undefined
      ? 'nothing of the period'
      : `${new Date(range.from).toISOString()} to ${new Date(range.to).toISOString()}`;
  const bad = damaged === 0 ? '' : `, ${String(damaged)} of them damaged`;
  return `${countOf(lines, 'line')} of ${countOf(files, 'file')}${bad}; ${period}`;
};
