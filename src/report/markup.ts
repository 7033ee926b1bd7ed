/**
 * HTML that cannot be broken out of: what is put between the texts of a template is escaped unless it is markup itself, and
 * nothing else makes markup. So a name in a log is never more than a name, whatever it is made of.
 */
export class Markup {
  readonly #text: string;

  private constructor(text: string) {
    this.#text = text;
  }

  /** `markup` below is the only caller: the texts are those of the program's own templates. */
  static join(texts: readonly string[], values: readonly Content[]): Markup {
    return new Markup(texts.map((text, index) => text + textOf(values[index])).join(''));
  }

  toString(): string {
    return this.#text;
  }
}

export type Content = string | number | Markup | undefined | readonly Content[];

/** A template; lists are joined, what is undefined is nothing. */
export const markup = (texts: readonly string[], ...values: readonly Content[]): Markup => Markup.join(texts, values);

const textOf = (value: Content): string => {
  if (value === undefined) return '';
  if (value instanceof Markup) return value.toString();
  if (typeof value === 'string' || typeof value === 'number') return escapeText(String(value));
  return value.map(textOf).join('');
};

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** Safe between tags and in an attribute with quotes. What HTML forbids even as an entity becomes U+FFFD. */
const escapeText = (text: string): string =>
  text
    .replace(/[&<>"']/g, (char) => ENTITIES[char] ?? '')
    .replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\ufdd0-\ufdef\ufffe\uffff]|\p{Cs}/gu, '\ufffd');
