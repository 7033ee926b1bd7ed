/** An audit line for people: when, what, who, from where, and what is worth knowing about it. */
import { own } from '../base/own.ts';
import { stillPrintable } from '../base/printable.ts';
import { part, type Part, type Style } from '../base/styled.ts';
import { formatDuration, seconds } from '../base/units.ts';
import type { AuditRecord, FollowedLine } from './audit-record.ts';

const STYLES: Readonly<Record<string, Style>> = {
  ...{ granted: 'good', extended: 'good', restored: 'good', knocked: 'good', commanded: 'good', confirmed: 'good' },
  ...{ rejected: 'odd', repaired: 'odd', woke: 'odd', revoked: 'odd' },
  ...{ failed: 'bad', 'trial-over': 'bad' },
  ...{ closed: 'quiet', expired: 'quiet', ended: 'quiet', counted: 'quiet' },
  ...{ started: 'strong', stopped: 'strong', reloaded: 'strong' },
};

/** The longest event; and room for most names and addresses, so that most lines stand below one another. */
const EVENT_WIDTH = 10;
const NAME_WIDTH = 10;
const SOURCE_WIDTH = 15;

/** The parts of one line. */
export const auditWords = (line: FollowedLine): readonly Part[] => {
  if (line.kind === 'lost')
    return [part(`… ${String(line.count)} older lines are lost here: they came faster than they were read`, 'bad')];
  const { record } = line;
  const { event, time, reason } = record;
  const style = event === 'reloaded' && reason !== undefined ? 'bad' : own(STYLES, event);
  const rest = [...whoOf(record), ...whatOf(record)].join('  ').trimEnd();
  const word = stillPrintable(event);
  return [
    part(`${stillPrintable(dayTime(time))}  `, 'quiet'),
    part(rest === '' ? word : `${word.padEnd(EVENT_WIDTH)}  `, style),
    part(rest),
  ];
};

/** `2026-11-20 14:13:28Z` */
const dayTime = (iso: string): string => (isIso(iso) ? `${iso.slice(0, 10)} ${iso.slice(11, 19)}Z` : iso);

const isIso = (text: string): boolean => /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z$/.test(text);

const whoOf = ({ stanza, source }: AuditRecord): readonly string[] =>
  stanza === undefined && source === undefined
    ? []
    : [stillPrintable(stanza ?? '-').padEnd(NAME_WIDTH), stillPrintable(source ?? '').padEnd(SOURCE_WIDTH)];

const whatOf = (record: AuditRecord): readonly string[] => {
  const { ports, forward, until, reason, skew, key, code, user, detail, counts } = record;
  const opening = [...(ports === undefined ? [] : [ports.join(', ')]), ...allowWords(record)].join(' ');
  const facts = [
    ...(opening === '' ? [] : [opening]),
    ...(forward === undefined ? [] : [`to ${forward}`]),
    ...(until === undefined ? [] : [untilText(record, until)]),
    ...(reason === undefined ? [] : [skew === undefined ? reason : `${reason} (${skewText(skew)})`]),
    ...(key === undefined ? [] : [`with its ${key} key`]),
    ...(code === undefined ? [] : [`emergency code ${String(code)}`]),
    ...(user === undefined ? [] : [`user ${user}`]),
    ...(counts === undefined ? [] : [countsText(counts)]),
    ...(detail === undefined ? [] : [detail]),
  ];
  return facts.map(stillPrintable);
};

/** Only where it is not the source alone that is let in. */
const allowWords = ({ allow, source }: AuditRecord): readonly string[] => {
  const addresses = typeof allow === 'string' ? [allow] : (allow ?? []);
  const isSource = addresses.length === 1 && addresses[0] === source;
  return addresses.length === 0 || isSource ? [] : [`for ${addresses.join(' and ')}`];
};

/** Of a grant that ends later, for how long it holds from then on. */
const untilText = ({ time, event }: AuditRecord, until: string): string => {
  const isKnown = isIso(until);
  const day = !isKnown || until.slice(0, 10) === time.slice(0, 10) ? '' : `${until.slice(0, 10)} `;
  const end = isKnown ? `${day}${until.slice(11, 19)}Z` : until;
  const prefix = own(END_WORDS, event);
  if (prefix !== undefined) return `${prefix} ${end}`;
  const left = isKnown ? Math.round((Date.parse(until) - Date.parse(time)) / 1000) : 0;
  return left > 0 ? `until ${end} (${formatDuration(seconds(left))})` : `until ${end}`;
};

const WOULD_HAVE = 'would have held until';
const END_WORDS: Readonly<Record<string, string>> = {
  ...{ expired: 'at', closed: WOULD_HAVE, revoked: WOULD_HAVE, failed: WOULD_HAVE, rejected: WOULD_HAVE },
};

const skewText = (skew: number): string =>
  `its clock is ${formatDuration(seconds(Math.abs(Math.round(skew))))} ${skew < 0 ? 'behind' : 'ahead'}`;

/** The most frequent first. */
const countsText = (counts: Readonly<Record<string, number>>): string =>
  Object.entries(counts)
    .filter(([, count]) => count > 0)
    .sort(([, a], [, b]) => b - a)
    .map(([name, count]) => `${name} ${String(count)}`)
    .join(', ');
