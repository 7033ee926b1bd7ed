/** What the demo shows: headings, commands as a person would type them, their real output, and what was to be expected. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Host } from '../test/support/host.ts';
import type { ExecResult, LabProcess } from '../test/support/lab-process.ts';
import { builtFile } from '../test/support/paths.ts';

/** The commands that the demo types, and the built file behind each. */
const PROGRAMS = {
  spad: 'server/main.js',
  'spa-client': 'client/main.js',
  'spa-keys': 'keys/main.js',
  'tcp-service': 'test/support/tcp-service.js',
  'tcp-connect': 'test/support/tcp-connect.js',
  'udp-send': 'test/support/udp-send.js',
} as const;

/**
 * Puts every program of the demo into one folder, by the name that a user types.
 * @throws Error when one has not been built.
 */
export function installPrograms(folder: string): void {
  for (const [name, file] of Object.entries(PROGRAMS)) {
    const script = `#!/bin/sh\nexec '${process.execPath}' '${builtFile(file)}' "$@"\n`;
    writeFileSync(join(folder, name), script, { mode: 0o755 });
  }
}

/** SGR parameters (ECMA-48), used on a terminal only. */
const STYLES = { heading: '1', good: '32', bad: '1;31', dim: '2', client: '36', attacker: '35', server: '34' } as const;

type Style = keyof typeof STYLES;

/** A terminal that wants colours; https://no-color.org for the variable. */
function wantsColour(): boolean {
  const { NO_COLOR: refusal = '', TERM: terminal = '' } = process.env;
  return process.stdout.isTTY && refusal === '' && terminal !== 'dumb';
}

export class Stage {
  private readonly colour = wantsColour();
  private readonly misbehaved: string[] = [];
  private readonly programs: string;
  private readonly home: (host: Host) => string;
  private step = 0;

  /**
   * @param programs the folder that `installPrograms` filled
   * @param home the folder in which a host's commands are typed
   */
  constructor(programs: string, home: (host: Host) => string) {
    this.programs = programs;
    this.home = home;
  }

  /** What did not behave as it should, in order. */
  get failures(): readonly string[] {
    return this.misbehaved;
  }

  heading(text: string): void {
    this.print(`\n${this.paint('heading', text)}`);
  }

  /** A heading with the next number. */
  nextStep(text: string): void {
    this.step++;
    this.heading(`${this.step}. ${text}`);
  }

  note(text: string): void {
    this.print(this.paint('dim', `   ${text}`));
  }

  /** Types a shell command in a host, runs it to its end and shows what it printed. */
  async run(host: Host, command: string): Promise<ExecResult> {
    const child = this.start(host, command);
    child.endInput();
    const exit = await child.exited;
    this.show(child.output);
    return { ...exit, stdout: child.stdout, stderr: child.stderr };
  }

  /** Types a shell command in a host and leaves it running. */
  start(host: Host, command: string): LabProcess {
    this.prompt(host, command);
    const home = this.home(host);
    const env = {
      PATH: `${this.programs}:${process.env['PATH'] ?? ''}`,
      HOME: home,
      XDG_CONFIG_HOME: undefined,
      // Their output goes to a pipe; what colours it would choose by the demo's own terminal is not for them to say.
      FORCE_COLOR: undefined,
    };
    // `exec` makes the process that is followed (and stopped) the program, not a shell around it.
    const line = /[;&|<>]/.test(command) ? command : `exec ${command}`;
    return host.spawn('sh', ['-c', line], { env, cwd: home });
  }

  /** Shows what a running program has printed. */
  show(output: string): void {
    for (const line of output.split('\n')) if (line.trim() !== '') this.print(`     ${line}`);
  }

  /** Says whether something is as it should be, and remembers if it is not. */
  expect(isSo: boolean, sentence: string): void {
    this.print(isSo ? this.paint('good', `   ✓ ${sentence}`) : this.paint('bad', `   ✗ NOT SO: ${sentence}`));
    if (!isSo) this.misbehaved.push(sentence);
  }

  /** The last word: `good` in green, or what went wrong. */
  conclude(good: string): void {
    if (this.misbehaved.length === 0) {
      this.print(`\n${this.paint('good', good)}`);
      return;
    }
    this.print(`\n${this.paint('bad', 'The demo did not behave as it should:')}`);
    for (const failure of this.misbehaved) this.print(this.paint('bad', ` ✗ ${failure}`));
  }

  /** Remembers and shows a trouble that ended the demo early. */
  fail(error: unknown): void {
    this.expect(false, `the demo goes on to its end (${error instanceof Error ? error.message : String(error)})`);
  }

  private prompt(host: Host, command: string): void {
    const style = host.name in STYLES ? (host.name as Style) : 'heading';
    this.print(`   ${this.paint(style, `${host.name}$`)} ${command}`);
  }

  private paint(style: Style, text: string): string {
    return this.colour ? `\x1b[${STYLES[style]}m${text}\x1b[0m` : text;
  }

  private print(line: string): void {
    process.stdout.write(`${line}\n`);
  }
}
