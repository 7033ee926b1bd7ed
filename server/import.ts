/** `spad import`: fwknop's files or knockd.conf as a spad.conf. */
import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import type { Command } from 'commander';
import { rewriteSecretFile } from '../keys/ring-file.ts';
import { openSecretFileIfThere } from '../keys/safe-file.ts';
import { type Conversion, importFwknop } from '../src/config/fwknop/import.ts';
import { importKnockd } from '../src/config/import-knockd.ts';
import { formatIssue } from '../src/config/issue.ts';
import { formatReportLine } from '../src/config/report.ts';
import { isServerName } from '../src/spa/native/keys.ts';
import { fwknopReader, isFile, localMidnight } from './load-fwknop.ts';

interface ImportOptions {
  readonly fwknop?: string;
  readonly fwknopConfig?: string;
  readonly fwknopOverride?: string;
  readonly knockd?: string;
  /** `-`: standard output. */
  readonly out: string;
  readonly name?: string;
  readonly force?: true;
}

const STDOUT = '-';

/** Adds options and action to `command`; `done` gets the exit status. */
export const defineImport = (command: Command, done: (status: number) => void): void => {
  command
    .description(
      'write a spad.conf that means what the files of fwknop or knockd mean, and say what became of each line',
    )
    .option('--fwknop <file>', 'access.conf')
    .option('--fwknop-config <file>', 'fwknopd.conf; alone, with the access.conf that it names')
    .option('--fwknop-override <files>', 'files that override it, with commas between, as fwknopd -O')
    .option('--knockd <file>', 'knockd.conf')
    .option('--out <file>', 'where to write, mode 0600; - is standard output', STDOUT)
    .option('--name <name>', "this server's name in spad.conf (default: the host's)")
    .option('--force', 'write over a file that is there')
    .action((options: ImportOptions) => {
      const isFwknop = options.fwknop !== undefined || options.fwknopConfig !== undefined;
      if (isFwknop === (options.knockd !== undefined))
        command.error('error: name what to convert: --fwknop access.conf, or --knockd knockd.conf');
      const name = options.name ?? hostname();
      if (!isServerName(name)) command.error('error: --name must be 1 to 64 bytes of text');
      done(deliver(convert(options, name), options));
    });
};

const convert = (options: ImportOptions, name: string): Conversion => {
  const { fwknop, fwknopConfig, fwknopOverride, knockd } = options;
  if (knockd !== undefined) return importKnockd({ text: readFileSync(knockd, 'latin1'), path: knockd, name });
  const config = [fwknopConfig, ...(fwknopOverride?.split(',').map((path) => path.trim()) ?? [])]
    .filter((path) => path !== undefined)
    .map((path) => ({ path, text: readFileSync(path, 'utf8') }));
  return importFwknop({
    ...fwknopReader,
    midnight: localMidnight,
    access: fwknop === undefined ? undefined : { file: fwknop },
    ...{ config, name, isFile },
  });
};

/** The text goes where it was asked for, and what is said about it to the other output. */
const deliver = ({ text, report, issues }: Conversion, { out, force }: ImportOptions): number => {
  const toFile = out !== STDOUT;
  const tell = (line: string): boolean => (toFile ? process.stdout : process.stderr).write(`${line}\n`);
  for (const issue of issues) process.stderr.write(`${formatIssue(issue)}\n`);
  if (text === undefined) return 1;
  if (toFile) {
    const previous = openSecretFileIfThere(out);
    if (previous !== undefined && force !== true) {
      process.stderr.write(`error: ${out} is there already: name another file, or say --force\n`);
      return 1;
    }
    rewriteSecretFile(out, text, previous);
  } else process.stdout.write(text);
  for (const line of report) tell(formatReportLine(line));
  if (toFile) tell(`${out} is written; read it, then run: spad --check -c ${out}`);
  return 0;
};
