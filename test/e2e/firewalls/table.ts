/** The table in docs/firewalls.md: one row a firewall, written by what its contract has shown. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { repositoryRoot } from '../../support/paths.ts';

/** The columns, and what each says at its head. */
export const FEATURES = {
  guard: 'closes ports itself',
  protocols: 'IPv4, IPv6, TCP, UDP',
  ranges: 'port ranges',
  overlaps: 'overlapping grants end apart',
  forwards: 'forwards',
  ends: 'grants are ended by',
  crash: 'with spad dead',
  flush: 'a flush is repaired',
  removal: 'a removed grant is repaired',
  established: 'connections outlast their grant',
} as const;

export type Feature = keyof typeof FEATURES;

/** Set to write the rows instead of comparing them. */
const WRITE = process.env['WRITE_FIREWALL_TABLE'] === '1';
const PAGE = join(repositoryRoot(), 'docs/firewalls.md');
const BEGIN = '<!-- table: begin -->\n';
const END = '<!-- table: end -->';

const NAMES = Object.keys(FEATURES) as Feature[];
const HEAD = `| firewall | ${Object.values(FEATURES).join(' | ')} |\n|${'---|'.repeat(NAMES.length + 1)}\n`;

export class Shown {
  private readonly firewall: string;
  private readonly features = new Map<Feature, string>();

  constructor(firewall: string) {
    this.firewall = firewall;
  }

  /** To be called when it has been shown, not before. */
  add(feature: Feature, words: string): void {
    this.features.set(feature, words);
  }

  /** Compares the row in the documentation with what was shown, or writes it. */
  settle(): void {
    const missing = NAMES.filter((name) => !this.features.has(name));
    expect(missing, 'features that no case has shown').toEqual([]);
    const row = `| ${this.firewall} | ${NAMES.map((name) => this.features.get(name)).join(' | ')} |\n`;
    if (WRITE) writeRow(this.firewall, row);
    const hint = 'WRITE_FIREWALL_TABLE=1 writes the row as it was shown';
    expect(readRows(), hint).toContain(row);
    expect(readPage().table.startsWith(HEAD), `the head of the table; ${hint}`).toBe(true);
  }
}

function readPage(): { readonly before: string; readonly table: string; readonly after: string } {
  const text = readFileSync(PAGE, 'utf8');
  const [begin, end] = [text.indexOf(BEGIN), text.indexOf(END)];
  if (begin < 0 || end < begin) throw new Error(`docs/firewalls.md has no ${BEGIN.trim()} … ${END}`);
  const from = begin + BEGIN.length;
  return { before: text.slice(0, from), table: text.slice(from, end), after: text.slice(end) };
}

const readRows = (): readonly string[] =>
  readPage()
    .table.split(/(?<=\n)/)
    .slice(2);

function writeRow(firewall: string, row: string): void {
  const { before, after } = readPage();
  const others = readRows().filter((line) => !line.startsWith(`| ${firewall} |`));
  writeFileSync(PAGE, before + HEAD + [...others, row].sort().join('') + after);
}
