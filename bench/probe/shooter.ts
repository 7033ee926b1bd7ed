/**
 * The probe, a process of its own inside the client's namespace: orders on standard input, results on standard output.
 * It stays for the whole measurement, so that no packet waits for a program to start, and it spins while it measures, so
 * that it never sleeps through an answer.
 */
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { summarize } from '../summary.ts';
import type { Order, Ping, PingResult, Shot, ShotResult, Volley } from './protocol.ts';

/** The least time between two datagrams to the port, in milliseconds. */
const EVERY_MS = 0.05;
const MAX_DATAGRAMS = 1 << 17;
const PING_TIMEOUT_MS = 100;

const sentAt = new Float64Array(MAX_DATAGRAMS);
const message = Buffer.alloc(8);
let round = 0;
/** The number of the first datagram of this round that was answered. */
let answered = -1;

/** The addresses are literal; without this each sending would go round by the resolver's queue. */
const lookup = (host: string, _options: unknown, done: (error: null, address: string, family: 4) => void): void => {
  done(null, host, 4);
};

async function openSocket(): Promise<Socket> {
  const socket = createSocket({ type: 'udp4', lookup });
  const listening = once(socket, 'listening');
  socket.bind();
  await listening;
  return socket;
}

const spaSocket = await openSocket();
const portSocket = await openSocket();
portSocket.on('message', (echo) => {
  // Late answers of an earlier round come here too.
  if (echo.length === 8 && echo.readUInt32LE(0) === round && answered < 0) answered = echo.readUInt32LE(4);
});

/** Sends datagram `number` of this round and notes when. */
function knock(address: string, port: number, number: number): void {
  message.writeUInt32LE(round, 0);
  message.writeUInt32LE(number, 4);
  // The kernel takes it within the call, so that one buffer does for all. The clock is read when that is done: a process
  // that loses its processor in the middle then makes the figure larger, never smaller.
  portSocket.send(message, port, address);
  sentAt[number] = performance.now();
}

function startRound(): void {
  round++;
  answered = -1;
}

/** One turn of the event loop, which reads what has come in, without waiting for anything. */
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

async function shoot(shot: Shot): Promise<ShotResult> {
  startRound();
  const packet = Buffer.from(shot.packet, 'base64');
  await turn();
  const start = performance.now();
  if (packet.length > 0) spaSocket.send(packet, shot.spaPort, shot.address);
  const deadline = start + shot.timeoutMs;
  let count = 0;
  let now = start;
  while (answered < 0 && now < deadline && count < MAX_DATAGRAMS) {
    if (count === 0 || now - (sentAt[count - 1] ?? 0) >= EVERY_MS) knock(shot.address, shot.port, count++);
    await turn();
    now = performance.now();
  }
  const intervalMs = count < 2 ? null : ((sentAt[count - 1] ?? 0) - (sentAt[0] ?? 0)) / (count - 1);
  return { latencyMs: answered < 0 ? null : (sentAt[answered] ?? 0) - start, intervalMs };
}

async function ping(order: Ping): Promise<PingResult> {
  const trips: number[] = [];
  for (let number = 0; number < order.times; number++) {
    startRound();
    const sent = performance.now();
    knock(order.address, order.port, 0);
    while (answered < 0 && performance.now() < sent + PING_TIMEOUT_MS) await turn();
    if (answered >= 0) trips.push(performance.now() - sent);
  }
  return { roundTripMs: trips.length === 0 ? null : summarize(trips).median };
}

async function fire(volley: Volley): Promise<object> {
  const start = performance.now();
  for (const [index, packet] of volley.packets.entries()) {
    const early = start + index * volley.everyMs - performance.now();
    if (early >= 1) await sleep(early);
    spaSocket.send(Buffer.from(packet, 'base64'), volley.spaPort, volley.address);
  }
  return {};
}

function obey(order: Order): Promise<object> {
  switch (order.kind) {
    case 'shot':
      return shoot(order);
    case 'ping':
      return ping(order);
    case 'volley':
      return fire(order);
  }
}

process.stdout.write('ready\n');
for await (const line of createInterface({ input: process.stdin })) {
  process.stdout.write(`${JSON.stringify(await obey(JSON.parse(line) as Order))}\n`);
}
spaSocket.close();
portSocket.close();
