/** The ways a packet goes out. */
import { createSocket } from 'node:dgram';
import { connect } from 'node:net';
import { systemCode, Trouble } from '../../keys/trouble.ts';
import { addressFromBytes, type IpAddress, parseAddress } from '../../src/base/address.ts';
import { encodeUtf8 } from '../../src/bytes/encoding.ts';
import type { HostAddress } from '../io.ts';
import { lookupHost } from '../resolve-address.ts';
import { openRoute } from '../send.ts';
import { explainNetworkError, formatEndpoint } from '../ui.ts';
import { packetRequest } from './http.ts';
import type { SendPlan } from './io.ts';
import { icmpPacket, type RawPacket, tcpPacket, udpPacket } from './raw-packet.ts';

/** A web server that does not answer is not waited for any longer (milliseconds). */
const CONNECT_MS = 10_000;

type Random = (length: number) => Uint8Array;

/** Sends the packet of `plan`; gives how many bytes went. Rejects with a Trouble. */
export const sendPacket = async (plan: SendPlan, random: Random): Promise<number> => {
  const isRaw = plan.transport === 'udpraw' || plan.transport === 'tcpraw' || plan.transport === 'icmp';
  const [host, port] = plan.proxy === undefined ? [plan.host, plan.port] : [plan.proxy.host, plan.proxy.port];
  const found = await lookupHost(host, plan.onlyIpv4 || isRaw ? 4 : undefined);
  const addresses = plan.preferIpv4 ? [...found].sort((a, b) => a.family - b.family) : found;
  let failure: unknown = new Trouble('the host has no address', 1);
  for (const [index, to] of addresses.entries()) {
    try {
      return isRaw ? await sendRawPacket(plan, to, random) : await sendTo(plan, to, port);
    } catch (error) {
      if (index === 0) failure = explain(error, to, port);
    }
  }
  throw failure;
};

const explain = (error: unknown, to: HostAddress, port: number): unknown =>
  systemCode(error) === 'ECONNREFUSED'
    ? new Trouble(
        `no program takes connections at ${formatEndpoint(to, port)}: name its port with -p; nothing was sent`,
        1,
      )
    : explainNetworkError(error, to, port);

const sendTo = (plan: SendPlan, to: HostAddress, port: number): Promise<number> => {
  if (plan.transport === 'udp') return sendUdp(plan, to, port);
  const host = plan.host.includes(':') && !plan.host.startsWith('[') ? `[${plan.host}]` : plan.host;
  const text = plan.transport === 'http' ? packetRequest(plan.text, host, plan.proxy, plan.userAgent) : plan.text;
  return sendTcp(text, to, port, plan.sourcePort);
};

const sendUdp = (plan: SendPlan, to: HostAddress, port: number): Promise<number> =>
  new Promise((resolve, reject) => {
    const socket = createSocket(to.family === 4 ? 'udp4' : 'udp6');
    const finish = (error: Error | null, bytes: number): void => {
      socket.close();
      if (error === null) resolve(bytes);
      else reject(error);
    };
    socket.once('error', (error) => finish(error, 0));
    socket.bind(plan.sourcePort, () => socket.send(plan.text, port, to.address, finish));
  });

/** What the other end answers does not matter; that it took the segment does. */
const sendTcp = (text: string, to: HostAddress, port: number, localPort: number | undefined): Promise<number> =>
  new Promise((resolve, reject) => {
    const socket = connect({
      host: to.address,
      port,
      family: to.family,
      ...(localPort === undefined ? {} : { localPort }),
    });
    socket.setTimeout(CONNECT_MS, () =>
      socket.destroy(new Trouble(`${to.address} does not answer; nothing was sent`, 1)),
    );
    socket.once('connect', () => socket.end(text, 'latin1', () => resolve(text.length)));
    socket.on('error', reject);
    socket.resume();
  });

const sendRawPacket = async (plan: SendPlan, to: HostAddress, random: Random): Promise<number> => {
  const [sendRaw, source] = await Promise.all([
    loadSendRaw(),
    plan.spoofSource === undefined ? ownAddress(to, plan.port) : Promise.resolve(plan.spoofSource),
  ]);
  const destination = addressOf(to.address);
  const packet = { source: source.bytes, destination: destination.bytes, payload: encodeUtf8(plan.text) };
  const bytes = makeRaw(plan, packet, random);
  sendRaw(bytes);
  return bytes.length;
};

const loadSendRaw = async (): Promise<(packet: Uint8Array) => void> => {
  try {
    return (await import('./raw-socket.ts')).sendRaw;
  } catch (cause) {
    throw new Trouble('raw packets need the package koffi, which is not installed here: leave -P out', 1, { cause });
  }
};

const makeRaw = (plan: SendPlan, packet: RawPacket, random: Random): Uint8Array => {
  const [identification = 0, chance = 0, high = 0, low = 0] = new Uint16Array(Uint8Array.from(random(8)).buffer);
  const sourcePort = plan.sourcePort ?? 1024 + (chance % (65_536 - 1024));
  const ports = { sourcePort, destinationPort: plan.port };
  if (plan.transport === 'udpraw') return udpPacket(packet, ports, identification);
  if (plan.transport === 'tcpraw') return tcpPacket(packet, ports, high * 65_536 + low, identification);
  return icmpPacket(packet, plan.icmp, high, identification);
};

/** This host's address on the way to `to`. */
const ownAddress = async (to: HostAddress, port: number): Promise<IpAddress> => {
  const route = await openRoute(to, port);
  route.close();
  return addressOf(route.localAddress);
};

const addressOf = (text: string): IpAddress => parseAddress(text) ?? addressFromBytes(new Uint8Array(4));
