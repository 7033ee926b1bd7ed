/** What one run showed: titled sections of lines, in which nothing is left that differs from run to run. */

/** What stands in place of a run's own paths and numbers. */
export interface Masks {
  /** Literal text and its replacement, the longer text first where one contains another. */
  readonly words: readonly (readonly [string, string])[];
  /** The scenario's own. */
  readonly patterns: readonly (readonly [RegExp, string])[];
}

const TIMES: readonly (readonly [RegExp, string])[] = [
  // The log file's own stamp, and the one of a debug line.
  [/^\[\d{4}-\d\d-\d\d \d\d:\d\d\]/gm, '[TS]'],
  [/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d:/gm, 'TS:'],
  // A date in a syslog header.
  [/(<\d+>)[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d /gm, '$1TS '],
];

/** The text with paths, process ids and times replaced. */
export function mask(text: string, masks: Masks): string {
  let result = text;
  for (const [word, instead] of masks.words) if (word !== '') result = result.replaceAll(word, instead);
  for (const [pattern, instead] of [...TIMES, ...masks.patterns]) result = result.replace(pattern, instead);
  return result;
}

export class Transcript {
  private readonly sections = new Map<string, string>();

  /** @throws Error when there is a section of that title already: a scenario must say which is which. */
  add(title: string, text: string): void {
    if (this.sections.has(title)) throw new Error(`two sections called "${title}" in one scenario`);
    this.sections.set(title, text);
  }

  /** The transcript whose `toString` this is. */
  static parse(text: string): Transcript {
    const transcript = new Transcript();
    for (const part of text.split(/^== /m).slice(1)) {
      const end = part.indexOf('\n');
      transcript.add(part.slice(0, end), part.slice(end + 1));
    }
    return transcript;
  }

  /** Empty where there is no such section. */
  section(title: string): string {
    return this.sections.get(title) ?? '';
  }

  get titles(): readonly string[] {
    return [...this.sections.keys()];
  }

  /** The same transcript with some sections replaced. */
  with(changes: Readonly<Record<string, string>>): Transcript {
    const other = new Transcript();
    for (const [title, text] of this.sections) other.add(title, changes[title] ?? text);
    for (const [title, text] of Object.entries(changes)) if (!this.sections.has(title)) other.add(title, text);
    return other;
  }

  /** One text for people and for comparison: empty sections are left out, every line is kept as it is. */
  toString(): string {
    const parts: string[] = [];
    for (const [title, text] of this.sections) {
      if (text === '') continue;
      const cut = text.endsWith('\n') ? text : `${text}\n(no newline at the end)\n`;
      parts.push(`== ${title}\n${cut}`);
    }
    return parts.join('');
  }
}
