/** QR codes as a camera would see them. */

/** Pixels a module. */
const SCALE = 6;

/** What is on the screen, as a picture in grey (pgm(5)). */
export function screenshot(printed: string): Buffer {
  const lines = printed
    .replace(/\u001b\[[0-9;]*m/g, '')
    .split('\n')
    .slice(0, -1);
  const isBlack = (letter: string, half: number): boolean => letter === '\u2588' || letter === '\u2580\u2584'[half];
  const rows = lines.flatMap((line) => [0, 1].map((half) => Array.from(line, (letter) => isBlack(letter, half))));
  return picture(rows);
}

/** The same of an SVG element that `formatQrSvg` has made: a square a module. */
export function svgPicture(svg: string): Buffer {
  const size = Number(/viewBox="0 0 (\d+) /.exec(svg)?.[1]);
  const black = new Set([...svg.matchAll(/M(\d+) (\d+)h1v1h-1z/g)].map(([, x, y]) => `${x ?? ''} ${y ?? ''}`));
  return picture(
    Array.from({ length: size }, (_, y) => Array.from({ length: size }, (__, x) => black.has(`${x} ${y}`))),
  );
}

function picture(rows: readonly (readonly boolean[])[]): Buffer {
  const pixels = rows.flatMap((row) => {
    const wide = row.flatMap((black) => new Array<number>(SCALE).fill(black ? 0 : 255));
    return Array.from({ length: SCALE }, () => wide);
  });
  const head = `P5 ${pixels[0]?.length ?? 0} ${pixels.length} 255\n`;
  return Buffer.concat([Buffer.from(head), Buffer.from(pixels.flat())]);
}
