import { Readable } from 'node:stream';
import type { ClientIo, HostAddress } from '../../../client/io.ts';
import type { Outcome } from '../../../client/wait.ts';
import { parseAddress } from '../../../src/base/address.ts';
import { unixMs } from '../../../src/base/units.ts';

/** What the world would have been asked to do. */
export interface Seen {
  readonly stdout: () => string;
  readonly stderr: () => string;
  readonly sent: { readonly to: HostAddress; readonly port: number; readonly datagram: Uint8Array }[];
  readonly lookups: string[];
  readonly openSockets: () => number;
}

export interface FakeWorld {
  readonly home?: string;
  readonly localAddress?: string;
  /** In place of it, by family. */
  readonly localAddresses?: Readonly<Record<4 | 6, string>>;
  /** What a name resolves to; an address resolves to itself. */
  readonly names?: Readonly<Record<string, readonly HostAddress[]>>;
  /** The error that connecting a UDP socket to this address gives. */
  readonly unroutable?: Readonly<Record<string, Error>>;
  readonly sendError?: Error;
  readonly refused?: boolean;
  /** What comes back at once for a datagram, the first being number 0. */
  readonly answer?: (datagram: Uint8Array, index: number, to: HostAddress) => readonly Uint8Array[];
  readonly tcp?: Outcome;
  readonly onTerminal?: boolean;
  /** What comes on standard input, piece by piece. */
  readonly input?: readonly string[];
}

export const FAKE_NOW = unixMs(Date.UTC(2026, 0, 1, 12, 0, 0));

/** An error as node:dgram gives it. */
export const networkError = (code: string): Error =>
  Object.assign(new Error(`connect ${code}`), { code, syscall: 'connect' });

/** A world without a network: everything is recorded, nothing leaves. */
export const fakeIo = (world: FakeWorld): ClientIo & Seen => {
  const out: string[] = [];
  const err: string[] = [];
  const sent: Seen['sent'] = [];
  const lookups: string[] = [];
  let openSockets = 0;
  let drawn = 0;
  const route: ClientIo['network']['route'] = (to, port) => {
    const failure = world.unroutable?.[to.address];
    if (failure !== undefined) return Promise.reject(failure);
    openSockets += 1;
    let hear: (datagram: Uint8Array) => void = () => undefined;
    return Promise.resolve({
      localAddress: world.localAddresses?.[to.family] ?? world.localAddress ?? '192.168.1.5',
      send: (datagram) => {
        if (world.sendError !== undefined) return Promise.reject(world.sendError);
        sent.push({ to, port, datagram });
        for (const heard of world.answer?.(datagram, sent.length - 1, to) ?? []) hear(heard);
        return Promise.resolve();
      },
      listen: (listener) => {
        hear = listener;
      },
      wasRefused: () => world.refused === true,
      close: () => {
        openSockets -= 1;
      },
    });
  };
  return {
    ...{ sent, lookups, openSockets: () => openSockets, stdout: () => out.join(''), stderr: () => err.join('') },
    out: (text) => out.push(text),
    err: (text) => err.push(text),
    onTerminal: world.onTerminal === true,
    env: { HOME: world.home ?? '/nowhere' },
    input: () => Readable.from(world.input ?? []),
    now: () => FAKE_NOW,
    random: (length) => new Uint8Array(length).fill((drawn += 1)),
    network: {
      lookup: (host, family) => {
        lookups.push(host);
        const literal = parseAddress(host);
        const own: HostAddress[] = literal === undefined ? [] : [{ address: host, family: literal.family }];
        const all = world.names?.[host] ?? own;
        return Promise.resolve(all.filter((one) => family === undefined || one.family === family));
      },
      route,
      connect: () => ({ outcome: Promise.resolve(world.tcp ?? 'silent'), destroy: () => undefined }),
    },
  };
};
