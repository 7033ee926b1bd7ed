/**
 * The receiver: a process of its own for the bytes that anyone can send. It reads its settings, opens the capture, becomes
 * an unprivileged user, has the kernel confine it, and from then on hands genuine packets to the authorizer. It holds no key
 * that reads or makes a packet and opens no file. It ends when the authorizer does, and is replaced rather than reconfigured.
 *
 *     main.js                  settings on standard input, messages on descriptor 3: a child of the authorizer's
 *     main.js --socket USER    both on the connection that is standard input: started by systemd, and USER's whatever the
 *                              settings say, for who asks has fewer rights than we begin with
 */
import { readFileSync, readSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { NODE_SUITE } from '../../platform/node-suite.ts';
import { accountIn } from '../../src/base/passwd.ts';
import { unixMs } from '../../src/base/units.ts';
import {
  decodeSettings,
  type KnockSettings,
  type ReceiverSettings,
  SETTINGS_HEAD,
  settingsLength,
} from '../../src/engine/receiver-settings.ts';
import { NativeGate } from '../../src/spa/native/gate.ts';
import { clientsOf } from '../../src/spa/native/gate-keys.ts';
import { prepareConfinement } from './confine.ts';
import { GateLoop } from './gate-loop.ts';
import { KnockLoop } from './knock-loop.ts';
import { type Link, openLink } from './link.ts';
import { Outbox } from './outbox.ts';
import { type Capture, loadPcap, openFile, openKnock, openLive, openNflog } from './pcap-source.ts';
import { rehearse } from './rehearsal.ts';
import { openTcp } from './tcp-server.ts';
import { TextLoop } from './text-loop.ts';
import { openUdp } from './udp-source.ts';

/** The ways to the authorizer, and from it. */
interface Ways extends Pick<Link, 'orders'> {
  readonly outbox: Outbox;
}

const FAILED = 1;
/** Where no packet comes, which brings the chores with it; what was counted last is told so much later at most. */
const IDLE_CHORES_MS = 1000;

/** Standard input is kept open: its end is the authorizer's end. */
const readSettings = (): ReceiverSettings | KnockSettings => {
  const head = readWhole(Buffer.alloc(SETTINGS_HEAD), 0);
  const whole = Buffer.alloc(settingsLength(head));
  whole.set(head);
  const settings = decodeSettings(readWhole(whole, SETTINGS_HEAD));
  if (settings === undefined) throw new Error('the settings are not of this version');
  return settings;
};

/** Fills `bytes` from `start` on. */
const readWhole = (bytes: Buffer, start: number): Buffer => {
  for (let at = start; at < bytes.length;) {
    const length = readSync(0, bytes, at, bytes.length - at, null);
    if (length === 0) throw new Error('the authorizer has gone');
    at += length;
  }
  return bytes;
};

const openCapture = async (settings: ReceiverSettings, loop: GateLoop, { outbox, orders }: Ways): Promise<Capture> => {
  if (settings.capture === 'udp') return openUdp(settings.port, loop, orders);
  const pcap = await loadPcap();
  if (settings.capture === 'pcap') return openLive(pcap, settings, loop, outbox);
  if (settings.capture === 'nflog') return openNflog(pcap, settings, loop, outbox);
  return openFile(pcap, settings, loop, () => {
    outbox.send({ kind: 'done' });
  });
};

/** As whom to work for who asks over a socket; throws a sentence where there is no such user, or nothing to be done for it. */
const ownSettings = <S extends ReceiverSettings | KnockSettings>(settings: S, name: string | undefined): S => {
  if (name === undefined) return settings;
  const user = accountIn(readFileSync('/etc/passwd', 'utf8'), name);
  if (user === undefined || user.uid === 0) throw new Error(`--socket ${name}: that is no user to work as`);
  if (settings.capture === 'file') throw new Error('a capture file is read by a receiver that spad starts itself');
  return { ...settings, user };
};

/** Gives up every privilege, and makes sure of it. */
const becomeUser = ({ uid, gid }: { readonly uid: number; readonly gid: number }): void => {
  process.setgroups?.([]);
  process.setgid?.(gid);
  process.setuid?.(uid);
  if (process.geteuid?.() !== uid || process.getegid?.() !== gid)
    throw new Error(`could not become user ${String(uid)}`);
};

/** To be called before a capture is opened, so that no packet waits for it; what it gives, once it is, and privileges are gone. */
const confinement = async (): Promise<() => void> => {
  const tell = (error: unknown): void => {
    const why = error instanceof Error ? error.message.split('\n')[0] : String(error);
    process.stderr.write(`it is not confined by the kernel (${why}): it works, and is unprivileged, all the same\n`);
  };
  try {
    const confine = await prepareConfinement();
    return () => {
      try {
        confine();
      } catch (error) {
        tell(error);
      }
    };
  } catch (error) {
    tell(error);
    return () => undefined;
  }
};

const run = async (settings: ReceiverSettings | KnockSettings, ways: Ways): Promise<void> => {
  if (settings.capture === 'knock') await lookOut(settings, ways);
  else await guardGate(settings, ways);
};

const lookOut = async (settings: KnockSettings, { outbox }: Ways): Promise<void> => {
  const loop = new KnockLoop(settings, outbox);
  const [pcap, confine] = [await loadPcap(), await confinement()];
  const capture = openKnock(pcap, settings, loop, outbox);
  if (settings.user !== undefined) becomeUser(settings.user);
  confine();
  capture.start();
  outbox.send({ kind: 'ready', text: capture.description });
  setInterval(() => {
    capture.countDrops();
    outbox.flushCounts();
  }, IDLE_CHORES_MS);
};

const guardGate = async (settings: ReceiverSettings, ways: Ways): Promise<void> => {
  const { outbox } = ways;
  const gate =
    clientsOf(settings.clients) === 0 ? undefined : new NativeGate(settings.clients, settings.reach, NODE_SUITE.macKey);
  const texts = settings.fwknop === undefined ? undefined : new TextLoop(settings.fwknop, outbox);
  const loop = new GateLoop({ gate, texts }, outbox, settings.port);
  const confine = await confinement();
  const capture = await openCapture(settings, loop, ways);
  const server = settings.fwknop?.transports.tcpServer;
  if (server !== undefined && settings.capture !== 'file')
    await openTcp(server, settings.capture === 'udp' ? texts : undefined);
  if (settings.user !== undefined) becomeUser(settings.user);
  confine();
  capture.start();
  outbox.send({ kind: 'ready', text: capture.description });
  // For a file, time is what the file says.
  if (settings.capture !== 'file') {
    prepareHints(gate);
    if (gate !== undefined) void rehearse(unixMs(Date.now()), settings.port);
  }
  setInterval(() => {
    capture.countDrops();
    if (settings.capture === 'file') return;
    loop.chores(unixMs(Date.now()));
    prepareHints(gate);
  }, IDLE_CHORES_MS);
};

/** All that are needed now, a slice at a time: packets are taken in between, and the first makes what is left. */
const prepareHints = (gate: NativeGate | undefined): void => {
  const now = unixMs(Date.now());
  if (gate === undefined || gate.isReady(now)) return;
  gate.advance(now);
  setImmediate(() => prepareHints(gate));
};

process.umask(0o077);
// Ctrl-C in a terminal reaches every process of the group; the authorizer decides when this one ends.
process.on('SIGINT', () => undefined);
process.on('SIGHUP', () => undefined);
// Node's own answer is to open its debugger.
process.on('SIGUSR1', () => undefined);
const { values } = parseArgs({ options: { socket: { type: 'string' } } });
const settings = readSettings();
const { write, orders } = openLink(values.socket !== undefined);
const outbox = new Outbox(write);
try {
  await run(ownSettings(settings, values.socket), { outbox, orders });
} catch (error) {
  outbox.send({ kind: 'trouble', text: error instanceof Error ? error.message : String(error) });
  process.exitCode = FAILED;
  setImmediate(() => process.exit());
}
