/** What became of each line of a file that was converted. */
export interface ReportLine {
  readonly file: string;
  /** From 1; 0 where it is about the file as a whole. */
  readonly line: number;
  /** `kept as …`, `dropped: …` or `needs you: …`. */
  readonly fate: 'kept' | 'dropped' | 'needs-you';
  /** What the line sets; never a value. */
  readonly what: string;
  readonly how: string;
}

const WORDS = { kept: 'kept as', dropped: 'dropped:', 'needs-you': 'needs you:' } as const;

/** `access.conf:12: OPEN_PORTS: kept as allow in [access stanza-1]` */
export const formatReportLine = ({ file, line, fate, what, how }: ReportLine): string =>
  `${file}${line > 0 ? `:${String(line)}` : ''}: ${what}: ${WORDS[fate]} ${how}`;

/** Sorted by file, in the order in which files come, and line. */
export const sortReport = (report: readonly ReportLine[]): readonly ReportLine[] => {
  const files = [...new Set(report.map(({ file }) => file))];
  return [...report].sort((a, b) => files.indexOf(a.file) - files.indexOf(b.file) || a.line - b.line);
};

/** One `key = value` of an INI file, quoted where the value would read as another one without. */
export const iniLine = (key: string, value: string): string => {
  const isPlain = /^[^";#\s](?:\S|\s+(?![;#\s]))*$/.test(value) && !/[\p{Cc}]/u.test(value);
  return `${key} = ${isPlain ? value : JSON.stringify(value)}`;
};
