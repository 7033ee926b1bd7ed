/** What a newcomer gets wrong: how it comes about, and the command that then prints something. */
export interface Mistake {
  /** A name for the page and for the test's title. */
  readonly title: string;
  /** Where the command is run; `bare`: a server on which no daemon runs. */
  readonly on: 'server' | 'bare' | 'client';
  /** A shell script that makes the mistake; files are as a sound set-up has them, and are put back afterwards. */
  readonly make?: string;
  /** Puts back what is not a file. */
  readonly undo?: string;
  /** The line that is typed, in sh. */
  readonly type: string;
  /** The program goes on by itself; it is ended in order once it has printed this. */
  readonly until?: string;
  /** What the page says beside it, where the message alone would not tell. */
  readonly said?: string;
  /** The exit status: a mistake is never a success. */
  readonly status: number;
}
