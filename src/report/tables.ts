/** The tables of the page. */
import { shareBar } from './charts.ts';
import type { ClientRow, DaemonRow, GrantRow, ReasonRow, SourceRow } from './figures.ts';
import { markup, type Markup } from './markup.ts';
import { meaningOf } from './reasons.ts';
import { formatCount, formatTime } from './time-text.ts';

const table = (head: Markup, rows: readonly Markup[]): Markup =>
  markup`<div class="table">
    <table>
      <thead>
        <tr>
          ${head}
        </tr>
      </thead>
      <tbody>
        ${rows}
      </tbody>
    </table>
  </div>`;

const none = '–';

export const clientTable = (rows: readonly ClientRow[]): Markup =>
  table(
    markup`<th>who</th>
      <th class="n">opened</th>
      <th class="n">extended</th>
      <th class="n">refused</th>
      <th>last</th>`,
    rows.map(
      ({ stanza, granted, extended, refused, last }) =>
        markup`<tr>
          <td class="w">${stanza}</td>
          <td class="n">${formatCount(granted)}</td>
          <td class="n">${formatCount(extended)}</td>
          <td class="n">${formatCount(refused)}</td>
          <td class="t">${formatTime(last)}</td>
        </tr>`,
    ),
  );

export const reasonTable = (rows: readonly ReasonRow[]): Markup => {
  // Junk comes a thousand times as often as anything else: it is measured by itself.
  const most = { refused: 0, nobodys: 0 };
  for (const row of rows) most[lookOf(row)] = Math.max(most[lookOf(row)], row.lines, row.counted);
  return table(
    markup`<th>reason</th>
      <th class="n">lines</th>
      <th class="n">counted</th>
      <th></th>
      <th>that is</th>`,
    rows.map((row) => {
      const { reason, lines, counted } = row;
      const look = lookOf(row);
      return markup`<tr>
        <td class="t">${reason}</td>
        <td class="n">${lines > 0 ? formatCount(lines) : none}</td>
        <td class="n">${counted > 0 ? formatCount(counted) : none}</td>
        <td>${shareBar(Math.max(lines, counted), most[look], look)}</td>
        <td class="w quiet">${meaningOf(reason)}</td>
      </tr>`;
    }),
  );
};

const lookOf = ({ lines }: ReasonRow): 'refused' | 'nobodys' => (lines > 0 ? 'refused' : 'nobodys');

export const sourceTable = (rows: readonly SourceRow[]): Markup => {
  const most = Math.max(0, ...rows.map(({ refused }) => refused));
  return table(
    markup`<th>source</th>
      <th class="n">refused</th>
      <th></th>
      <th>reasons</th>
      <th>as</th>
      <th>first</th>
      <th>last</th>`,
    rows.map(
      ({ source, refused, reasons, stanzas, first, last }) =>
        markup`<tr>
          <td class="t">${source}</td>
          <td class="n">${formatCount(refused)}</td>
          <td>${shareBar(refused, most, 'refused')}</td>
          <td class="w">${reasons.map(([reason, count]) => `${reason} ${formatCount(count)}`).join(', ')}</td>
          <td class="w">${stanzas.join(', ')}</td>
          <td class="t">${formatTime(first)}</td>
          <td class="t">${formatTime(last)}</td>
        </tr>`,
    ),
  );
};

export const grantTable = (rows: readonly GrantRow[]): Markup =>
  table(
    markup`<th>begun</th>
      <th>who</th>
      <th>from</th>
      <th>for</th>
      <th>what</th>
      <th>until</th>
      <th>over</th>`,
    rows.map(
      (row) =>
        markup`<tr>
          <td class="t">${formatTime(row.begun)}</td>
          <td class="w">${row.stanza}</td>
          <td>${row.source ?? none}</td>
          <td>${row.allow ?? none}</td>
          <td>${row.ports ?? none}${row.forward === undefined ? '' : ` → ${row.forward}`}</td>
          <td class="t">
            ${row.until === undefined ? none : formatTime(row.until)}${row.extended === 0 ? '' : ` (extended ${formatCount(row.extended)}×)`}
          </td>
          <td class="t">${row.ended === undefined ? none : `${formatTime(row.ended)} ${row.how ?? ''}`}</td>
        </tr>`,
    ),
  );

export const daemonTable = (rows: readonly DaemonRow[]): Markup =>
  table(
    markup`<th>when</th>
      <th>event</th>
      <th>what</th>`,
    rows.map(
      ({ time, event, what, isTrouble }) =>
        markup`<tr class="${isTrouble ? 'bad' : ''}">
          <td class="t">${formatTime(time)}</td>
          <td class="t">${event}</td>
          <td class="w">${what}</td>
        </tr>`,
    ),
  );
