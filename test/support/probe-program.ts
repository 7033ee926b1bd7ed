/**
 * Asks, sends and holds connections from here as it is told: one errand a line of standard input, JSON ({@link Errand}),
 * one line of JSON back for each ({@link Outcome}), in the order in which they end.
 */
import { createSocket, type Socket as DatagramSocket } from 'node:dgram';
import { once } from 'node:events';
import { connect, isIPv6, type Socket } from 'node:net';
import { createInterface } from 'node:readline';

interface Destination {
  readonly address: string;
  readonly port: number;
  /** An address of this host. */
  readonly from: string;
}

export type Errand = { readonly id: number } & (
  | (Destination & { readonly kind: 'tcp'; readonly patience: number })
  | (Destination & { readonly kind: 'udp'; readonly patience: number })
  | (Destination & { readonly kind: 'send'; readonly hex: string })
  /** Opens a connection and keeps it under its errand's number. */
  | (Destination & { readonly kind: 'hold'; readonly patience: number })
  /** Sends a word over the connection that the errand `over` holds, and waits for it to come back. */
  | { readonly kind: 'echo'; readonly over: number; readonly word: string; readonly patience: number }
);

export interface Outcome {
  readonly id: number;
  /** What the service said; `silent`, `refused`, `sent`; `error: CODE` for what is no answer of a firewall's. */
  readonly answer: string;
  /** When the errand was begun, Unix time in ms. */
  readonly began: number;
}

/** How a firewall refuses instead of keeping silent: RST, and the ICMP messages that iptables' REJECT can be told. */
const REFUSALS = ['ECONNREFUSED', 'EHOSTUNREACH', 'ENETUNREACH', 'EACCES', 'EPROTO', 'ENOPROTOOPT'];

const held = new Map<number, Socket>();

/** Ports that datagrams were asked from: connection tracking takes a second question from one of them for part of the first. */
const asked = new Set<string>();

const nameOf = ({ code, message }: NodeJS.ErrnoException): string =>
  code !== undefined && REFUSALS.includes(code) ? 'refused' : `error: ${code ?? message}`;

/** The first text that comes, `silent` when none does. */
function firstWords(socket: Socket, patience: number): Promise<string> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve('silent'), patience);
    const finish = (words: string): void => {
      clearTimeout(timer);
      resolve(words.trimEnd());
    };
    socket.once('data', (bytes) => finish(bytes.toString('utf8')));
    socket.once('error', (error) => finish(nameOf(error)));
    socket.once('close', () => finish('closed'));
  });
}

async function run(errand: Errand): Promise<string> {
  if (errand.kind === 'echo') {
    const socket = held.get(errand.over);
    if (socket === undefined) return 'error: no such connection';
    socket.write(errand.word);
    return firstWords(socket, errand.patience);
  }
  if (errand.kind === 'udp' || errand.kind === 'send') return runDatagram(errand);
  const socket = connect({ host: errand.address, port: errand.port, localAddress: errand.from });
  const words = await firstWords(socket, errand.patience);
  if (errand.kind === 'hold') held.set(errand.id, socket);
  else socket.destroy();
  socket.on('error', () => undefined);
  return words;
}

/** A socket at a port of an address from which nothing has been asked yet. */
async function freshSocket(from: string): Promise<DatagramSocket> {
  for (;;) {
    const socket = createSocket(isIPv6(from) ? 'udp6' : 'udp4');
    socket.bind(0, from);
    await once(socket, 'listening');
    const name = `${from} ${socket.address().port}`;
    if (!asked.has(name)) {
      asked.add(name);
      return socket;
    }
    socket.close();
  }
}

async function runDatagram(errand: Extract<Errand, { kind: 'udp' | 'send' }>): Promise<string> {
  const socket = await freshSocket(errand.from);
  const answer = new Promise<string>((resolve) => {
    socket.on('error', (error) => resolve(nameOf(error)));
    socket.on('message', (bytes) => resolve(bytes.toString('utf8').trimEnd()));
    if (errand.kind === 'udp') setTimeout(() => resolve('silent'), errand.patience);
  });
  socket.connect(errand.port, errand.address);
  await Promise.race([once(socket, 'connect'), answer]);
  const bytes = errand.kind === 'send' ? Buffer.from(errand.hex, 'hex') : 'who';
  const sent = new Promise<string>((resolve) =>
    socket.send(bytes, (error) => resolve(error === null ? 'sent' : nameOf(error))),
  );
  const words = errand.kind === 'send' ? await sent : await answer;
  socket.close();
  return words;
}

createInterface({ input: process.stdin }).on('line', (line) => {
  const errand = JSON.parse(line) as Errand;
  const began = Date.now();
  void run(errand).then((answer) => {
    const outcome: Outcome = { id: errand.id, answer, began };
    process.stdout.write(`${JSON.stringify(outcome)}\n`);
  });
});
process.stdin.on('end', () => process.exit(0));
process.stdout.write('ready\n');
