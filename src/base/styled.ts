/** Lines whose parts may be coloured, kept apart from how a terminal is told so. */

/** What a part means; a terminal shows it in its own colours. */
export type Style = 'plain' | 'strong' | 'quiet' | 'good' | 'odd' | 'bad';

export interface Part {
  readonly text: string;
  readonly style: Style;
}

export const part = (text: string, style: Style = 'plain'): Part => ({ text, style });

/** Select Graphic Rendition (ECMA-48), of the eight colours that every terminal and every theme has. */
const CODES: Readonly<Record<Style, string>> = { plain: '', strong: '1', quiet: '2', good: '32', odd: '33', bad: '31' };

/** The parts as one text; with `colour`, for a terminal that shows it. */
export const paint = (parts: readonly Part[], colour: boolean): string =>
  parts
    .map(({ text, style }) =>
      colour && style !== 'plain' && text !== '' ? `\u001b[${CODES[style]}m${text}\u001b[0m` : text,
    )
    .join('');
