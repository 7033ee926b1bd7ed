/**
 * The receiver: a process of its own for the bytes that anyone can send. It reads its settings, opens the capture, becomes
 * an unprivileged user, and from then on hands genuine packets to the authorizer. It holds no key that reads or makes a
 * packet and opens no file. It ends when the authorizer does, and is replaced rather than reconfigured.
 */
import { readSync } from 'node:fs';
import { NODE_SUITE } from '../../platform/node-suite.ts';
import { unixMs } from '../../src/base/units.ts';
import { decodeSettings, type KnockSettings, type ReceiverSettings } from '../../src/engine/receiver-settings.ts';
import { NativeGate } from '../../src/spa/native/gate.ts';
import { GateLoop } from './gate-loop.ts';
import { KnockLoop } from './knock-loop.ts';
import { Outbox } from './outbox.ts';
import { type Capture, loadPcap, openFile, openKnock, openLive, openNflog } from './pcap-source.ts';
import { openTcp } from './tcp-server.ts';
import { TextLoop } from './text-loop.ts';
import { openUdp } from './udp-source.ts';

const FAILED = 1;
/** Where no packet comes, which brings the chores with it; what was counted last is told so much later at most. */
const IDLE_CHORES_MS = 1000;

/** Standard input is kept open: its end is the authorizer's end. */
const readSettings = (): ReceiverSettings | KnockSettings => {
  const chunk = Buffer.alloc(65_536);
  const chunks: Buffer[] = [];
  for (;;) {
    const length = readSync(0, chunk);
    if (length === 0) throw new Error('the authorizer has gone');
    chunks.push(Buffer.from(chunk.subarray(0, length)));
    if (chunk[length - 1] === 0x0a) break;
  }
  const settings = decodeSettings(Buffer.concat(chunks).toString('utf8'));
  if (settings === undefined) throw new Error('the settings are not of this version');
  return settings;
};

const openCapture = async (settings: ReceiverSettings, loop: GateLoop, outbox: Outbox): Promise<Capture> => {
  if (settings.capture === 'udp') return openUdp(settings.port, loop);
  const pcap = await loadPcap();
  if (settings.capture === 'pcap') return openLive(pcap, settings, loop, outbox);
  if (settings.capture === 'nflog') return openNflog(pcap, settings, loop, outbox);
  return openFile(pcap, settings, loop, () => {
    outbox.send({ kind: 'done' });
  });
};

/** Gives up every privilege, and makes sure of it. */
const becomeUser = ({ uid, gid }: { readonly uid: number; readonly gid: number }): void => {
  process.setgroups?.([]);
  process.setgid?.(gid);
  process.setuid?.(uid);
  if (process.geteuid?.() !== uid || process.getegid?.() !== gid)
    throw new Error(`could not become user ${String(uid)}`);
};

const run = async (outbox: Outbox): Promise<void> => {
  const settings = readSettings();
  if (settings.capture === 'knock') await lookOut(settings, outbox);
  else await guardGate(settings, outbox);
};

const lookOut = async (settings: KnockSettings, outbox: Outbox): Promise<void> => {
  const loop = new KnockLoop(settings, outbox);
  const capture = openKnock(await loadPcap(), settings, loop, outbox);
  if (settings.user !== undefined) becomeUser(settings.user);
  capture.start();
  outbox.send({ kind: 'ready', text: capture.description });
  setInterval(() => {
    capture.countDrops();
    outbox.flushCounts();
  }, IDLE_CHORES_MS);
};

const guardGate = async (settings: ReceiverSettings, outbox: Outbox): Promise<void> => {
  const gate =
    settings.clients.length === 0 ? undefined : new NativeGate(settings.clients, settings.reach, NODE_SUITE.macKey);
  const texts = settings.fwknop === undefined ? undefined : new TextLoop(settings.fwknop, outbox);
  const loop = new GateLoop({ gate, texts }, outbox, settings.port);
  const capture = await openCapture(settings, loop, outbox);
  const server = settings.fwknop?.transports.tcpServer;
  if (server !== undefined && settings.capture !== 'file')
    await openTcp(server, settings.capture === 'udp' ? texts : undefined);
  if (settings.user !== undefined) becomeUser(settings.user);
  // For a file, time is what the file says.
  if (settings.capture !== 'file') loop.chores(unixMs(Date.now()));
  capture.start();
  outbox.send({ kind: 'ready', text: capture.description });
  setInterval(() => {
    capture.countDrops();
    if (settings.capture !== 'file') loop.chores(unixMs(Date.now()));
  }, IDLE_CHORES_MS);
};

process.umask(0o077);
// Ctrl-C in a terminal reaches every process of the group; the authorizer decides when this one ends.
process.on('SIGINT', () => undefined);
process.on('SIGHUP', () => undefined);
const outbox = new Outbox();
try {
  await run(outbox);
} catch (error) {
  outbox.send({ kind: 'trouble', text: error instanceof Error ? error.message : String(error) });
  process.exitCode = FAILED;
  setImmediate(() => process.exit());
}
