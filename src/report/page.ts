/** The report as one page that needs nothing else: no network, no script, no picture of its own file. */
import { encodeBase64, encodeUtf8 } from '../bytes/encoding.ts';
import { sha256 } from '../crypto/digest.ts';
import type { UnixMs } from '../base/units.ts';
import { barChart, type Lane, laneChart } from './charts.ts';
import type { Figures } from './figures.ts';
import { markup, type Markup } from './markup.ts';
import { STYLE } from './style.ts';
import { clientTable, daemonTable, grantTable, reasonTable, sourceTable } from './tables.ts';
import { formatAbout, formatCount, formatLength, formatTime } from './time-text.ts';

const SHOWN_LANES = 20;

/** What the page is about, and when it was made. */
export interface Title {
  /** The files that were read, as they were named. */
  readonly files: readonly string[];
  readonly made: UnixMs;
  /** What went wrong with a file, a sentence each. */
  readonly troubles: readonly string[];
}

/** No source of anything is allowed but this one style sheet. */
const policyOf = (style: string): string =>
  `default-src 'none'; style-src 'sha256-${encodeBase64(sha256(encodeUtf8(style)))}'; base-uri 'none'; form-action 'none'`;

/** The whole file. */
export const reportPage = (figures: Figures, title: Title): string =>
  markup`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policyOf(STYLE)}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<meta name="generator" content="spad report">
<title>spad report</title>
<style>${styleMarkup}</style>
</head>
<body>
${headOf(figures)}
${figures.range === undefined ? nothing : bodyOf(figures, figures.range)}
${footOf(figures, title)}
</body>
</html>
`.toString();

// The sheet is a constant without a character that HTML would take for its own; a test holds it to that.
const styleMarkup = markup([STYLE]);

const nothing = markup`<p>There is no line here that tells of anything.</p>`;

const headOf = ({ range, rates, refusals, clients, grants, daemon, events, damaged }: Figures): Markup => {
  const nobodys = rates.nobodys.reduce((sum, { value }) => sum + value, 0);
  const period = range === undefined ? 'no time' : `${formatTime(range.from)} to ${formatTime(range.to)}, UTC`;
  const opened = (events['granted'] ?? 0) + (events['commanded'] ?? 0) + (events['knocked'] ?? 0);
  const tiles: readonly (readonly [number, string, boolean])[] = [
    [opened, 'opened', false],
    [events['extended'] ?? 0, 'extended', false],
    [refusals.all + refusals.unlogged, 'refused', false],
    [nobodys, 'from nobody', false],
    [clients.all, clients.all === 1 ? 'client or door' : 'clients and doors', false],
    [daemon.troubles, daemon.troubles === 1 ? 'trouble' : 'troubles', daemon.troubles > 0],
    ...(damaged > 0 ? ([[damaged, 'damaged lines', true]] as const) : []),
  ];
  return markup`<header>
    <h1>spad: what the audit log says</h1>
    <p class="quiet">${period}${grants.all === 0 ? ' · no grant' : ''}</p>
    <ul class="tiles">
      ${tiles.map(([count, words, bad]) => markup`<li class="${bad ? 'bad' : ''}"><b>${formatAbout(count)}</b><span>${words}</span></li>`)}
    </ul>
  </header>`;
};

const bodyOf = (figures: Figures, range: NonNullable<Figures['range']>): Markup =>
  markup`<main>
    ${opennessOf(figures, range)} ${ratesOf(figures, range)} ${clientsOf(figures)} ${refusalsOf(figures)}
    ${grantsOf(figures)} ${daemonOf(figures)}
  </main>`;

const opennessOf = ({ clients, daemon, step }: Figures, range: NonNullable<Figures['range']>): Markup => {
  const opened = clients.rows.filter(({ open }) => open.length > 0);
  const shown = opened.slice(0, SHOWN_LANES);
  const lanes: readonly Lane[] = [
    { name: 'spad ran', look: 'ran', points: daemon.ran },
    ...shown.map(({ stanza, open }): Lane => ({ name: stanza, look: 'open', points: open })),
  ];
  const more = opened.length > shown.length ? ` The ${formatCount(shown.length)} of them that had most to do.` : '';
  return markup`<section>
    <h2>When something was open</h2>
    <p class="quiet">For whom; a step is ${formatLength(step)}, paler where it was open for less of it.${more}</p>
    ${laneChart(lanes, range, step)}
  </section>`;
};

