/** From settings and keys to the text of one datagram. */
import { asTrouble, Trouble } from '../../keys/trouble.ts';
import { type IpAddress } from '../../src/base/address.ts';
import { encodeUtf8 } from '../../src/bytes/encoding.ts';
import { encodeFields } from '../../src/spa/fwknop/fields.ts';
import { gpgTextOf, oldServersRead } from '../../src/spa/fwknop/gpg-text.ts';
import type { FwknopHmacKey } from '../../src/spa/fwknop/key.ts';
import { SALT_LENGTH } from '../../src/spa/fwknop/layout.ts';
import { sealFwknop } from '../../src/spa/fwknop/seal.ts';
import { exceedsOldServers, hmacLength } from '../../src/spa/fwknop/shape.ts';
import { unsealFwknop } from '../../src/spa/fwknop/unseal.ts';
import type { GivenOptions } from './command-line.ts';
import type { Dumped } from './dump.ts';
import { addressInBody, resolveUrl, USER_AGENT, WGET_USER_AGENT } from './http.ts';
import type { FwknopIo, GpgPlan } from './io.ts';
import { keyInFile, keySource, refuseBadKeys } from './keys.ts';
import { buildMessage } from './message.ts';
import type { FwknopSettings } from './settings.ts';

export interface MadePacket extends Dumped {
  /** Undefined where GnuPG seals. */
  readonly passphrase: Uint8Array | undefined;
  readonly hmac: FwknopHmacKey | undefined;
}

/** @throws Trouble (exit code 1) for whatever keeps the packet from being made; asks for keys that nobody gave. */
export const makePacket = async (
  settings: FwknopSettings,
  options: GivenOptions,
  isVerbose: boolean,
  io: FwknopIo,
): Promise<MadePacket> => {
  const resolved = settings.allow === 'resolve' ? await resolveOwn(options, isVerbose, io) : undefined;
  const random = (length: number): Uint8Array => io.random(length);
  const world = { now: io.now(), user: settings.user ?? userOf(io), resolved, random };
  const { message, note } = buildMessage(settings, world);
  if (message.allow?.family === 6 && !settings.toSpad) {
    throw new Trouble(
      'servers of fwknop open for IPv4 addresses alone: name one (-a), or add --to-spad for a server that is spad',
      1,
    );
  }
  if (note !== undefined) io.out(`${note}\n`);
  const plain = orTrouble(() => encodeFields(message, settings.digest));
  const gpg = settings.mode === 'asymmetric' ? gpgPlan(options) : undefined;
  const passphrase =
    gpg === undefined ? await readKey('cipher', 'Enter encryption key: ', settings, options, io) : undefined;
  const hmac = await readHmac(settings, options, io);
  refuseBadKeys(settings, passphrase, hmac?.key);
  const text =
    gpg === undefined
      ? sealPlain(plain, settings, passphrase, hmac, io)
      : await sealByGpg(plain, await withPassphrase(gpg, settings, options, io), hmac, settings, io);
  warnOfLength(text, settings, io);
  const macLength = hmac === undefined ? 0 : hmacLength(hmac.type);
  const { digest, mode } = settings;
  return { message, plain, digest, mode, hmacDigest: hmac?.type, text, macLength, gpg, passphrase, hmac };
};

const orTrouble = <T>(make: () => T): T => {
  try {
    return make();
  } catch (error) {
    throw error instanceof RangeError ? new Trouble(error.message, 1, { cause: error }) : error;
  }
};

const userOf = (io: FwknopIo): string =>
  [io.env.SPOOF_USER, io.env.LOGNAME, io.loginName(), io.env.USER].find((name) => name !== undefined && name !== '') ??
  'NO_USER';

const resolveOwn = async (options: GivenOptions, isVerbose: boolean, io: FwknopIo): Promise<IpAddress> => {
  const httpOnly = options.has('resolve-http-only');
  const url = resolveUrl(options.get('resolve-url')?.text, httpOnly);
  if (url === undefined) {
    throw new Trouble(
      `--resolve-url: give a URL that begins with ${httpOnly ? 'http://, as --resolve-http-only asks' : 'https://'}`,
      1,
    );
  }
  if (url.protocol === 'http:' && !httpOnly) {
    io.err(`[-] ${url.href} is not https://: whoever is on the way can change the answer\n`);
  }
  const agent = options.get('user-agent')?.text ?? (options.has('use-wget-user-agent') ? WGET_USER_AGENT : USER_AGENT);
  const address = addressInBody(await io.fetchText(url, agent));
  if (address === undefined) throw new Trouble(`${url.href} answered without an address: name yours with -a`, 1);
  if (isVerbose) io.out(`[+] Resolved external IP (via ${url.href}) as: ${address.bytes.join('.')}\n`);
  return address;
};

