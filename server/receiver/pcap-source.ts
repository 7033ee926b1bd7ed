/** Capturing with libpcap through the addon `pcap`. Its traits, and why this process exists, are in docs/process-model.md. */

import { readFileSync } from 'node:fs';
import { parseAddress } from '../../src/base/address.ts';
import { normalizePorts } from '../../src/base/port-spec.ts';
import { type UnixMs, unixMs } from '../../src/base/units.ts';
import type { KnockSettings, ReceiverSettings } from '../../src/engine/receiver-settings.ts';
import { captureFilter, isHardwareAddress, type OwnFrames, textCaptureFilter } from '../../src/frame/capture-filter.ts';
import type { LinkType } from '../../src/frame/link.ts';
import { knockFilter } from '../../src/knock/watch.ts';
import { MAX_TEXT, MIN_TEXT } from '../../src/spa/fwknop/layout.ts';
import { DATAGRAM_SIZES } from '../../src/spa/native/layout.ts';
import type { GateLoop } from './gate-loop.ts';
import type { KnockLoop } from './knock-loop.ts';
import type { Outbox } from './outbox.ts';
import { Rest } from './rest.ts';
import { withWideBuffers } from './wide-buffer.ts';

/** UDP, IPv6 with some extension headers, two VLAN tags and the link's own header, before the largest datagram. */
const HEADERS_ROOM = 200;
/** Headers are all that knocks are: a link's, IPv6 with some extension headers, TCP. */
const HEADERS_LENGTH = 256;
/**
 * The kernel's ring. Each frame takes a place as long as the longest: some 8000 packets or 45 000 knocks fit, the flood of
 * a tenth of a second, before frames are lost because this process does not run.
 */
const RING_BYTES = 16 * 1024 * 1024;
/** Immediate mode: the kernel does not gather frames. Where there are many, {@link Rest} does. */
const BATCH_MS = 0;
/** linux/if.h */
const IFF_UP = 1;

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
    const reason = (error instanceof Error ? error.message.split('\n')[0] : undefined) ?? String(error);
    throw new Error(`the package "pcap" ${loadRemedy(reason)}`, { cause: error });
  }
};

/** The dynamic linker names the library that it does not find. */
const loadRemedy = (reason: string): string =>
  /^libpcap\.so\S*: cannot open shared object file/.test(reason)
    ? `does not find libpcap (${reason}): apt-get install libpcap0.8`
    : `was not built for this Node (${reason}): install libpcap-dev, gcc, g++, make and python3, then run "npm rebuild pcap"`;

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
  const largest = settings.fwknop === undefined ? Math.max(...DATAGRAM_SIZES) : MAX_TEXT;
  const options = {
    filter: filterFor(settings, ownFrames(settings.interface)),
    snap_length: largest + HEADERS_ROOM,
  };
  return openInterface(pcap, settings.interface, options, outbox, {
    take: (link, bytes, length) => loop.frame(link, bytes, length, unixMs(Date.now())),
  });
};

/**
 * Listens to the group that the kernel's sieve logs to, which needs CAP_NET_ADMIN. Only packets of the right length with a
 * hint of now come, so there is no filter. Throws what is in the way.
 */
export const openNflog = async (
  pcap: PcapAddon,
  settings: ReceiverSettings,
  loop: GateLoop,
  outbox: Outbox,
): Promise<Capture> => {
  const { interface: name, group } = settings;
  refuseMissing(name);
  const device = `nflog:${String(group)}`;
  const options = { filter: '', snap_length: Math.max(...DATAGRAM_SIZES) + HEADERS_ROOM };
  const taker: Taker = {
    take: (link, bytes, length) => loop.frame(link, bytes, length, unixMs(Date.now())),
  };
  const capture = await withWideBuffers(() => openInterface(pcap, device, options, outbox, taker));
  return { ...capture, description: `${name} (${device}; the kernel drops junk)` };
};

/** NFLOG listens to an interface that is not there without a word. */
const refuseMissing = (name: string): void => {
  if (name === 'any') return;
  const flags = readInterface(name, 'flags');
  if (flags === undefined) throw new Error(`interface ${name}: there is no such interface`);
  if ((Number.parseInt(flags, 16) & IFF_UP) === 0) throw new Error(`interface ${name}: it is down`);
};

/** Native packets have three lengths, texts of fwknop's any within bounds that hold those three. */
const filterFor = ({ port, fwknop }: ReceiverSettings, own: OwnFrames): string => {
  if (fwknop === undefined) return captureFilter(port, DATAGRAM_SIZES, own);
  const { ports, icmp } = fwknop.transports;
  const all = normalizePorts([{ protocol: 'udp', first: port, last: port }, ...ports]);
  return textCaptureFilter({ ports: all, icmp, least: MIN_TEXT, most: MAX_TEXT }, own);
};

