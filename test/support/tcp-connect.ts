/**
 * Says what a TCP port looks like from here: `node tcp-connect.js ADDRESS PORT [--timeout MS] [--from ADDRESS] [--stay]`.
 *
 * Prints "open: GREETING" (code 0), "filtered" (no answer in time, code 1), "refused" (code 2) or "error: CODE"
 * (code 3). With --stay the connection is kept: standard input goes out, what comes back is printed.
 */
import { connect } from 'node:net';
import { parseArgs } from 'node:util';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { timeout: { type: 'string', default: '1000' }, from: { type: 'string' }, stay: { type: 'boolean' } },
});
const [address = '', port = ''] = positionals;
const from = values.from === undefined ? {} : { localAddress: values.from };

function finish(line: string, code: number): void {
  process.stdout.write(`${line}\n`, () => process.exit(code));
}

const socket = connect({ host: address, port: Number(port), ...from });
// The connection has this long to come about; a service that then keeps silent is still an open port.
const patience = setTimeout(() => finish('filtered', 1), Number(values.timeout));

socket.once('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'ECONNREFUSED') finish('refused', 2);
  else finish(`error: ${error.code ?? error.message}`, 3);
});

socket.once('connect', () => {
  clearTimeout(patience);
  const silence = setTimeout(() => greeted(''), 500);
  socket.setEncoding('utf8');
  socket.once('data', (text: string) => {
    clearTimeout(silence);
    greeted(text.trimEnd());
  });
});

function greeted(greeting: string): void {
  if (values.stay !== true) {
    finish(greeting === '' ? 'open' : `open: ${greeting}`, 0);
    return;
  }
  process.stdout.write(`open: ${greeting}\n`);
  socket.on('data', (text: string) => process.stdout.write(text));
  socket.on('close', () => finish('closed', 0));
  process.stdin.pipe(socket);
}