const readKey = async (
  kind: 'cipher' | 'hmac',
  prompt: string,
  { destination = '' }: FwknopSettings,
  options: GivenOptions,
  io: FwknopIo,
): Promise<Uint8Array> => {
  const source = keySource(options, kind);
  if (source === 'ask') return encodeUtf8(await askKey(prompt, options, io));
  if ('bytes' in source) return source.bytes;
  const found = io.readText(source.file);
  if (found === undefined) throw new Trouble(`there is no file ${source.file} to read the key from`, 1);
  if (found.isOpen) io.err(`[-] ${source.file} is open to other users: run chmod 600 ${source.file}\n`);
  return keyInFile(found.text, destination, source.file);
};

/** From the descriptor of --fd or --stdin, a line for each key; else from the terminal. */
const askKey = async (prompt: string, options: GivenOptions, io: FwknopIo): Promise<string> => {
  const given = options.has('stdin') ? { text: '0', where: '--stdin' } : options.get('fd');
  if (given === undefined) return io.askSecret(prompt);
  if (!/^[0-9]{1,3}$/.test(given.text)) throw new Trouble(`${given.where}: a descriptor is a number, such as 0`, 1);
  const line = orTrouble(() => readLineOf(Number(given.text), io));
  if (line === undefined) throw new Trouble(`${given.where} ended before there was a line with the key`, 1);
  return line.replace(/\r$/, '');
};

const readLineOf = (descriptor: number, io: FwknopIo): string | undefined => {
  try {
    return io.readLine(descriptor);
  } catch (error) {
    throw asTrouble(error) ?? error;
  }
};

const readHmac = async (
  settings: FwknopSettings,
  options: GivenOptions,
  io: FwknopIo,
): Promise<FwknopHmacKey | undefined> => {
  if (settings.hmacDigest === undefined) return undefined;
  return { type: settings.hmacDigest, key: await readKey('hmac', 'Enter HMAC key: ', settings, options, io) };
};

const sealPlain = (
  plain: string,
  { mode }: FwknopSettings,
  passphrase: Uint8Array | undefined,
  hmac: FwknopHmacKey | undefined,
  io: FwknopIo,
): string => {
  if (mode === 'asymmetric' || passphrase === undefined) throw new Error('no key to seal with');
  return orTrouble(() => sealFwknop(plain, { passphrase, mode }, hmac, io.random(SALT_LENGTH)));
};

const gpgPlan = (options: GivenOptions): GpgPlan => {
  const text = (name: 'gpg-exe' | 'gpg-home-dir' | 'gpg-signer-key' | 'gpg-recipient-key'): string | undefined =>
    options.get(name)?.text;
  const recipient = text('gpg-recipient-key');
  if (recipient === undefined)
    throw new Trouble("GPG needs to know the server's key: name it with --gpg-recipient-key", 1);
  const signer = text('gpg-signer-key');
  const passphrase = signer === undefined || options.has('gpg-no-signing-pw') ? 'none' : 'agent';
  return { program: text('gpg-exe') ?? 'gpg', home: text('gpg-home-dir'), recipient, signer, passphrase };
};

const withPassphrase = async (
  plan: GpgPlan,
  settings: FwknopSettings,
  options: GivenOptions,
  io: FwknopIo,
): Promise<GpgPlan> => {
  if (plan.passphrase === 'none' || options.has('gpg-agent')) return plan;
  return { ...plan, passphrase: await readKey('cipher', 'Enter passphrase for signing: ', settings, options, io) };
};

const sealByGpg = async (
  plain: string,
  plan: GpgPlan,
  hmac: FwknopHmacKey | undefined,
  { toSpad }: FwknopSettings,
  io: FwknopIo,
): Promise<string> => {
  const openPgp = await io.sealGpg(plain, plan);
  if (!toSpad && !oldServersRead(openPgp)) {
    throw new Trouble(
      'servers of fwknop cannot read what is sealed for an elliptic-curve key: use an RSA key for the server, or add --to-spad for a server that is spad',
      1,
    );
  }
  return orTrouble(() => gpgTextOf(openPgp, hmac));
};

const warnOfLength = (text: string, { mode, toSpad }: FwknopSettings, io: FwknopIo): void => {
  const kind = mode === 'asymmetric' ? 'gpg' : 'rijndael';
  if (toSpad || !exceedsOldServers(text, kind)) return;
  const length = String(text.length);
  io.err(
    kind === 'gpg'
      ? `[-] the packet has ${length} characters; fwknopd reads GPG packets of 400 to 1458: use other keys, or an HMAC\n`
      : `[-] the packet has ${length} characters, and from 400 on fwknopd takes it for a GPG packet: ask for less, or use a shorter digest (-m, --hmac-digest-type)\n`,
  );
};

/** Whether the packet, read again with its keys, says what was asked for; undefined where only the server can read it. */
export const readsBack = ({ text, mode, passphrase, hmac }: MadePacket): boolean | undefined => {
  if (mode === 'asymmetric' || passphrase === undefined) return undefined;
  return unsealFwknop(encodeUtf8(text), { passphrase, mode }, hmac).ok;
};