/** Opens the interface for knocks. Throws libpcap's words. */
export const openKnock = (pcap: PcapAddon, settings: KnockSettings, loop: KnockLoop, outbox: Outbox): Capture => {
  const local = settings.local.map(parseAddress).filter((address) => address !== undefined);
  // Nothing to see: a filter that nothing passes, so that the interface is watched all the same.
  const filter = knockFilter(settings.watches, local, settings.families, settings.interface) ?? 'less 1';
  return openInterface(pcap, settings.interface, { filter, snap_length: HEADERS_LENGTH }, outbox, {
    take: (link, bytes, length, header) =>
      loop.frame(link, bytes, length, timeOf(header), header.readUInt32LE(WHOLE_LENGTH)),
    drained: () => loop.flush(),
  });
};

interface Taker {
  readonly take: (link: LinkType, bytes: Uint8Array, length: number, header: Buffer) => void;
  /** No frame is left for now. */
  readonly drained?: () => void;
}

const openInterface = (
  pcap: PcapAddon,
  device: string,
  options: { readonly filter: string; readonly snap_length: number },
  outbox: Outbox,
  { take, drained }: Taker,
): Capture => {
  const session = createSession(pcap, device, options);
  const link = linkTypeOf(session.link_type, device);
  let dropped = 0;
  return {
    description: `${device} (${link})`,
    start: () => {
      const rest = new Rest();
      let isAwake = false;
      session.on('packet', ({ buf, header }) => {
        take(link, buf, lengthOf(header), header);
        if (isAwake) return;
        isAwake = true;
        // The event loop comes round when the addon finds no frame any more.
        setImmediate(() => {
          isAwake = false;
          drained?.();
          rest.drained();
        });
      });
    },
    countDrops: () => {
      const drops = session.stats().ps_drop;
      if (drops > dropped) outbox.count('kernel-dropped', drops - dropped);
      dropped = drops;
    },
  };
};

const createSession = (
  pcap: PcapAddon,
  device: string,
  options: { readonly filter: string; readonly snap_length: number },
): PcapSession => {
  try {
    return pcap.createSession(device, {
      ...options,
      buffer_size: RING_BYTES,
      buffer_timeout: BATCH_MS,
      promiscuous: false,
    });
  } catch (error) {
    const words = error instanceof Error ? error.message : String(error);
    throw new Error(`interface ${device}: ${words}${remedyFor(words)}`, { cause: error });
  }
};

const remedyFor = (words: string): string => {
  // What the kernel says to the second who wants to listen to a group of NFLOG.
  if (/group index: Operation not permitted/.test(words))
    return ' (another program listens to this group, or CAP_NET_ADMIN is missing: set nflog_group to one that is free)';
  return /not permitted/i.test(words) ? ' (capturing takes root or CAP_NET_RAW)' : '';
};

/**
 * The addon hands all frames over in one buffer, and with each a struct pcap_pkthdr as four numbers of 32 bits: the
 * kernel's time (seconds, then microseconds), how many bytes were captured, and how many there were.
 */
const CAPTURED_LENGTH = 8;
const WHOLE_LENGTH = 12;

/** A view of each frame would cost as much as all that is done with it. */
const lengthOf = (header: Buffer): number => header.readUInt32LE(CAPTURED_LENGTH);

const timeOf = (header: Buffer): UnixMs =>
  unixMs(header.readUInt32LE(0) * 1000 + Math.floor(header.readUInt32LE(4) / 1000));

/** Read while this process may still read files. */
const ownFrames = (device: string): OwnFrames => {
  if (device === 'any') return { by: 'direction' };
  const mac = readInterface(device, 'address');
  return mac !== undefined && isHardwareAddress(mac) ? { by: 'address', mac } : { by: 'nothing' };
};

const readInterface = (name: string, file: string): string | undefined => {
  try {
    return readFileSync(`/sys/class/net/${name}/${file}`, 'latin1').trim();
  } catch {
    return undefined;
  }
};

/** Opens a capture file; each packet counts as of the time at which it was captured. Throws libpcap's words. */
export const openFile = (pcap: PcapAddon, settings: ReceiverSettings, loop: GateLoop, done: () => void): Capture => {
  const path = settings.file ?? '';
  const session = pcap.createOfflineSession(path, {
    filter: filterFor(settings, { by: 'nothing' }),
  });
  const link = linkTypeOf(session.link_type, path);
  return {
    description: `${path} (${link})`,
    start: () => {
      session.on('packet', ({ buf, header }) => {
        loop.frame(link, buf, lengthOf(header), timeOf(header));
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
