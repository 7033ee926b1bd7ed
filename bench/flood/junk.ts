/** Junk by kind: what each costs depends on how far into the daemon it gets. */
import { SPA_PORT } from '../daemons/contender.ts';
import { junkText } from '../fwknop/junk-text.ts';

export const JUNK_KINDS = ['other-port', 'wrong-size', 'random', 'wrong-mac', 'replay', 'text'] as const;
export type JunkKind = (typeof JUNK_KINDS)[number];

/** As the tables say it. */
export const KIND_NAMES: Readonly<Record<JunkKind, string>> = {
  'other-port': 'to another port',
  'wrong-size': 'SPA port, wrong size',
  random: 'right size, random',
  'wrong-mac': 'right hint, wrong MAC',
  replay: 'a genuine packet again',
  text: "fwknop's form",
};

export interface Junk {
  readonly port: number;
  /** In turn. */
  readonly payloads: readonly Uint8Array[];
  /** How many bytes at the end of each are random each time. */
  readonly varied: number;
}

/** In no daemon's configuration. */
const OTHER_PORT = 40_404;
/** The smallest native packet (docs/native-packet.md, section 4). */
const NATIVE_SIZE = 176;
const MAC_SIZE = 32;
const TEXTS = 64;

/** @param genuine a packet of the daemon's client: its hint is right, and sent twice it is a replay */
export function junkOf(kind: JunkKind, genuine: Uint8Array): Junk {
  const port = kind === 'other-port' ? OTHER_PORT : SPA_PORT;
  switch (kind) {
    case 'other-port':
    case 'random':
      return { port, payloads: [new Uint8Array(NATIVE_SIZE)], varied: NATIVE_SIZE };
    case 'wrong-size':
      return { port, payloads: [new Uint8Array(NATIVE_SIZE + 1)], varied: NATIVE_SIZE + 1 };
    case 'wrong-mac':
      return { port, payloads: [genuine], varied: MAC_SIZE };
    case 'replay':
      return { port, payloads: [genuine], varied: 0 };
    case 'text':
      return { port, payloads: Array.from({ length: TEXTS }, () => Buffer.from(junkText(), 'latin1')), varied: 0 };
  }
}
