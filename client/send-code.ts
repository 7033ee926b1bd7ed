/** `spa-client --code`: sends an emergency code, which needs no profile, no key and no right clock. */
import { readFileSync } from 'node:fs';
import { Trouble } from '../keys/trouble.ts';
import { codeChecks, formatCode, isWholeCode, parseCode } from '../src/spa/native/code-text.ts';
import type { CodeOptions } from './code-options.ts';
import { firstRoute } from './first-route.ts';
import type { ClientIo } from './io.ts';
import { explainNetworkError, formatEndpoint, sayRefused } from './ui.ts';

/** No text that holds a code is longer. */
const MAX_TEXT = 65_536;

/** Rejects with a Trouble, or an error of the operating system. */
export const sendCode = async (options: CodeOptions, io: ClientIo): Promise<void> => {
  const { host, port, family, dryRun } = options;
  const parsed = parseCode(await readText(options.code, io));
  if (!parsed.ok) throw new Trouble(`this is no emergency code: ${parsed.error}`);
  const datagram = parsed.value;
  io.out(`the lines of the code check as ${codeChecks(formatCode(datagram)).join(' ')}; the sheet must say the same\n`);
  const addresses = await io.network.lookup(host, family);
  const { to, route } = await firstRoute(addresses, port, io);
  const endpoint = formatEndpoint(to, port);
  try {
    if (options.verbose) io.out(`this host's address on the way: ${route.localAddress}\n`);
    if (dryRun) {
      io.out(`would send ${String(datagram.length)} bytes to ${endpoint}; nothing was sent\n`);
      return;
    }
    await route.send(datagram).catch((error: unknown) => {
      throw explainNetworkError(error, to, port);
    });
    io.out(`sent ${String(datagram.length)} bytes to ${endpoint}; a code asks for no answer\n`);
    io.out('a code opens once: where the port stays shut, try again, then take the next one\n');
  } finally {
    if (route.wasRefused()) io.err(`note: ${sayRefused(port)}\n`);
    route.close();
  }
};

const readText = async (code: CodeOptions['code'], io: ClientIo): Promise<string> => {
  if (code !== 'standard-input') return 'text' in code ? code.text : readFileSync(code.file, 'utf8');
  if (io.onTerminal)
    io.err('type or paste the code; it is sent when its last letter, a "=", is there and the line ends\n');
  let text = '';
  for await (const chunk of io.input()) {
    text += chunk;
    if (isWholeCode(text) || text.length > MAX_TEXT) break;
  }
  return text;
};
