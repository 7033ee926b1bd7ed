/** Whatever stands in a log, the page is ours: no tag, attribute or control character of it comes from there. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { unixMs } from '../../src/base/units.ts';
import { Collector } from '../../src/report/collector.ts';
import { markup } from '../../src/report/markup.ts';
import { reportPage } from '../../src/report/page.ts';

const TITLE = { files: ['audit.jsonl'], made: unixMs(0), troubles: [] };

/** Text that would like to be more than text. */
const hostile = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc
    .array(
      fc.constantFrom(
        '<script>',
        '</style>',
        '"',
        "'",
        '&',
        '<',
        '>',
        '\u0000',
        '\u001b[2J',
        '\u202e',
        '-->',
        '\r\n',
        'onload=',
        '{{',
      ),
    )
    .map((parts) => parts.join('')),
);
const EVENTS = ['granted', 'extended', 'expired', 'rejected', 'failed', 'started', 'reloaded', 'counted', 'restored'];
const line = fc
  .record(
    {
      time: fc.date({ min: new Date(0), max: new Date(4e12), noInvalidDate: true }).map((date) => date.toISOString()),
      event: fc.oneof(fc.constantFrom(...EVENTS), hostile),
      ...{ stanza: hostile, format: hostile, source: hostile, reason: hostile, detail: hostile, forward: hostile },
      allow: fc.oneof(hostile, fc.array(hostile)),
      ports: fc.array(hostile),
      until: fc.oneof(hostile, fc.constant('2026-11-20T08:00:00.000Z')),
      counts: fc.dictionary(hostile, fc.oneof(fc.nat(), hostile)),
      delay: fc.oneof(fc.record({ max: fc.double(), p99: fc.double() }), hostile),
    },
    { requiredKeys: ['time', 'event'] },
  )
  .map((value) => JSON.stringify(value));

const pageOf = (lines: readonly string[]): string => {
  const collector = new Collector();
  for (const each of lines) collector.take(each);
  return reportPage(collector.finish(), TITLE);
};

/** The tags of a page, their texts gone: names and names of attributes. */
const tagsOf = (page: string): ReadonlySet<string> =>
  new Set(
    [...page.matchAll(/<([^>]*)>/g)].map(([, tag = '']) =>
      tag
        .replace(/"[^"]*"/g, '""')
        .replace(/\s+/g, ' ')
        .trim(),
    ),
  );

const KNOWN =
  /^(?:!doctype|\/?(?:html|head|meta|title|style|body|header|main|section|footer|h1|h2|p|ul|li|b|span|div|svg|g|rect|line|text|table|thead|tbody|tr|th|td|details|summary)\b)/;
const KNOWN_ATTRIBUTES =
  /^[!/]?[a-z0-9]+(?: (?:html|open|(?:lang|charset|http-equiv|content|name|class|viewBox|role|aria-label|aria-hidden|preserveAspectRatio|text-anchor|x|y|x1|x2|y1|y2|width|height)=""))* ?\/?$/;

describe('the page', () => {
  test('has only tags and attributes of ours, and no control characters', () => {
    fc.assert(
      fc.property(fc.array(line, { maxLength: 12 }), (lines) => {
        const page = pageOf(lines);
        for (const tag of tagsOf(page)) {
          expect(tag).toMatch(KNOWN);
          expect(tag).toMatch(KNOWN_ATTRIBUTES);
        }
        expect(page).not.toMatch(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/);
        expect(page.match(/<style>/g)).toHaveLength(1);
        expect(page).not.toMatch(/<script|javascript:|https?:/i);
      }),
      { numRuns: 100 },
    );
  }, 60_000);

  test('an escaped text, read back, is the text', () => {
    const unescape = (text: string): string =>
      text.replace(/&(?:lt|gt|quot|#39|amp);/g, (entity) => {
        const letters: Readonly<Record<string, string>> = {
          '&lt;': '<',
          '&gt;': '>',
          '&quot;': '"',
          '&#39;': "'",
          '&amp;': '&',
        };
        return letters[entity] ?? '';
      });
    fc.assert(
      fc.property(fc.string(), (text) => {
        const escaped = markup`${text}`.toString();
        expect(escaped).not.toMatch(/[<>"']/);
        expect(unescape(escaped)).toBe(text);
      }),
    );
  });

  test('any text is a line that is taken or counted, never a fault', () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(fc.string(), fc.json())), (lines) => {
        const collector = new Collector();
        for (const each of lines) collector.take(each);
        expect(collector.finish().damaged).toBe(lines.filter((each) => each !== '').length);
      }),
    );
  });
});
