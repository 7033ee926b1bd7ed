/** The sheet of emergency codes that is kept on paper: text, QR codes for a terminal, or a page to be printed. */
import { formatHostPort } from '../src/base/address.ts';
import { printable } from '../src/base/printable.ts';
import type { Port, UnixMs } from '../src/base/units.ts';
import { codeChecks, codeLines } from '../src/spa/native/code-text.ts';
import { formatQrCode, formatQrSvg } from './qr-code.ts';

export interface NumberedCode {
  readonly number: number;
  /** 235 letters and a `=`. */
  readonly letters: string;
}

export interface Sheet {
  /** Its name, as the packets have it. */
  readonly server: string;
  /** Where the codes are sent. */
  readonly host: string;
  readonly port: Port;
  /** The stanza or the profile, in words. */
  readonly owner: string;
  /** What each code does: `opens tcp/22 for 10m`. */
  readonly effect: string;
  readonly made: UnixMs;
  readonly codes: readonly NumberedCode[];
}

export type SheetForm = 'text' | 'qr' | 'html';

export const formatSheet = (sheet: Sheet, form: SheetForm): string => {
  switch (form) {
    case 'text':
      return formatText(
        sheet,
        ({ letters }) => `${letterLines(letters, '    ')}    check ${codeChecks(letters).join(' ')}\n`,
      );
    case 'qr':
      return formatText(sheet, ({ letters }) => formatQrCode(letters));
    case 'html':
      return formatPage(sheet);
  }
};

/** Groups of eight, for the eye. */
const letterLines = (letters: string, indent: string): string =>
  codeLines(letters)
    .map((line) => `${indent}${line.replace(/.{8}(?=.)/g, '$& ')}\n`)
    .join('');

const titleOf = ({ server, owner, made }: Sheet): string =>
  `Emergency codes for ${printable(server)} (${owner}), made ${new Date(made).toISOString().slice(0, 10)}`;

const factsOf = ({ effect }: Sheet): readonly string[] => [
  `Each code ${effect}, for the address that it comes from, once, whatever the clocks say.`,
  'Whoever has a code can use it: keep this sheet as you keep a key, and cross out what you have used.',
];

/** How a code is sent, in words and commands; a host's name has no quotes in it. */
const waysOf = ({ host, port }: Sheet): readonly (readonly [string, string])[] => {
  const place = printable(host);
  const at = port === 62_201 ? place : formatHostPort(place, port);
  const bytes = "echo 'CODE' | tr -d ' \\n' | base64 -d";
  return [
    ['With spa-client; then type or paste the code', `spa-client --code - ${at}`],
    [
      'Without it, CODE being the letters of a code, in one or more lines',
      `${bytes} | nc -u -w1 ${place} ${String(port)}`,
    ],
    ['In bash, where there is no nc', `${bytes} > /dev/udp/${place}/${String(port)}`],
  ];
};

const AFTERWARDS = [
  'Nothing is answered. Connect; if the port stays shut, send the code once more, then take the next one.',
  'A mistyped code opens nothing and is not used up. spa-client prints two check letters for each line.',
];

const formatText = (sheet: Sheet, show: (code: NumberedCode) => string): string =>
  [
    `${titleOf(sheet)}\n`,
    `${factsOf(sheet).join('\n')}\n`,
    ...waysOf(sheet).map(([when, command]) => `${when}:\n    ${command}\n`),
    `${AFTERWARDS.join('\n')}\n`,
    ...sheet.codes.map((code) => `Code ${String(code.number)}\n${show(code)}`),
  ].join('\n');

const ESCAPES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

const escaped = (text: string): string => text.replace(/[&<>"']/g, (sign) => ESCAPES[sign] ?? sign);

/** Black on white, a code never cut by the end of a page. */
const STYLE = `body{font:11pt sans-serif;margin:1.5cm;color:#000;background:#fff}h1{font-size:14pt}pre{font-size:10pt;margin:.3em 0}
section{break-inside:avoid;display:flex;gap:.6cm;align-items:center;border-top:1px solid #000;padding:.3cm 0}
section svg{width:5.2cm;flex:none}section h2{font-size:12pt;margin:0}`;

const formatPage = (sheet: Sheet): string => {
  const title = escaped(titleOf(sheet));
  const ways = waysOf(sheet).map(([when, command]) => `<p>${escaped(when)}:</p>\n<pre>${escaped(command)}</pre>\n`);
  const codes = sheet.codes.map(
    ({ number, letters }) =>
      `<section>${formatQrSvg(letters)}<div><h2>Code ${String(number)}</h2>\n<pre>${letterLines(letters, '')}</pre>\n` +
      `<p>check ${codeChecks(letters).join(' ')}</p></div></section>\n`,
  );
  const paragraphs = (lines: readonly string[]): string => lines.map((line) => `<p>${escaped(line)}</p>\n`).join('');
  return (
    `<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>${title}</title>\n<style>${STYLE}</style></head><body>\n` +
    `<h1>${title}</h1>\n${paragraphs(factsOf(sheet))}${ways.join('')}${paragraphs(AFTERWARDS)}${codes.join('')}</body></html>\n`
  );
};
