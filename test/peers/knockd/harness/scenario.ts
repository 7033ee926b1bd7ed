/** What a scenario is: a configuration, how the daemon is started, what happens, and what is known to differ. */
import type { Run } from './run.ts';

/** Who is running: the real knockd, or `spad knockd`. */
export type Side = 'knockd' | 'spad';

/** A difference that is meant: where knockd is plainly broken and the replacement is not. */
export interface Difference {
  readonly why: string;
  /** By title of the section: all of its lines as `spad knockd` must write them; every other section is as knockd's. */
  readonly spad: Readonly<Record<string, string>>;
}

export interface Scenario {
  /** Unique; also the name of the file of the recorded transcript. */
  readonly name: string;
  /** LOGFILE and TMP stand for paths of this run. */
  readonly conf?: string;
  /** More files, by name, in TMP. */
  readonly files?: Readonly<Record<string, string>>;
  /** The options after `-c CONF`; `-i eth0` unless told. `null`: the steps start the daemon themselves. */
  readonly options?: string | null;
  /** Shell commands that change the file system for the daemon alone. */
  readonly mounts?: string;
  /** Done before the daemon is started, such as adding an address. */
  readonly before?: (run: Run) => Promise<void>;
  readonly steps?: (run: Run) => Promise<void>;
  readonly differs?: Difference;
  /** Sections that are compared as sets of lines, where knockd's own order is a matter of chance. */
  readonly unordered?: readonly string[];
  /** What else differs from run to run: patterns and what stands for them in every section. */
  readonly masks?: readonly (readonly [RegExp, string])[];
  /** Milliseconds; 120 000 unless told. */
  readonly timeoutMs?: number;
}

/** The text without the newline that follows the opening backtick. */
export function lines(text: string): string {
  return text.replace(/^\n/, '');
}
