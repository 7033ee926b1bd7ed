/** The live view as lines of a terminal: what is shown of it in so many columns and rows. */
import { plainTime } from '../base/instant.ts';
import { countOf, inCells } from '../base/printable.ts';
import { part, type Part, type Style } from '../base/styled.ts';
import { formatDuration, seconds, type UnixMs } from '../base/units.ts';
import type { Refusal } from './refusal-book.ts';
import { BLOCKS, sparkline } from './sparkline.ts';
import { describeFirewall } from './status-page.ts';
import type { ShownCapture, Status } from './status.ts';
import type { WatchAnswer } from './watch-answer.ts';

export interface WatchView {
  /** Undefined where there is none: `trouble` says why. */
  readonly answer: WatchAnswer | undefined;
  readonly trouble: string;
  /** How old the answer is, in milliseconds. */
  readonly age: number;
  readonly refusals: readonly Refusal[];
  readonly now: UnixMs;
  /** Of the sparklines, the lowest first. */
  readonly blocks: string;
  /** The last line; empty for none. */
  readonly footer: string;
}

export interface ScreenSize {
  readonly columns: number;
  readonly rows: number;
}

type Line = readonly Part[];

/** At most `rows` lines of at most `columns` cells each, whatever there is to show and whatever names hold. */
export const watchPage = (view: WatchView, { columns, rows }: ScreenSize): readonly Line[] => {
  const footer: readonly Line[] = view.footer === '' ? [] : [[part(view.footer, 'quiet')]];
  const head = view.answer === undefined ? [[part(view.trouble, 'bad')]] : headLines(view, view.answer.status);
  const sections = sectionsOf(view, columns);
  const room = rows - head.length - footer.length - 2 * sections.length;
  const shares = shareRows(
    room,
    sections.map(({ lines }) => lines.length),
  );
  const body = sections.flatMap(({ title, lines }, index) => sectionLines(title, lines, shares[index] ?? 0));
  const above = [...head, ...body].slice(0, Math.max(0, rows - footer.length));
  return [...above, ...footer].slice(0, rows).map((line) => fit(line, columns));
};

const headLines = ({ age, now }: WatchView, status: Status): readonly Line[] => {
  const { version, uptime, capture, firewall, via, guard, trialUntil, clockSynchronised } = status;
  const clock =
    clockSynchronised === false ? part('clock not synchronised', 'bad') : part('clock synchronised', 'quiet');
  const isRight = firewall.kind === 'agrees';
  return [
    [
      part(`spad ${version}`, 'strong'),
      part(`  up ${lengthOf(uptime + age)}  ${plainTime(new Date(now).toISOString())}Z  `),
      ...(clockSynchronised === undefined ? [] : [clock]),
    ],
    capture === undefined
      ? [part('capture   '), part('none yet: the log of the daemon says why', 'bad')]
      : [part(`capture   ${captureText(capture, now)}`)],
    [part('firewall  '), part(describeFirewall(firewall, via), isRight ? 'plain' : 'bad')],
    [
      part(`guard     ${guard.length === 0 ? 'nothing is guarded' : guard.join(', ')}`),
      ...(trialUntil === undefined ? [] : [part('; on trial: run "spad confirm" in a new session', 'odd')]),
    ],
  ];
};

/** What does not fit is least worth knowing. */
const captureText = ({ on, since, restarts }: ShownCapture, now: UnixMs): string =>
  `${on}, for ${agoText(now - Date.parse(since))}${restarts === 0 ? '' : `, ${countOf(restarts, 'restart')}`}`;

interface Section {
  readonly title: string;
  /** The head of the table first, where it has one. */
  readonly lines: readonly Line[];
}

const sectionsOf = (view: WatchView, columns: number): readonly Section[] => {
  const { answer } = view;
  return [
    ...(answer === undefined
      ? []
      : [
          { title: `GRANTS  ${String(answer.status.grants)}`, lines: grantLines(answer, view.age) },
          {
            title: 'PACKETS  each second of the last minute, and in all',
            lines: rateLines(answer, view.blocks, columns),
          },
        ]),
    { title: 'REFUSED  the latest first', lines: refusalLines(view) },
  ];
};

const grantLines = ({ grants }: WatchAnswer, age: number): readonly Line[] => {
  const live = grants.map((grant) => ({ ...grant, left: grant.left - age })).filter(({ left }) => left > 0);
  if (live.length === 0) return [[part('nothing is open', 'quiet')]];
  return table(
    live.map(({ stanza, address, ports, forward, left }) => [
      part(lengthOf(left).padStart(8), left < SOON_MS ? 'odd' : 'good'),
      ...[part(stanza), part(address), part(`${ports.join(', ')}${forward === undefined ? '' : ` to ${forward}`}`)],
    ]),
  );
};

/** A grant of which so little is left is about to end. */
const SOON_MS = 10_000;

