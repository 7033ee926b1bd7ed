/** access.conf: from its lines to fwknop's clients, or to every problem there is. */
import type { FwknopKeys } from '../../access/fwknop-keys.ts';
import type { FwknopStanza } from '../../access/fwknop-stanza.ts';
import { PLAIN_TERMS } from '../../access/terms.ts';
import { own } from '../../base/own.ts';
import { printable } from '../../base/printable.ts';
import { nearest } from '../../base/suggest.ts';
import { type UnixMs, unixMs } from '../../base/units.ts';
import type { ValuesOf } from '../directive.ts';
import { hasErrors, type Issue } from '../issue.ts';
import { type AccessStart, type FileReader, readAccessFiles, type StanzaLines } from './access-files.ts';
import {
  ACCESS_ALIASES,
  ACCESS_FATES,
  accessConfDirectives,
  isKeyVariable,
  TEXT_VARIABLES,
  UNTRIMMED_VARIABLES,
} from './access-variables.ts';
import { type FwknopLine, tell } from './line.ts';
import { DEFAULT_MAX_OPEN_FOR, DEFAULT_OPEN_FOR } from './stanza-directives.ts';
import { type StanzaFile, stanzaKeys } from './stanza-keys.ts';
import { type NatSettings, type StanzaDraft, stanzaPolicy } from './stanza-policy.ts';
import type { CalendarDay } from './values.ts';

/** One stanza with its keys, and where it begins. */
export interface FwknopEntry {
  readonly client: { readonly stanza: FwknopStanza } & FwknopKeys;
  readonly file: string;
  readonly line: number;
}

export interface AccessConfParts extends FileReader {
  /** The instant at which a day begins by local time. */
  readonly midnight: (day: CalendarDay) => UnixMs;
  /** What fwknopd.conf says for all stanzas. */
  readonly nat: NatSettings;
  readonly gpgHomeDir: string;
  readonly gpgProgram: string;
  /** Stanzas without an HMAC key are asked for. */
  readonly allowUnauthenticated: boolean;
  /** How they would be: a whole sentence for a hint. */
  readonly askForUnauthenticated: string;
}

export interface AccessConfReading {
  /** In the order of the files; empty where there is an error among the issues. */
  readonly entries: readonly FwknopEntry[];
  readonly issues: readonly Issue[];
}

type Values = ValuesOf<typeof accessConfDirectives>;

/** Reads access.conf, or a folder of such files. Stanzas are called `stanza-1` and so on, as fwknopd counts them. */
export const parseAccessConf = (start: AccessStart, parts: AccessConfParts): AccessConfReading => {
  const issues: Issue[] = [];
  const { stanzas } = readAccessFiles(start, parts, issues);
  if (stanzas.length === 0 && !hasErrors(issues)) {
    const place = { file: 'file' in start ? start.file : start.folder, line: 0 };
    tell(issues, place, 'error', 'there is no stanza', 'a stanza begins with SOURCE ANY, and has keys');
  }
  const entries = stanzas.flatMap((stanza, index) => readStanza(stanza, `stanza-${String(index + 1)}`, parts, issues));
  return { entries: hasErrors(issues) ? [] : entries, issues };
};

const readStanza = (stanza: StanzaLines, name: string, parts: AccessConfParts, issues: Issue[]): FwknopEntry[] => {
  const before = issues.length;
  const lines = new Map<string, FwknopLine>();
  for (const line of stanza.lines) addLine(lines, line, issues);
  const { values, wrong } = readValues(lines, issues);
  const file: StanzaFile = {
    complain: (key, problem, hint, severity = 'error') =>
      tell(issues, (key === undefined ? undefined : lines.get(key)) ?? stanza, severity, `${name}: ${problem}`, hint),
    spell: (key) => key.toUpperCase(),
    ...{ gpgHomeDir: parts.gpgHomeDir, gpgProgram: parts.gpgProgram },
    ...{ allowUnauthenticated: parts.allowUnauthenticated, askForUnauthenticated: parts.askForUnauthenticated },
  };
  // What a wrong value leads to is not told as well; the other half of the stanza is.
  const [wrongKeys, wrongRest] = [wrong.filter(isKey), wrong.filter((key) => !isKey(key))];
  const keys = wrongKeys.length > 0 ? undefined : stanzaKeys(values, file);
  const policy = wrongRest.length > 0 ? undefined : stanzaPolicy(draftOf(name, values, parts, file), file);
  if (keys === undefined || policy === undefined || hasErrors(issues.slice(before))) return [];
  return [{ client: { stanza: policy, ...keys }, file: stanza.file, line: stanza.line }];
};

