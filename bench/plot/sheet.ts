/**
 * What drawings have in common: an SVG file of text and lines, no script, no font of its own, the same bytes for the same figures. Light or
 * dark, as the reader's system is (prefers-color-scheme), on a ground of its own, since a page need not follow the system.
 */

export const WIDTH = 760;

/** Okabe and Ito's, which people tell apart who do not see all colours alike. */
const COLOURS = ['#0072b2', '#d55e00', '#009e73', '#cc79a7', '#e69f00', '#56b4e9', '#8c6bb1'];

/** Without custom properties, which not everything that draws SVG knows. */
const STYLE = `
.ground { fill: #ffffff; }
text { fill: #24292f; font-family: system-ui, sans-serif; font-size: 12px; }
text.title { font-size: 15px; font-weight: 600; }
.grid { stroke: #d8dee4; stroke-width: 1; }
.axis { stroke: #24292f; stroke-width: 1; }
.line { fill: none; stroke-width: 2; stroke-linejoin: round; }
.whisker { fill: none; stroke-width: 1; opacity: 0.7; }
.spread { fill: none; stroke: #24292f; stroke-width: 1; }
@media (prefers-color-scheme: dark) {
.ground { fill: #0d1117; }
text { fill: #d0d7de; }
.grid { stroke: #30363d; }
.axis { stroke: #d0d7de; }
.spread { stroke: #d0d7de; }
}
`;

/** The whole file, {@link WIDTH} wide. `description` is for whoever cannot see it. */
export function sheet(
  { title, description }: { readonly title: string; readonly description: string },
  height: number,
  parts: readonly string[],
): string {
  const all = [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" role="img" aria-labelledby="title desc">`,
    `<title id="title">${escaped(title)}</title>`,
    `<desc id="desc">${escaped(description)}</desc>`,
    `<style>${STYLE}</style>`,
    `<rect class="ground" width="${WIDTH}" height="${height}"/>`,
    ...parts,
    '</svg>',
  ];
  return `${all.join('\n')}\n`;
}

export const colourOf = (index: number): string => COLOURS[index % COLOURS.length] ?? '';

export function line(x1: number, y1: number, x2: number, y2: number, kind: string): string {
  return `<path class="${kind}" d="M${place(x1)} ${place(y1)}L${place(x2)} ${place(y2)}"/>`;
}

export function text(x: number, y: number, words: string, more = ''): string {
  return `<text x="${place(x)}" y="${place(y)}"${more === '' ? '' : ` ${more}`}>${escaped(words)}</text>`;
}

/** A tenth of a pixel is as fine as anybody sees. */
export const place = (value: number): string => String(Math.round(value * 10) / 10);

const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };

/** Text as XML has it; what XML cannot hold at all is left out. */
export function escaped(words: string): string {
  // XML 1.0, section 2.2: these are no characters of it.
  return words
    .replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f]/g, '')
    .replace(/[&<>"]/g, (one) => ENTITIES[one] ?? '');
}