/** Counters of what became of a packet that was let in; of all others, packets that were not, or no packets. */
const LET_IN: readonly string[] = ['granted', 'extended', 'knocked', 'commanded', 'closed'];
const OWN: readonly string[] = [
  'expired',
  'revoked',
  'firewall-repaired',
  'knock-stage',
  'attempt-evicted',
  'sequence-timeout',
];

const rateLines = ({ status: { counts }, rates }: WatchAnswer, blocks: string, columns: number): readonly Line[] => {
  const rank = (name: string): number => (LET_IN.includes(name) ? 0 : OWN.includes(name) ? 2 : 1);
  const names = Object.keys(counts).sort(
    (a, b) => rank(a) - rank(b) || (counts[b]?.total ?? 0) - (counts[a]?.total ?? 0),
  );
  if (names.length === 0) return [[part('none was counted yet', 'quiet')]];
  const widest = Math.max(...names.map((name) => inCells(name).length));
  const room = Math.max(0, Math.min(60, columns - widest - 26));
  return table(
    names.map((name) => {
      const { total = 0, per10s = 0 } = counts[name] ?? {};
      const style: Style = (['good', 'odd', 'quiet'] as const)[rank(name)] ?? 'plain';
      // A name may be one that every object has.
      const rate = Object.hasOwn(rates, name) ? rates[name] : undefined;
      const line = sparkline(rate ?? new Array<number>(60).fill(0), room, blocks);
      return [
        ...[
          part(`  ${name}`),
          part(`${per10s.toFixed(1)}/s`.padStart(9)),
          part(line, per10s > 0 || rate ? style : 'quiet'),
        ],
        part(String(total).padStart(9), 'quiet'),
      ];
    }),
  );
};

const refusalLines = ({ refusals, now }: WatchView): readonly Line[] => {
  if (refusals.length === 0) return [[part('nobody', 'quiet')]];
  return table(
    refusals.map(({ source, client, reason, count, time }) => [
      part(agoText(now - Date.parse(time)).padStart(8), 'quiet'),
      ...[part(source), part(client), part(count === 1 ? reason : `${reason}, ${String(count)} times`, 'odd')],
    ]),
  );
};

const agoText = (ms: number): string => (Number.isFinite(ms) ? lengthOf(Math.max(0, ms)) : '-');

/** To the second, upwards: what has any time left is not shown as over. */
const lengthOf = (ms: number): string => formatDuration(seconds(Math.ceil(Math.max(0, ms) / 1000)));

/** Columns as wide as their widest cell, with two spaces between them. */
const table = (rows: readonly Line[]): readonly Line[] => {
  const cells = rows.map((row) => row.map(({ text, style }) => ({ text: inCellsOr(text), style })));
  const widths = [...(cells[0] ?? []).keys()].map((column) =>
    Math.max(...cells.map((row) => Array.from(row[column]?.text ?? '').length)),
  );
  return cells.map((row) =>
    row.flatMap(({ text, style }, column) => {
      const gap = Math.max(0, (widths[column] ?? 0) - Array.from(text).length) + 2;
      return column === row.length - 1 ? [part(text, style)] : [part(text, style), part(' '.repeat(gap))];
    }),
  );
};

/** Our own blocks pass; nothing else that is not in cells does. */
const inCellsOr = (text: string): string => text.replace(NOT_BLOCKS, inCells);

const NOT_BLOCKS = new RegExp(`[^${BLOCKS}]+`, 'gu');

const fit = (line: Line, columns: number): Line => {
  let left = columns;
  const parts: Part[] = [];
  for (const { text, style } of line) {
    const letters = Array.from(inCellsOr(text)).slice(0, Math.max(0, left));
    left -= letters.length;
    if (letters.length > 0) parts.push(part(letters.join(''), style));
  }
  return parts;
};

const sectionLines = (title: string, lines: readonly Line[], rows: number): readonly Line[] => {
  const isCut = lines.length > rows;
  const shown = isCut ? lines.slice(0, Math.max(0, rows - 1)) : lines;
  const rest = isCut && rows > 0 ? [[part(`  and ${String(lines.length - shown.length)} more`, 'quiet')]] : [];
  return [[], [part(title, 'strong')], ...shown, ...rest];
};

/** `room` rows among sections that need so many: none gets more than it needs, and what one leaves is for the others. */
export const shareRows = (room: number, needs: readonly number[]): readonly number[] => {
  const shares = needs.map(() => 0);
  for (let left = Math.max(0, room); left > 0; left -= 1) {
    const open = [...needs.keys()].filter((index) => (shares[index] ?? 0) < (needs[index] ?? 0));
    const [next] = open.sort((a, b) => (shares[a] ?? 0) - (shares[b] ?? 0));
    if (next === undefined) break;
    shares[next] = (shares[next] ?? 0) + 1;
  }
  return shares;
};
