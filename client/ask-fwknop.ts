/** spa-client for servers that take fwknop's packets: a profile with `format = fwknop`, or a stanza of ~/.fwknoprc by its name. */
import { Trouble } from '../keys/trouble.ts';
import {
  addressFromBytes,
  formatAddress,
  formatHostPort,
  type IpAddress,
  isGloballyRoutable,
  parseAddress,
} from '../src/base/address.ts';
import { formatPortSpec } from '../src/base/port-spec.ts';
import { formatUtc } from '../src/base/instant.ts';
import { printable } from '../src/base/printable.ts';
import { hasRcStanza } from '../src/config/fwknop/rc-file.ts';
import { formatDuration } from '../src/base/units.ts';
import { encodeUtf8 } from '../src/bytes/encoding.ts';
import { waitForOpening } from './await-opening.ts';
import type { ClientOptions } from './cli.ts';
import { type Given, type GivenOptions, setOption } from './fwknop/command-line.ts';
import type { FwknopIo, SendPlan } from './fwknop/io.ts';
import { makePacket } from './fwknop/make-packet.ts';
import type { OptionName } from './fwknop/options.ts';
import { findRcFile, stanzaOptions } from './fwknop/rc-file.ts';
import { mergeOptions, rcOptions } from './fwknop/rc-options.ts';
import { planOf } from './fwknop/send-request.ts';
import { type FwknopSettings, readSettings } from './fwknop/settings.ts';
import { fwknopWorld } from './fwknop/world.ts';
import type { ClientIo, HostAddress } from './io.ts';
import type { NoProfile, ProfileChoice } from './profile-file.ts';
import { formatPorts } from './request.ts';
import { explainNetworkError } from './ui.ts';

/**
 * Sends what `options` ask for in a packet of fwknop's; false where there is neither a profile nor a stanza for one.
 * Rejects with a Trouble (exit code 3 where the wait ran out).
 */
export const askFwknop = async (
  options: ClientOptions,
  choice: ProfileChoice | NoProfile | undefined,
  io: ClientIo,
): Promise<boolean> => {
  const world: FwknopIo = {
    ...fwknopWorld,
    env: io.env,
    now: () => io.now(),
    random: (length) => io.random(length),
    out: (text) => io.out(text),
    err: (text) => io.err(text),
    send: (plan) => send(plan, options.family, io),
  };
  const below = findOptions(options, choice, world);
  if (below === undefined) return false;
  refuseForeign(options);
  const asked = mergeOptions(below.options, ownOptions(options, below.options.get('destination')?.text ?? ''));
  if (options.verbose) io.out(`${below.from}\n`);
  const all = await withAddress(asked, options.family, io);
  const settings = readSettings(all);
  if (settings.destination === undefined) throw new Trouble('name a HOST');
  await sendOne(options, settings, all, world, io);
  return true;
};

const send = (plan: SendPlan, family: ClientOptions['family'], io: ClientIo): Promise<number> => {
  if (plan.transport === 'udp') return sendDatagram(plan, family, io);
  if (family === 6)
    throw new Trouble(`-6 is for packets by udp, not by ${plan.transport}: name an IPv6 address instead`);
  return fwknopWorld.send(plan);
};

/** An IPv4 address where there is one, for fwknopd looks at no other packets. */
const preferredAddress = async (host: string, family: ClientOptions['family'], io: ClientIo): Promise<HostAddress> => {
  const found = await io.network.lookup(host, family);
  const to = found.find((address) => address.family === 4) ?? found[0];
  if (to === undefined) throw new Trouble('the host has no address', 1);
  return to;
};

const sendDatagram = async (
  { host, port, text }: SendPlan,
  family: ClientOptions['family'],
  io: ClientIo,
): Promise<number> => {
  const to = await preferredAddress(host, family, io);
  const route = await io.network.route(to, port);
  try {
    await route.send(encodeUtf8(text));
    return text.length;
  } catch (error) {
    throw explainNetworkError(error, to, port);
  } finally {
    route.close();
  }
};

interface Below {
  readonly options: GivenOptions;
  /** Where they are from, to be told. */
  readonly from: string;
}

const findOptions = (
  options: ClientOptions,
  choice: ProfileChoice | NoProfile | undefined,
  world: FwknopIo,
): Below | undefined => {
  if (choice !== undefined && 'profile' in choice) {
    const { profile, file } = choice;
    if ('variables' in profile) {
      const from = `profile "${printable(profile.name)}" of ${printable(file)}`;
      return { options: rcOptions(profile.variables, file).options, from };
    }
    throw new Trouble(`the profile "${printable(profile.name)}" is for packets of our own: leave --format fwknop out`);
  }
  const name = options.profile ?? options.host;
  if (name === undefined || options.format === 'native') return undefined;
  const file = findRcFile(world);
  if (file === undefined || !hasRcStanza(file.reading, name)) return undefined;
  return { options: stanzaOptions(file, name).options, from: `stanza [${printable(name)}] of ${printable(file.path)}` };
};

/** What fwknop has no packet for, or another way. */
const refuseForeign = ({ close, server, key, timeout, resolve, both }: ClientOptions): void => {
  if (resolve !== undefined)
    throw new Trouble("--resolve is not for fwknop's packets: spa-client fwknop -R finds the address for those");
  if (both) throw new Trouble("--both is not for fwknop's packets, which name one address: leave it out");
  if (close)
    throw new Trouble("--close is not for fwknop's packets: what they open closes by itself, when its time is over");
  if (timeout !== undefined)
    throw new Trouble("--timeout is not for fwknop's packets, which nobody answers: leave it out");
  if (server !== undefined)
    throw new Trouble("--server is not for fwknop's packets, which name no server: leave it out");
  if (key !== undefined) {
    throw new Trouble(
      "fwknop's packets have two keys: put key_base64 and hmac_key_base64 into a profile, or see spa-client fwknop -h",
    );
  }
};