const ratesOf = ({ rates, delay, step }: Figures, range: NonNullable<Figures['range']>): Markup => {
  const ms = (value: number): string => `${formatCount(Math.round(value))} ms`;
  return markup`<section>
    <h2>How much of it</h2>
    <p class="quiet">In each ${formatLength(step)}.</p>
    ${barChart({ name: 'opened', look: 'opened', points: rates.opened, format: formatCount }, range, step)}
    ${barChart({ name: 'refused', look: 'refused', points: rates.refused, format: formatCount }, range, step)}
    ${rates.nobodys.length === 0 ? undefined : barChart({ name: 'from nobody', look: 'nobodys', points: rates.nobodys, format: formatCount }, range, step)}
    ${
      delay.max.length === 0
        ? undefined
        : markup`${barChart({ name: 'waited', look: 'delay', points: delay.max, inner: delay.p99, format: ms }, range, step)}
            <p class="quiet">
              How long nothing else could be done: the longest time, and darker what 99 of 100 stayed within.
            </p>`
    }
  </section>`;
};

const clientsOf = ({ clients }: Figures): Markup =>
  markup`<section>
    <h2>Clients and doors</h2>
    ${clients.rows.length === 0 ? markup`<p class="quiet">None had anything to do.</p>` : clientTable(clients.rows)}${rest(clients.all - clients.rows.length, 'more that had less to do')}
  </section>`;

const refusalsOf = ({ refusals }: Figures): Markup => {
  if (refusals.byReason.length === 0)
    return markup`<section>
      <h2>Refused</h2>
      <p class="quiet">Nothing was.</p>
    </section>`;
  const unlogged =
    refusals.unlogged === 0
      ? ''
      : ` ${formatCount(refusals.unlogged)} were counted and have no line, for there were too many at once.`;
  const sources = markup`<h2>Refused, by source</h2>
    <p class="quiet">
      Whoever had the key of a client, or knew a
      sequence.${refusals.forgotten > 0 ? ' There were more sources than can be held: counts of rare ones may be too low.' : ''}
    </p>
    ${sourceTable(refusals.bySource)}${rest(refusals.sources - refusals.bySource.length, 'more sources')}`;
  return markup`<section>
    <h2>Refused, by reason</h2>
    <p class="quiet">Packets that no key matches are counted and have no line; anyone can send them.${unlogged}</p>
    ${reasonTable(refusals.byReason)}${refusals.bySource.length === 0 ? undefined : sources}
  </section>`;
};

const rest = (count: number, words: string): Markup | undefined =>
  count > 0 ? markup`<p class="quiet">${formatCount(count)} ${words}.</p>` : undefined;

const grantsOf = ({ grants: { latest, all } }: Figures): Markup | undefined =>
  latest.length === 0
    ? undefined
    : markup`<section><h2>Grants</h2><details${latest.length <= 30 ? markup` open` : undefined}><summary>${all > latest.length ? `the latest ${formatCount(latest.length)} of ${formatCount(all)}` : formatCount(all)}, newest first</summary>${grantTable(latest)}</details></section>`;

const daemonOf = ({ daemon }: Figures): Markup => {
  const { starts, withoutEnd, latest, all } = daemon;
  const ends = withoutEnd > 0 ? `; ${formatCount(withoutEnd)} times without the end of the run before` : '';
  const table = latest.length === 0 ? undefined : daemonTable(latest);
  return markup`<section>
    <h2>The daemon</h2>
    <p class="quiet">
      Started ${formatCount(starts)}
      ${starts === 1 ? 'time' : 'times'}${ends}.${all > latest.length ? ` The latest ${formatCount(latest.length)} of ${formatCount(all)} events.` : ''}
    </p>
    ${table}
  </section>`;
};

const footOf = ({ lines, damaged, unknown, outside }: Figures, { files, made, troubles }: Title): Markup => {
  const parts = [
    `${formatCount(lines)} lines of ${files.length === 0 ? 'no file' : files.join(', ')}`,
    ...(damaged > 0 ? [`${formatCount(damaged)} of them damaged and left out`] : []),
    ...(unknown > 0 ? [`${formatCount(unknown)} of events that this version does not know`] : []),
    ...(outside > 0 ? [`${formatCount(outside)} outside the period that was asked for`] : []),
  ];
  return markup`<footer class="quiet">
    <p>${parts.join('; ')}. Made by spad report at ${formatTime(made)}. All times are UTC.</p>
    ${troubles.map((text) => markup`<p>${text}</p>`)}
  </footer>`;
};
