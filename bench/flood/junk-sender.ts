/** The bench's side of bench/native/junk-sender.c. */
import { QUIET_ENVIRONMENT } from '../environment.ts';
import type { Junk } from './junk.ts';
import type { Wire } from './wires.ts';

/** The first of the sources: nobody's addresses. */
const FIRST_SOURCE = '11.0.0.0';
/** A million sources, or as near as a power of two is. */
export const MANY_SOURCES = 1 << 20;
/** The program's own bounds. */
const MAX_COUNT = 50_000_000;
const MAX_SECONDS = 60;
const PATIENCE_MS = 10_000;

export interface Flood {
  readonly junk: Junk;
  /** How many addresses it comes from, a power of two. */
  readonly sources: number;
  /** Datagrams a second; 0 for as many as go. */
  readonly rate: number;
}

export interface Sent {
  readonly packets: number;
  readonly perSecond: number;
  /** Microseconds that the sender was on a processor for each packet, the kernel's work up to the reader included. */
  readonly microseconds: number;
}

/** Sends to one host, from the other end of its wire. */
export class JunkSender {
  private readonly program: string;
  private readonly wire: Wire;

  constructor(program: string, wire: Wire) {
    this.program = program;
    this.wire = wire;
  }

  async send(flood: Flood, count: number): Promise<Sent> {
    const words = this.words(flood, count);
    const timeoutMs = MAX_SECONDS * 1000 + PATIENCE_MS;
    const options = { input: inHex(flood.junk.payloads), env: QUIET_ENVIRONMENT, timeoutMs };
    return sentOf(await this.wire.client.run(this.program, words, options));
  }

  /** A flood that lasts as long as the work, within the program's bounds. */
  async during<T>(flood: Flood, work: () => Promise<T>): Promise<{ readonly result: T; readonly sent: Sent }> {
    const process = this.wire.client.spawn(this.program, this.words(flood, MAX_COUNT), { env: QUIET_ENVIRONMENT });
    try {
      process.endInput(inHex(flood.junk.payloads));
      const result = await work();
      await process.stop();
      return { result, sent: sentOf(process.stdout) };
    } finally {
      await process.stop();
    }
  }

  private words({ junk, sources, rate }: Flood, count: number): string[] {
    const { interfaceName, mac, host } = this.wire;
    const to = ['-i', interfaceName, '-m', mac, '-d', host.address4, '-p', String(junk.port)];
    const what = ['-s', FIRST_SOURCE, '-u', String(sources), '-v', String(junk.varied)];
    return [...to, ...what, '-n', String(count), '-t', String(MAX_SECONDS), '-r', String(rate)];
  }
}

const inHex = (payloads: readonly Uint8Array[]): string =>
  payloads.map((payload) => `${Buffer.from(payload).toString('hex')}\n`).join('');

function sentOf(text: string): Sent {
  const words = /^sent ([0-9]+) ([0-9]+) ([0-9]+)$/m.exec(text)?.slice(1).map(Number);
  if (words === undefined) throw new Error(`the sender did not say what it sent: ${text}`);
  const [packets = 0, elapsed = 0, used = 0] = words;
  return { packets, perSecond: (packets * 1e9) / elapsed, microseconds: used / 1000 / Math.max(packets, 1) };
}
