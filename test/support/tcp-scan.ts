/**
 * Connects to many TCP ports at the same time, for real: `node tcp-scan.js ADDRESS TIMEOUT PORT...` prints
 * "PORT open GREETING", "PORT filtered" (no answer in TIMEOUT milliseconds) or "PORT refused" for each, in their order.
 */
import { connect } from 'node:net';

const [address = '', timeout = '', ...ports] = process.argv.slice(2);

/** A service that keeps silent for so long is still an open port. */
const GREETING_MS = 5000;

function look(port: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: address, port });
    let state = 'filtered';
    const end = (what: string): void => {
      clearTimeout(patience);
      socket.destroy();
      resolve(`${port} ${what}`);
    };
    let patience = setTimeout(() => end(state), Number(timeout));
    socket.once('connect', () => {
      clearTimeout(patience);
      state = 'open';
      patience = setTimeout(() => end(state), GREETING_MS);
    });
    socket.once('data', (text: Buffer) => end(`open ${text.toString().trimEnd()}`));
    socket.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'ECONNREFUSED') end('refused');
      else reject(error);
    });
  });
}

const lines = await Promise.all(ports.map((port) => look(Number(port))));
process.stdout.write(lines.map((line) => `${line}\n`).join(''));
