/**
 * Tells whoever asks which address it sees: `node witness.js STUN_PORT HTTPS_PORT CERT KEY`. A STUN server (RFC 8489) and
 * a page, on both families; an answer of another transaction is sent before each right one. The page's path says how it
 * answers: /ip, /words, /long, /away, /never. Prints "ready" once it listens.
 */
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:https';
import { isIPv4 } from 'node:net';

const [stunPort = '', httpsPort = '', cert = '', key = ''] = process.argv.slice(2);

/** 4 or 16 bytes, in network order; an IPv6 address has one "::" at most. */
function bytesOf(address: string): number[] {
  if (isIPv4(address)) return address.split('.').map(Number);
  const [head = '', tail = ''] = address.split('::');
  const groups = (text: string): number[] =>
    text === '' ? [] : text.split(':').flatMap((group) => [parseInt(group, 16) >> 8, parseInt(group, 16) & 255]);
  const [first, last] = [groups(head), groups(tail)];
  return [...first, ...new Array<number>(16 - first.length - last.length).fill(0), ...last];
}

/** XOR-MAPPED-ADDRESS alone. */
function bindingResponse(request: Buffer, address: string, port: number): Buffer {
  const mask = request.subarray(4, 20);
  const hidden = [...bytesOf(address)].map((byte, index) => byte ^ (mask[index] ?? 0));
  const header = [0, 0x20, 0, 4 + hidden.length, 0, hidden.length === 4 ? 1 : 2];
  const attribute = [...header, (port >> 8) ^ 0x21, (port & 255) ^ 0x12, ...hidden];
  return Buffer.from([1, 1, 0, attribute.length, ...mask, ...attribute]);
}

for (const type of ['udp4', 'udp6'] as const) {
  const socket = createSocket({ type, ipv6Only: type === 'udp6' });
  socket.on('message', (request, { address, port }) => {
    if (request.length !== 20 || request.readUInt16BE(0) !== 1) return;
    const forged = Buffer.from(request);
    forged[19] = (forged[19] ?? 0) ^ 1;
    socket.send(bindingResponse(forged, type === 'udp4' ? '6.6.6.6' : '2a00::6', port), port, address);
    socket.send(bindingResponse(request, address, port), port, address);
  });
  socket.bind(Number(stunPort));
  await once(socket, 'listening');
}

const page = createServer({ cert: readFileSync(cert), key: readFileSync(key) }, (request, response) => {
  const seen = request.socket.remoteAddress?.replace(/^::ffff:/, '') ?? '';
  const { url = '' } = request;
  if (url === '/never') return;
  if (url === '/away') response.writeHead(302, { Location: '/ip' });
  response.end(url === '/words' ? `your address is ${seen}\n` : url === '/long' ? 'x'.repeat(65) : `${seen}\n`);
});
page.listen(Number(httpsPort), '::');
await once(page, 'listening');
process.stdout.write('ready\n');
