/** One thing wrong in a file that a person wrote. All of them are gathered and told at once. */
export interface Issue {
  /** A warning is told and does not stop the daemon. */
  readonly severity: 'error' | 'warning';
  readonly file: string;
  /** From 1; 0 where it is about the file as a whole. */
  readonly line: number;
  /** What was found. */
  readonly problem: string;
  /** What would be right. */
  readonly hint: string;
}

/** `/etc/spad/spad.conf:12: unknown key "prot" (did you mean "port"?)` */
export const describeIssue = (issue: Issue): string => `${placeOf(issue)}: ${issue.problem} (${issue.hint})`;

/** The same with its severity, as compilers write it: `FILE:12: error: …` */
export const formatIssue = (issue: Issue): string =>
  `${placeOf(issue)}: ${issue.severity}: ${issue.problem} (${issue.hint})`;

const placeOf = ({ file, line }: Issue): string => (line > 0 ? `${file}:${String(line)}` : file);

export const hasErrors = (issues: readonly Issue[]): boolean => issues.some((issue) => issue.severity === 'error');
