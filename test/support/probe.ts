/** Questions and datagrams from inside a host of the laboratory, by the small programs that lie next to this file. */
import { isIPv6 } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Host } from './host.ts';
import type { LabProcess } from './lab-process.ts';
import { builtFile } from './paths.ts';

/** `filtered`: no answer at all in time; `refused`: a RST came back. */
export type TcpState = 'open' | 'filtered' | 'refused';

export interface DatagramOptions {
  /** The source port; any free one unless told. */
  readonly fromPort?: number;
  /** The source address, which the host must own; see `sendSpoofed` for one that it does not. */
  readonly from?: string;
  /** How many copies; 1 unless told. */
  readonly times?: number;
}

/**
 * What a port looks like to a new connection.
 * @param timeoutMs milliseconds without an answer that make `filtered`
 * @throws Error for any other trouble, such as no route: a test must not take that for a closed port.
 */
export async function tcpState(host: Host, address: string, port: number, timeoutMs = 700): Promise<TcpState> {
  const args = [builtFile('test/support/tcp-connect.js'), address, String(port), '--timeout', String(timeoutMs)];
  const result = await host.exec(process.execPath, args, { timeoutMs: timeoutMs + 10_000 });
  const states: readonly TcpState[] = ['open', 'filtered', 'refused'];
  const state = states[result.code];
  if (state === undefined || !result.stdout.startsWith(state)) {
    throw new Error(`${host.name} to ${address} port ${port}: ${result.stdout}${result.stderr}`);
  }
  return state;
}

/**
 * Waits until a port looks as wanted.
 * @param withinMs milliseconds in which it must
 * @throws Error with the last state when it never does.
 */
export async function waitForTcpState(
  host: Host,
  to: { readonly address: string; readonly port: number },
  wanted: TcpState,
  withinMs = 5000,
): Promise<void> {
  const deadline = performance.now() + withinMs;
  for (;;) {
    const state = await tcpState(host, to.address, to.port, 300);
    if (state === wanted) return;
    if (performance.now() > deadline) {
      throw new Error(`port ${to.port} of ${to.address} is still ${state} for ${host.name}, not ${wanted}`);
    }
    await sleep(50);
  }
}

/**
 * Opens a connection that stays: `write` sends, `waitForLine` reads what the service answers.
 * @throws Error when the port is not open.
 */
export async function openConnection(host: Host, address: string, port: number): Promise<LabProcess> {
  const args = [builtFile('test/support/tcp-connect.js'), address, String(port), '--stay'];
  const child = host.spawn(process.execPath, args);
  await child.waitForLine(/^open/);
  return child;
}

/**
 * Starts the greeting and echoing service and waits until it listens on every port.
 * @param options such as `--name-peer`
 */
export async function startTcpService(
  host: Host,
  ports: readonly number[],
  ...options: readonly string[]
): Promise<LabProcess> {
  const words = [builtFile('test/support/tcp-service.js'), ...options, ...ports.map(String)];
  const child = host.spawn(process.execPath, words);
  for (const port of ports) await child.waitForLine(new RegExp(`^listening on ${port}$`));
  return child;
}

/** Starts the service that says who is asking, by TCP and UDP, and waits until it listens. */
export async function startWhoService(host: Host, ports: readonly number[]): Promise<LabProcess> {
  const child = host.spawn(process.execPath, [
    builtFile('test/support/who-service.js'),
    host.name,
    ...ports.map(String),
  ]);
  await child.waitForLine(/^ready$/);
  return child;
}

/** What `startWhoService` answers at an address, such as "inner:22 sees 10.99.0.1"; `silent` or `refused` where nobody does. */
export async function whoAnswers(host: Host, to: Destination, timeoutMs = 700): Promise<string> {
  const { address, port, protocol } = to;
  const program = protocol === 'udp' ? 'udp-ask' : 'tcp-connect';
  const patience = protocol === 'udp' ? [String(timeoutMs)] : ['--timeout', String(timeoutMs)];
  const args = [builtFile(`test/support/${program}.js`), address, String(port), ...patience];
  const { stdout } = await host.exec(process.execPath, args, { timeoutMs: timeoutMs + 10_000 });
  const words = stdout.trim().replace(/^open: /, '');
  return words === 'filtered' ? 'silent' : words;
}

export interface Destination {
  readonly address: string;
  readonly port: number;
  /** tcp unless told. */
  readonly protocol?: 'tcp' | 'udp';
}

/**
 * What many ports look like to new connections, all at the same time: `open hello from 22`, `filtered`, `refused`.
 * @param timeoutMs milliseconds without an answer that make `filtered`
 * @throws Error for any other trouble, such as no route.
 */
export async function scanTcp(
  host: Host,
  address: string,
  ports: readonly number[],
  timeoutMs = 500,
): Promise<ReadonlyMap<number, string>> {
  const args = [builtFile('test/support/tcp-scan.js'), address, String(timeoutMs), ...ports.map(String)];
  const lines = (await host.run(process.execPath, args)).split('\n').slice(0, -1);
  return new Map(lines.map((line) => [Number.parseInt(line, 10), line.slice(line.indexOf(' ') + 1)]));
}

/**
 * Sends `bytes` as one UDP datagram, as they are: a packet of one's own making, or somebody else's once more.
 * @throws Error when the kernel refuses to send.
 */
export async function sendDatagram(
  host: Host,
  address: string,
  port: number,
  bytes: Uint8Array,
  options: DatagramOptions = {},
): Promise<void> {
  const args = [builtFile('test/support/udp-send.js'), address, String(port)];
  if (options.from !== undefined) args.push('--from', options.from);
  if (options.fromPort !== undefined) args.push('--from-port', String(options.fromPort));
  if (options.times !== undefined) args.push('--times', String(options.times));
  await host.run(process.execPath, args, { input: bytes });
}

/**
 * Sends `bytes` from an address that belongs to another host, of the laboratory or of nobody.
 *
 * The sender takes the address for the moment of sending. Its own address is used once first, so that the link-layer
 * address is known by then and no question about it goes out in the victim's name.
 * @throws Error when the target's link-layer address stays unknown, or the kernel refuses.
 */
export async function sendSpoofed(
  host: Host,
  to: { readonly address: string; readonly port: number },
  bytes: Uint8Array,
  source: { readonly from: string; readonly fromPort?: number },
): Promise<void> {
  await sendDatagram(host, to.address, 9, new Uint8Array(1));
  await host.run('sh', ['-c', `until ip neigh show to ${to.address} | grep -q lladdr; do sleep 0.02; done`]);
  const address = `${source.from}/${isIPv6(source.from) ? '128' : '32'}`;
  const flags = isIPv6(source.from) ? ['nodad'] : [];
  await host.run('ip', ['addr', 'add', address, 'dev', host.interfaceName, ...flags]);
  try {
    await sendDatagram(host, to.address, to.port, bytes, source);
  } finally {
    await host.run('ip', ['addr', 'del', address, 'dev', host.interfaceName]);
  }
}
