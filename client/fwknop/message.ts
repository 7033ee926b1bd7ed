/** From settings to what a packet says: pure, so that it can be compared with the real client's without a network. */
import { Trouble } from '../../keys/trouble.ts';
import { formatAddress, type IpAddress, isUnspecified } from '../../src/base/address.ts';
import { formatPortSpec } from '../../src/base/port-spec.ts';
import { type Port, port, unixMs, type UnixMs } from '../../src/base/units.ts';
import { RANDOM_LENGTH } from '../../src/spa/fwknop/layout.ts';
import type { FwknopMessage, FwknopType } from '../../src/spa/fwknop/message.ts';
import type { FwknopSettings } from './settings.ts';

/** Of fwknop 2.6; servers do not look at it. */
export const PROTOCOL_VERSION = '3.0.0';

/** What of the world goes into a message. */
export interface MessageWorld {
  readonly now: UnixMs;
  readonly user: string;
  /** The address that -R has found. */
  readonly resolved: IpAddress | undefined;
  readonly random: (length: number) => Uint8Array;
}

export interface BuiltMessage {
  readonly message: FwknopMessage;
  /** What the user must know to use the opening: the outer port where it was drawn. */
  readonly note: string | undefined;
}

/** @throws Trouble (exit code 1) where something is missing or does not go together. */
export const buildMessage = (settings: FwknopSettings, world: MessageWorld): BuiltMessage => {
  const head = {
    random: digits(world.random, RANDOM_LENGTH),
    user: world.user,
    time: unixMs(world.now + settings.timeOffset * 1000),
    version: PROTOCOL_VERSION,
    allow: allowOf(settings, world.resolved),
    serverAuth: undefined,
  };
  if (settings.command !== undefined) {
    if (settings.nat !== undefined || settings.natLocal) {
      throw new Trouble('a command (-C) is not forwarded: leave the options of NAT out', 1);
    }
    const message = { ...head, type: 'command', ports: [], command: settings.command } as const;
    return { message: { ...message, nat: undefined, timeout: undefined }, note: undefined };
  }
  const [first] = settings.ports;
  if (first === undefined) throw new Trouble('say what to open with -A, such as -A tcp/22', 1);
  const nat = natOf(settings, first.first);
  const outer = outerPort(settings, world.random);
  const message: FwknopMessage = {
    ...head,
    type: typeOf(settings, nat),
    ports: outer === undefined ? settings.ports : [{ ...first, first: outer, last: outer }],
    ...{ command: '', nat },
    timeout: settings.timeout > 0 ? settings.timeout : undefined,
  };
  return { message, note: settings.natPort === 'random' && nat !== undefined ? sayOuterPort(message) : undefined };
};

const allowOf = ({ allow }: FwknopSettings, resolved: IpAddress | undefined): IpAddress | undefined => {
  if (allow === 'source') return undefined;
  const address = allow === 'resolve' ? resolved : allow;
  if (address === undefined) {
    throw new Trouble(
      'say whom to open for: -a ADDRESS, -R to ask a web service, or -s for the address that the server sees',
      1,
    );
  }
  return isUnspecified(address) ? undefined : address;
};

const natOf = (settings: FwknopSettings, accessPort: Port): FwknopMessage['nat'] => {
  const { nat, natLocal, destination } = settings;
  if (nat !== undefined) return { host: nat.host, port: nat.port ?? accessPort };
  if (!natLocal) return undefined;
  if (destination === undefined) throw new Trouble('--nat-local needs to know the server: name it with -D', 1);
  return { host: destination, port: accessPort };
};

const typeOf = ({ natLocal, timeout }: FwknopSettings, nat: FwknopMessage['nat']): FwknopType => {
  const where = nat === undefined ? 'access' : natLocal ? 'local-nat-access' : 'nat-access';
  return timeout > 0 ? `timeout-${where}` : where;
};

/** As in fwknop, the port that is asked for is then the outer one, with or without a forwarding. */
const outerPort = ({ natPort, ports }: FwknopSettings, random: MessageWorld['random']): Port | undefined => {
  if (natPort === undefined) return undefined;
  if (ports.length > 1) {
    throw new Trouble('a forwarding by another port is for one port: ask for each one alone (-A)', 1);
  }
  return natPort === 'random' ? randomPort(random) : natPort;
};

/** The line in fwknop's own words: scripts read the port out of it. */
const sayOuterPort = ({ allow, ports, nat }: FwknopMessage): string => {
  const [spec] = ports;
  const to = `${nat?.host ?? ''},${String(nat?.port ?? 0)}`;
  const from = `${allow === undefined ? '0.0.0.0' : formatAddress(allow)},${spec === undefined ? '' : formatPortSpec(spec)}`;
  return `[+] Randomly assigned port '${String(spec?.first ?? 0)}' on: '${from}' will grant access to: '${to}'`;
};

/** `length` decimal digits, each as likely as the others. */
const digits = (random: MessageWorld['random'], length: number): string => {
  let text = '';
  while (text.length < length) {
    for (const byte of random(2 * length)) if (byte < 250) text += String(byte % 10);
  }
  return text.slice(0, length);
};

const FIRST_RANDOM_PORT = 10_000;

/** From 10000 on, and never derived from what a packet seals. */
export const randomPort = (random: MessageWorld['random']): Port => {
  for (;;) {
    const [high = 0, low = 0] = random(2);
    const found = port(high * 256 + low);
    if (found !== undefined && found >= FIRST_RANDOM_PORT) return found;
  }
};
