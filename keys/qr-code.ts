/** QR codes for terminals and for paper. */
import { encode } from 'uqr';

/** White modules around the code, as ISO/IEC 18004 wants; with fewer, some readers do not find it. */
const BORDER = 4;

/** Black on white whatever the terminal's own colours are: many readers do not know inverted codes. */
const COLORS = '\u001b[38;5;16;48;5;231m';
const PLAIN = '\u001b[0m';

/** Two modules above each other make one character, which is about twice as high as wide. */
const HALVES = [' ', '\u2580', '\u2584', '\u2588'] as const;

/**
 * The lines of a QR code that holds `text`, each with its line end; 57 columns and 29 lines for two keys of full length.
 * @throws RangeError for a text of more than some 2900 bytes, which no code holds.
 */
export const formatQrCode = (text: string): string => {
  const { data } = encode(text, { ecc: 'L', border: BORDER });
  const rows = data.length;
  const lines = Array.from({ length: Math.ceil(rows / 2) }, (_, index) => {
    const [upper = [], lower = []] = [data[2 * index], data[2 * index + 1]];
    const halves = upper.map((isBlack, column) => HALVES[(isBlack ? 1 : 0) + (lower[column] === true ? 2 : 0)]);
    return `${COLORS}${halves.join('')}${PLAIN}\n`;
  });
  return lines.join('');
};

/** The same as an SVG element for a page, one unit a module; throws the same. */
export const formatQrSvg = (text: string): string => {
  const { data, size } = encode(text, { ecc: 'M', border: BORDER });
  const squares = data.flatMap((row, y) =>
    row.flatMap((isBlack, x) => (isBlack ? [`M${String(x)} ${String(y)}h1v1h-1z`] : [])),
  );
  const box = `0 0 ${String(size)} ${String(size)}`;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="${box}" shape-rendering="crispEdges"><path fill="#fff" d="M0 0h${String(size)}v${String(size)}H0z"/><path d="${squares.join('')}"/></svg>`;
};