const isKey = (key: string): boolean => isKeyVariable(key.toUpperCase());

const draftOf = (name: string, values: Values, parts: AccessConfParts, file: StanzaFile): StanzaDraft => ({
  name,
  sources: values.source,
  openPorts: values.open_ports,
  openFor: values.fw_access_timeout ?? DEFAULT_OPEN_FOR,
  maxOpenFor: values.max_fw_timeout ?? DEFAULT_MAX_OPEN_FOR,
  requireAddress: values.require_source_address ?? false,
  terms: PLAIN_TERMS,
  expires: expiryOf(values, parts, file),
  nat: parts.nat,
  allowNat: 'set ENABLE_IPT_FORWARDING or ENABLE_IPT_LOCAL_NAT to Y in fwknopd.conf (--fwknop-config)',
  values,
});

const expiryOf = (values: Values, parts: AccessConfParts, file: StanzaFile): UnixMs | undefined => {
  const { access_expire: day, access_expire_epoch: epoch } = values;
  if (day !== undefined && epoch !== undefined)
    file.complain('access_expire', 'ACCESS_EXPIRE and ACCESS_EXPIRE_EPOCH', 'set one of the two');
  if (day !== undefined) return parts.midnight(day);
  return epoch === undefined ? undefined : unixMs(epoch * 1000);
};

/** Of two lines about one variable the later counts. */
const addLine = (lines: Map<string, FwknopLine>, line: FwknopLine, issues: Issue[]): void => {
  const variable = own(ACCESS_ALIASES, line.variable) ?? line.variable;
  const key = variable.toLowerCase();
  const fate = own(ACCESS_FATES, variable);
  if (fate === undefined) {
    tell(
      issues,
      line,
      'warning',
      `unknown variable "${printable(line.variable, 40)}" is passed over`,
      hintFor(variable),
    );
    return;
  }
  if (fate.kind === 'not-needed') {
    tell(issues, line, 'warning', `${variable} changes nothing`, fate.because);
    return;
  }
  const earlier = lines.get(key);
  if (earlier !== undefined) {
    const problem = `${variable} again; the one at line ${String(earlier.line)} does not count`;
    tell(issues, line, 'warning', problem, 'remove one of them');
  }
  lines.set(key, { ...line, variable });
};

const hintFor = (variable: string): string => {
  const known = Object.keys(ACCESS_FATES);
  const near = nearest(variable, known);
  return near === undefined ? `known are ${known.join(', ')}` : `did you mean ${near}?`;
};

/** The values, and the keys of those that were wrong, in whose place stands what there is without them. */
const readValues = (
  lines: ReadonlyMap<string, FwknopLine>,
  issues: Issue[],
): { readonly values: Values; readonly wrong: readonly string[] } => {
  const values: Record<string, unknown> = { source: [] };
  const wrong: string[] = [];
  for (const [key, directive] of Object.entries(accessConfDirectives)) {
    if (directive.fallback !== 'required') values[key] = directive.fallback.value;
    const line = lines.get(key);
    if (line === undefined) continue;
    const text = valueText(line, issues);
    const parsed = directive.parse(text);
    if (parsed.ok) values[key] = parsed.value;
    else {
      wrong.push(key);
      const shown = 'isSecret' in directive ? '(not shown)' : printable(text, 60);
      tell(issues, line, 'error', `${line.variable} ${shown}`, parsed.error);
    }
  }
  return { values: values as Values, wrong };
};

/** The value as it is meant: white space at its end does not count, nor does ` # …` where the value is no text. */
const valueText = (line: FwknopLine, issues: Issue[]): string => {
  const { variable, value } = line;
  if (!TEXT_VARIABLES.includes(variable)) return value.replace(/\s+#.*$/, '').trim();
  if (UNTRIMMED_VARIABLES.includes(variable)) {
    if (value.trimEnd() !== value) {
      const hint = 'remove it here and from the client, or write such a key as base64';
      tell(issues, line, 'warning', `white space at the end of ${variable} is part of it, as with fwknopd`, hint);
    }
    return value;
  }
  if (/\s#/.test(value)) {
    const hint = 'a comment needs a line of its own, or stands behind ";"';
    tell(issues, line, 'warning', `"#" and what follows is part of ${variable}, as with fwknopd`, hint);
  }
  return value.trim();
};
