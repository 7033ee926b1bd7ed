/** Capturing with libpcap through the addon `pcap`. Its traits, and why this process exists, are in docs/process-model.md. */

import { unixMs } from '../../src/base/units.ts';
import type { ReceiverSettings } from '../../src/engine/receiver-settings.ts';
import { readFileSync } from 'node:fs';
import { captureFilter, isHardwareAddress, type OwnFrames } from '../../src/frame/capture-filter.ts';
import type { LinkType } from '../../src/frame/link.ts';
import { DATAGRAM_SIZES } from '../../src/spa/native/layout.ts';
import type { GateLoop } from './gate-loop.ts';
import type { Outbox } from './outbox.ts';

/** The largest datagram, and before it UDP, IPv6 with some extension headers, two VLAN tags and the link's own header. */
const SNAP_LENGTH = Math.max(...DATAGRAM_SIZES) + 200;
/**
 * The kernel's ring. Each batch takes a block of 256 KiB of it, however few frames it has: 64 blocks are as many milliseconds
 * that this process may be kept from running before frames are lost.
 */
const RING_BYTES = 16 * 1024 * 1024;
/** Milliseconds that the kernel gathers frames for: half a millisecond of latency, a tenth of immediate mode's cost. */
const BATCH_MS = 1;

/** The part of the addon that is used here; its own type declarations say `any`. */
interface PcapSession {
  readonly link_type: string;
  on(event: 'packet', listener: (packet: { readonly buf: Buffer; readonly header: Buffer }) => void): void;
  on(event: 'complete', listener: () => void): void;
  stats(): { readonly ps_drop: number };
}

interface PcapAddon {
  warningHandler: (text: string) => void;
  createSession(device: string, options: Readonly<Record<string, unknown>>): PcapSession;
  createOfflineSession(path: string, options: { readonly filter: string }): PcapSession;
}

/** Throws an Error whose message is the remedy where the addon was not built. */
export const loadPcap = async (): Promise<PcapAddon> => {
  try {
    const module = (await import('pcap')) as unknown as { readonly default: PcapAddon };
    // Interfaces without an IPv4 address, which are fine, would be warned about on the console.
    module.default.warningHandler = () => undefined;
    return module.default;
  } catch (error) {
    const reason = error instanceof Error ? error.message.split('\n')[0] : String(error);
    throw new Error(
      `the package "pcap" was not built for this Node (${reason ?? ''}): install libpcap-dev, gcc, g++, make and python3, then run "npm rebuild pcap"`,
      { cause: error },
    );
  }
};

/** A running capture. */
export interface Capture {
  readonly description: string;
  /** Starts handing packets over. */
  start(): void;
  /** Counts what the kernel has dropped since the last call. */
  countDrops(): void;
}

/** Opens the interface, which needs CAP_NET_RAW. Throws the interface and libpcap's words. */
export const openLive = (pcap: PcapAddon, settings: ReceiverSettings, loop: GateLoop, outbox: Outbox): Capture => {
  const session = createSession(pcap, settings);
  const link = linkTypeOf(session.link_type, settings.interface);
  let dropped = 0;
  return {
    description: `${settings.interface} (${link})`,
    start: () =>
      session.on('packet', ({ buf, header }) => {
        loop.frame(link, buf.subarray(0, header.readUInt32LE(8)), unixMs(Date.now()));
      }),
    countDrops: () => {
      const drops = session.stats().ps_drop;
      if (drops > dropped) outbox.count('kernel-dropped', drops - dropped);
      dropped = drops;
    },
  };
};

const createSession = (pcap: PcapAddon, settings: ReceiverSettings): PcapSession => {
  try {
    return pcap.createSession(settings.interface, {
      filter: captureFilter(settings.port, DATAGRAM_SIZES, ownFrames(settings.interface)),
      snap_length: SNAP_LENGTH,
      buffer_size: RING_BYTES,
      buffer_timeout: BATCH_MS,
      promiscuous: false,
    });
  } catch (error) {
    const words = error instanceof Error ? error.message : String(error);
    const remedy = /not permitted/i.test(words) ? ' (capturing takes root or CAP_NET_RAW)' : '';
    throw new Error(`interface ${settings.interface}: ${words}${remedy}`, { cause: error });
  }
};

/** Read while this process may still read files. */
const ownFrames = (device: string): OwnFrames => {
  if (device === 'any') return { by: 'direction' };
  try {
    const mac = readFileSync(`/sys/class/net/${device}/address`, 'latin1').trim();
    return isHardwareAddress(mac) ? { by: 'address', mac } : { by: 'nothing' };
  } catch {
    return { by: 'nothing' };
  }
};

/** Opens a capture file; each packet counts as of the time at which it was captured. Throws libpcap's words. */
export const openFile = (pcap: PcapAddon, settings: ReceiverSettings, loop: GateLoop, done: () => void): Capture => {
  const path = settings.file ?? '';
  const session = pcap.createOfflineSession(path, {
    filter: captureFilter(settings.port, DATAGRAM_SIZES, { by: 'nothing' }),
  });
  const link = linkTypeOf(session.link_type, path);
  return {
    description: `${path} (${link})`,
    start: () => {
      session.on('packet', ({ buf, header }) => {
        const time = header.readUInt32LE(0) * 1000 + Math.floor(header.readUInt32LE(4) / 1000);
        loop.frame(link, buf.subarray(0, header.readUInt32LE(8)), unixMs(time));
      });
      session.on('complete', done);
    },
    countDrops: () => undefined,
  };
};

/** The addon's names, and the numbers of those that it does not know by name (tcpdump.org/linktypes.html). */
const LINK_TYPES: Readonly<Record<string, LinkType>> = {
  LINKTYPE_ETHERNET: 'ethernet',
  LINKTYPE_LINUX_SLL: 'linux-sll',
  LINKTYPE_RAW: 'raw',
  LINKTYPE_NULL: 'null',
  'Unknown linktype 276': 'linux-sll2',
  'Unknown linktype 239': 'nflog',
};

const linkTypeOf = (name: string, device: string): LinkType => {
  const link = LINK_TYPES[name];
  if (link === undefined)
    throw new Error(`${device} has the link type "${name}", which is not supported; capture on "any" instead`);
  return link;
};
