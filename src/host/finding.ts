/** What `spad check` can find; docs/check.md has a cure for each. */

export type FindingTag =
  | ('firewall-unreadable' | 'firewall-partly-read' | 'open-without-grant' | 'way-around')
  | ('grant-useless' | 'one-family-only' | 'established-dropped' | 'untracked' | 'answer-dropped' | 'cannot-tell')
  | ('published-unguarded' | 'allowed-open' | 'nothing-listens' | 'listens-elsewhere')
  | ('interface-missing' | 'interface-down' | 'interface-without-address' | 'interface-not-facing')
  | ('spa-port-closed' | 'spa-port-taken' | 'clock-unsynchronised' | 'other-daemon' | 'already-running')
  | ('old-key-ends' | 'old-key-used' | 'old-key-unneeded' | 'old-key-over')
  | ('not-writable' | 'disk-full' | 'no-way-back' | 'session-ends' | 'session-guarded');

/** An error: somebody is locked out, or let in. A warning: it is not as it seems. A note: worth knowing, nothing is wrong. */
export type Severity = 'error' | 'warning' | 'note';

export interface Finding {
  readonly tag: FindingTag;
  readonly severity: Severity;
  /** `tcp/22`, where it is about one. */
  readonly port?: string;
  /** What would happen: one plain sentence. */
  readonly message: string;
  /** What to do. */
  readonly cure: string;
  /** The rule that it comes from: `table ip filter, chain INPUT, rule 3 (…)`. */
  readonly rule?: string;
}

const ORDER: readonly Severity[] = ['error', 'warning', 'note'];

/** The worst first; each once. */
export const sortFindings = (findings: readonly Finding[]): readonly Finding[] => {
  const distinct = new Map(findings.map((finding) => [`${finding.tag} ${finding.message}`, finding]));
  return [...distinct.values()].sort((a, b) => ORDER.indexOf(a.severity) - ORDER.indexOf(b.severity));
};

/** 0: nothing wrong; 1: an error; 3: warnings alone. */
export const exitStatus = (findings: readonly Pick<Finding, 'severity'>[]): 0 | 1 | 3 => {
  if (findings.some(({ severity }) => severity === 'error')) return 1;
  return findings.some(({ severity }) => severity === 'warning') ? 3 : 0;
};
