/** What a flood is aimed at: daemons, and the least that any reader of packets could be. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { captureFilter } from '../../src/frame/capture-filter.ts';
import { parsePort } from '../../src/base/units.ts';
import { DATAGRAM_SIZES } from '../../src/spa/native/layout.ts';
import type { LabProcess } from '../../test/support/lab-process.ts';
import { builtFile } from '../../test/support/paths.ts';
import { type Contender, type Daemon, type Ports, SPA_PORT, startReady } from '../daemons/contender.ts';
import { QUIET_ENVIRONMENT } from '../environment.ts';
import { waitUntilIdle } from '../knock-usage.ts';
import type { Wire } from './wires.ts';

const READY_TIMEOUT_MS = 10_000;
const SETTLE_MS = 500;
const COUNT_TIMEOUT_MS = 5000;
export const DRAIN_TIMEOUT_MS = 30_000;

/** As server/receiver/pcap-source.ts opens an interface. */
const RING_BYTES = 16 * 1024 * 1024;
const SNAP_LENGTH = Math.max(...DATAGRAM_SIZES) + 200;
const REST_MS = 10;

export interface Target {
  readonly wire: Wire;
  readonly process: LabProcess;
  /** A packet that opens a port; some packet of the right size where there is nobody to open one. */
  readonly genuine: () => Promise<Uint8Array>;
  /** How many packets have come to a process so far; undefined where the daemon does not say. */
  readonly seen: () => Promise<number | undefined>;
}

/** A daemon that is ready and idle. `contender` must run on the host of `wire`. */
export async function startDaemon(
  wire: Wire,
  contender: Contender,
  folder: string,
  ports: Ports,
): Promise<Target & { readonly daemon: Daemon }> {
  const daemon = await startReady(contender, folder, ports);
  await settle(daemon.process.pid);
  const { process } = daemon;
  const seen = contender.kind === 'spad' ? () => countedBySpad(process, join(folder, 'audit.jsonl')) : () => NOT_TOLD;
  const genuine = async (): Promise<Uint8Array> => (await daemon.packets([ports.first]))[0]?.() ?? new Uint8Array();
  return { wire, process, genuine, seen, daemon };
}

const NOT_TOLD = Promise.resolve(undefined);

export async function settle(pid: number): Promise<void> {
  await sleep(SETTLE_MS);
  await waitUntilIdle(pid, DRAIN_TIMEOUT_MS);
}

/** As what spad counts junk that has come to its receiver, be it lost later. */
const SEEN = ['wrong-size', 'unknown-hint', 'bad-mac', 'replayed', 'pipe-full', 'shed'];

interface CountedLine {
  readonly counts?: Readonly<Record<string, number>>;
}

/** What spad has counted since it started: SIGUSR2 has it write that into the audit log. */
async function countedBySpad(process: LabProcess, auditLog: string): Promise<number> {
  const lines = (): string[] =>
    readFileSync(auditLog, 'utf8')
      .split('\n')
      .filter((line) => line.includes('"event":"counted"'));
  const before = lines().length;
  process.kill('SIGUSR2');
  const deadline = performance.now() + COUNT_TIMEOUT_MS;
  while (lines().length === before && performance.now() < deadline) await sleep(20);
  const { counts = {} } = JSON.parse(lines().at(-1) ?? '{}') as CountedLine;
  return SEEN.reduce((sum, name) => sum + (counts[name] ?? 0), 0);
}

/** A C program that opens what the receiver opens, with the same filter, and counts. */
export const startReader = (wire: Wire, program: string): Promise<Target> =>
  startCounting(wire, program, [], [String(REST_MS)]);

/** The addon as the receiver opens it, with a callback that counts. */
export const startCallback = (wire: Wire): Promise<Target> =>
  startCounting(wire, process.execPath, [builtFile('bench/flood/counting.js')], []);

async function startCounting(
  wire: Wire,
  command: string,
  first: readonly string[],
  more: readonly string[],
): Promise<Target> {
  const port = parsePort(String(SPA_PORT));
  if (port === undefined) throw new Error(`${String(SPA_PORT)} is no port`);
  const filter = captureFilter(port, DATAGRAM_SIZES, { by: 'direction' });
  const words = [...first, 'any', String(SNAP_LENGTH), String(RING_BYTES), ...more, filter];
  const child = wire.host.spawn(command, words, { env: QUIET_ENVIRONMENT });
  await child.waitForLine(/^ready$/, READY_TIMEOUT_MS);
  await settle(child.pid);
  const seen = async (): Promise<number> => {
    const mark = child.mark();
    child.kill('SIGUSR2');
    const [, count] = await child.waitForLine(/^seen ([0-9]+)$/, COUNT_TIMEOUT_MS, mark);
    return Number(count);
  };
  return { wire, process: child, genuine: () => Promise.resolve(new Uint8Array(176)), seen };
}
