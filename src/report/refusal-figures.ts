/** Who was refused, and why. */
import type { UnixMs } from '../base/units.ts';
import type { AuditEntry } from './audit-entry.ts';
import type { CountBook } from './count-book.ts';
import type { Figures, ReasonRow } from './figures.ts';
import { type Counted, TopTable } from './top-table.ts';

/** Sources held at most, some 400 bytes each. */
const MAX_SOURCES = 10_000;
const MAX_REASONS = 200;
const SHOWN_SOURCES = 25;
const REASONS_A_SOURCE = 8;
const STANZAS_A_SOURCE = 4;

interface Source extends Counted {
  readonly reasons: Map<string, number>;
  readonly stanzas: Set<string>;
  first: UnixMs | undefined;
  last: UnixMs | undefined;
}

const newSource = (): Source => ({
  count: 0,
  reasons: new Map(),
  stanzas: new Set(),
  first: undefined,
  last: undefined,
});

export class RefusalFigures {
  readonly #reasons = new TopTable<Counted>(MAX_REASONS, () => ({ count: 0 }));
  readonly #sources = new TopTable(MAX_SOURCES, newSource);
  #all = 0;

  take({ reason = '?', source = '?', stanza, time }: AuditEntry): void {
    this.#all += 1;
    this.#reasons.count(reason);
    const entry = this.#sources.count(source);
    const name = entry.reasons.has(reason) || entry.reasons.size < REASONS_A_SOURCE ? reason : 'other';
    entry.reasons.set(name, (entry.reasons.get(name) ?? 0) + 1);
    if (stanza !== undefined && entry.stanzas.size < STANZAS_A_SOURCE) entry.stanzas.add(stanza);
    entry.first ??= time;
    entry.last = time;
  }

  figures(counts: CountBook): Figures['refusals'] {
    const named = this.#reasons.top(MAX_REASONS).map(([reason, { count }]): ReasonRow => {
      return { reason, lines: count, counted: counts.total(reason) };
    });
    const others = counts
      .nobodys()
      .filter(([name]) => !named.some(({ reason }) => reason === name))
      .map(([reason, counted]): ReasonRow => ({ reason, lines: 0, counted }))
      .sort((a, b) => b.counted - a.counted);
    return {
      all: this.#all,
      unlogged: counts.total('unlogged'),
      byReason: [...named, ...others],
      bySource: this.#sources
        .top(SHOWN_SOURCES)
        .flatMap(([source, { count, reasons, stanzas, first, last }]) =>
          first === undefined || last === undefined
            ? []
            : [{ source, refused: count, reasons: byCount(reasons), stanzas: [...stanzas], first, last }],
        ),
      sources: this.#sources.size + this.#sources.forgotten,
      forgotten: this.#sources.forgotten,
    };
  }
}

const byCount = (reasons: ReadonlyMap<string, number>): readonly (readonly [string, number])[] =>
  [...reasons].sort(([, a], [, b]) => b - a);