/** The command line as fwknop's options. */
const ownOptions = (options: ClientOptions, destination: string): GivenOptions => {
  const given = new Map<OptionName, Given>();
  const set = (name: OptionName, where: string, text: string): void => setOption(given, name, { text, where });
  const { access, allow, serverPort, openFor, forward, host, profile } = options;
  if (access !== undefined) {
    if (access.some(({ first, last }) => first !== last)) {
      throw new Trouble('fwknop knows no ranges of ports: name each port with --access');
    }
    set('access', '--access', access.map(formatPortSpec).join(','));
  }
  if (allow === 'source') set('source-ip', '--source', '');
  else if (allow !== undefined) {
    if (allow.length > 1) throw new Trouble('a packet of fwknop names one address: send another for the other one');
    set('allow-ip', '--allow', allow.map(({ address }) => formatAddress(address)).join(','));
  }
  if (serverPort !== undefined) set('server-port', '--server-port', String(serverPort));
  if (openFor !== undefined) set('fw-timeout', '--open-for', String(openFor));
  if (forward?.kind === 'local') set('nat-local', '--forward', '');
  if (forward !== undefined) {
    const named = profile === undefined ? destination : (host ?? destination);
    const inner = forward.kind === 'local' ? named : formatAddress(forward.address);
    set('nat-access', '--forward', formatHostPort(inner, forward.port));
  }
  if (options.family === 4) set('server-resolve-ipv4', '-4', '');
  // Else HOST may be the name of the profile.
  if (host !== undefined && profile !== undefined) set('destination', 'HOST', host);
  return given;
};

/** Much as for our own packets: this host's own address where that is public, else the one that the server sees. */
const withAddress = async (
  options: GivenOptions,
  family: ClientOptions['family'],
  io: ClientIo,
): Promise<GivenOptions> => {
  if ((['allow-ip', 'source-ip', 'resolve-ip-https'] as const).some((name) => options.has(name))) return options;
  const merged = new Map(options);
  const own = await ownAddress(options.get('destination')?.text ?? '', family, io);
  // Only spad takes an address of IPv6 in such a packet, and it sees that one itself.
  if (own.family === 4 && isGloballyRoutable(own))
    merged.set('allow-ip', { text: formatAddress(own), where: "this host's address" });
  else merged.set('source-ip', { text: '', where: '--source' });
  return merged;
};

const ownAddress = async (host: string, family: ClientOptions['family'], io: ClientIo): Promise<IpAddress> => {
  const to = await preferredAddress(host, family, io);
  const route = await io.network.route(to, 62_201);
  route.close();
  return parseAddress(route.localAddress) ?? addressFromBytes(new Uint8Array(4));
};

const sendOne = async (
  options: ClientOptions,
  settings: FwknopSettings,
  all: GivenOptions,
  world: FwknopIo,
  io: ClientIo,
): Promise<void> => {
  const wait = options.wait === undefined ? undefined : { port: portToTry(settings), limit: options.wait };
  const { message, text } = await makePacket(settings, all, options.verbose, world);
  const whom = message.allow === undefined ? 'the address it sees' : formatAddress(message.allow);
  const wish = message.type === 'command' ? 'run a command' : `open ${formatPorts(message.ports)}`;
  const time = message.timeout === undefined ? '' : `, for ${formatDuration(message.timeout)}`;
  const plan = planOf({ settings, options: all }, text, world);
  io.out(`${options.dryRun ? 'would ask' : 'asking'} ${printable(plan.host)} to ${wish} for ${whom}${time}\n`);
  if (options.savePacket !== undefined) {
    const { savePacket } = await import('./packet-file.ts');
    savePacket(options.savePacket, encodeUtf8(text));
    io.out(`saved the packet to ${options.savePacket}\n`);
  }
  const size = `${String(text.length)} bytes`;
  const where = `port ${String(plan.port)} of ${printable(plan.host)} by ${plan.transport}`;
  if (options.dryRun) {
    io.out(`would send ${size} to ${where}; nothing was sent\n`);
    return;
  }
  await world.send(plan);
  io.out(`sent ${size} to ${where}; nothing is answered, by design\n`);
  if (wait === undefined) return;
  const to = await preferredAddress(plan.host, options.family, io);
  await waitForOpening(wait, to, () => explainFwknopWait(wait.port, plan.host, io), io);
};

const portToTry = ({ ports, natPort }: FwknopSettings) => {
  const spec = ports.find(({ protocol }) => protocol === 'tcp');
  if (spec === undefined || natPort === 'random') {
    throw new Trouble('--wait needs to know a tcp port to try: name it with --access, or leave --wait out');
  }
  return natPort ?? spec.first;
};

const explainFwknopWait = (port: number, host: string, io: ClientIo): string =>
  `tcp/${String(port)} of ${printable(host)} did not open in time; likeliest: the clocks differ (this host's says ${formatUtc(io.now())}), ` +
  "the keys or their algorithms are not the server's, its stanza does not allow this port or address, or the packet was dropped on the way; " +
  "the server's log tells which";
