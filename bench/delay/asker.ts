/**
 * Asks a daemon at its control socket again and again: `node asker.js SOCKET EVERY COUNT`. What it asks is no command, so
 * that the answer costs nothing but the daemon's attention. Asks COUNT times, or for as long as three times that should take. Prints the milliseconds from each asking to its answer as JSON.
 */
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

const [path = '', every = '20', count = '1'] = process.argv.slice(2);

/** What takes longer is told as this, in milliseconds: a daemon may never get round to taking the connection. */
const PATIENCE_MS = 10_000;

/** Milliseconds until the connection has been answered and closed. */
const ask = (): Promise<number> =>
  new Promise((resolve, reject) => {
    const begin = performance.now();
    const socket = connect(path, () => socket.write('{"command":"none"}\n'));
    const late = setTimeout(() => socket.destroy(), PATIENCE_MS);
    socket.on('error', reject);
    socket.on('data', () => undefined);
    socket.on('close', () => {
      clearTimeout(late);
      resolve(performance.now() - begin);
    });
  });

const times: number[] = [];
const deadline = performance.now() + 3 * Number(every) * Number(count);
while (times.length < Number(count) && performance.now() < deadline) {
  times.push(await ask());
  await sleep(Math.max(0, Number(every) - (times.at(-1) ?? 0)));
}
process.stdout.write(`${JSON.stringify(times)}\n`);
