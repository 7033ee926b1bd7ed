/** Knocks from here: `node knock.js ADDRESS PORT[:udp] …`, 40 ms apart, and prints nothing. */
import { createSocket } from 'node:dgram';
import { connect, isIPv6 } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

const PAUSE_MS = 40;
const [address = '', ...ports] = process.argv.slice(2);
const udp = createSocket(isIPv6(address) ? 'udp6' : 'udp4');

function knockTcp(port: number): void {
  const socket = connect({ host: address, port });
  socket.on('error', () => undefined);
  // Before the kernel could send its SYN a second time.
  setTimeout(() => socket.destroy(), PAUSE_MS);
}

for (const text of ports) {
  const [digits, protocol] = text.split(':');
  if (protocol === 'udp') udp.send(new Uint8Array(1), Number(digits), address);
  else knockTcp(Number(digits));
  await sleep(PAUSE_MS);
}
await sleep(PAUSE_MS);
udp.close();
