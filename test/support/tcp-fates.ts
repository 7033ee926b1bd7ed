/**
 * Tries TCP connections, many at once, whenever it is told to: each line of its input is "ID TIMEOUT ADDRESS PORT ADDRESS
 * PORT…", each line of its output "ID FATE FATE…". A fate is the number of the port whose greeting ("hello from 22") came
 * back, `mute` (connected, and no greeting), `refused`, or `silent`; TIMEOUT is in milliseconds.
 */
import { connect } from 'node:net';
import { createInterface } from 'node:readline';

const fateOf = (address: string, port: number, timeout: number): Promise<string> =>
  new Promise((resolve) => {
    const socket = connect({ host: address, port });
    let state = 'silent';
    const end = (fate: string): void => {
      clearTimeout(patience);
      socket.destroy();
      resolve(fate);
    };
    const patience = setTimeout(() => end(state), timeout);
    socket.once('connect', () => (state = 'mute'));
    socket.once('data', (text: Buffer) => end(/^hello from (\d+)/.exec(text.toString())?.[1] ?? 'mute'));
    // A rejection is a RST or one of several kinds of ICMP.
    socket.once('error', () => end(state === 'mute' ? 'mute' : 'refused'));
  });

for await (const line of createInterface({ input: process.stdin })) {
  const [id = '', timeout, ...words] = line.split(' ');
  const targets = words.filter((_, index) => index % 2 === 0).map((address, index) => [address, words[2 * index + 1]]);
  const fates = await Promise.all(
    targets.map(([address = '', port]) => fateOf(address, Number(port), Number(timeout))),
  );
  process.stdout.write(`${id} ${fates.join(' ')}\n`);
}
