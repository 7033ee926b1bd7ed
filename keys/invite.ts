/** `spa-keys invite`: one line, and a QR code, of which `spa-client join` makes a profile (docs/invite.md). */
import { formatPortSpec, type PortSpec } from '../src/base/port-spec.ts';
import { printable } from '../src/base/printable.ts';
import { DEFAULT_SPA_PORT, parsePort, type Port, type Seconds, type UnixMs, unixMs } from '../src/base/units.ts';
import { parseIni } from '../src/config/ini-file.ts';
import { expiry, ports } from '../src/config/values.ts';
import { SECRET_LENGTH, Secret } from '../src/crypto/secret.ts';
import { type Invite, isPlainHost, MAX_HOSTS } from '../src/invite/body.ts';
import { formatInvite, SALT_LENGTH } from '../src/invite/invite.ts';
import { isServerName } from '../src/spa/native/keys.ts';
import { MAX_PORTS } from '../src/spa/native/layout.ts';
import { formatStanza, profileOf } from './halves.ts';
import { holderOf } from './holder.ts';
import { readNamed } from './inspect.ts';
import type { KeysIo } from './io.ts';
import { choosePassphrase, type PassphraseSource } from './passphrase.ts';
import { formatQrCode } from './qr-code.ts';
import type { Found, RingFile } from './ring.ts';
import { rewriteSecretFile, type StagedFile } from './ring-file.ts';
import { appendSection } from './section-text.ts';
import { Trouble } from './trouble.ts';

export interface InviteWishes {
  /** The stanza's name. */
  readonly name: string;
  /** The server's configuration. */
  readonly file: string;
  /** Where the client sends its packets, best first; none: the server's name. */
  readonly hosts: readonly string[];
  /** For a new stanza alone; undefined: tcp/22. */
  readonly allow: readonly PortSpec[] | undefined;
  /** For a new stanza alone, as spad.conf has it. */
  readonly expires: string | undefined;
  readonly joinWithin: Seconds;
  readonly passphrase: PassphraseSource | undefined;
  /** The line alone, without its QR code. */
  readonly asText: boolean;
}

/** How an invite is handed out, whomever it is for. */
export type HandOutWishes = Omit<InviteWishes, 'allow' | 'expires'>;

/** The stanza to invite to, as far as the client needs to know it. */
export interface Subject {
  readonly secret: Secret;
  readonly server: string;
  readonly port: Port;
  readonly access: readonly PortSpec[];
  readonly reply: boolean;
  readonly expires: UnixMs | undefined;
  /** The fingerprint of the secret whose place the client's profile gives to this one. */
  readonly replaces: string | undefined;
  /** The configuration with what is new in it. */
  readonly newText: string | undefined;
  /** A file that `newText` speaks of. */
  readonly ahead?: StagedFile | undefined;
  /** What was done, for the operator. */
  readonly told: string;
}

/**
 * Takes the stanza, or adds one; prints the invite to `io.out`, words about it to `io.err`. Where it cannot be made, nothing is
 * written.
 * @throws Trouble, FileRefused, and the errors of the operating system.
 */
export const invite = (wishes: InviteWishes, io: KeysIo): void => {
  const [home] = readNamed(wishes.file, io).files;
  if (home === undefined) throw new Trouble(`${printable(wishes.file)} cannot be read: name another with --stanza`);
  handOut(existingStanza(home, wishes, io.now()) ?? newStanza(home, wishes, io), home, wishes, io);
};

/** Writes what is new of the subject and prints its invite. @throws as {@link invite}. */
export const handOut = (subject: Subject, home: RingFile, wishes: HandOutWishes, io: KeysIo): void => {
  const content = contentOf(subject, wishes, io.now());
  const passphrase = wishes.passphrase && choosePassphrase(wishes.passphrase, (...words) => io.askSecret(...words));
  const seal = passphrase === undefined ? undefined : { passphrase, salt: io.random(SALT_LENGTH) };
  const text = formatInvite(content, seal);
  subject.ahead?.commit();
  if (subject.newText !== undefined) rewriteSecretFile(home.path, subject.newText, home.content);
  // In capitals alone, which make a smaller code.
  io.out(`${wishes.asText ? '' : formatQrCode(text.toUpperCase())}${text}\n`);
  tell(wishes, subject, content, io);
};

// --- whom it is for

const existingStanza = (home: RingFile, wishes: InviteWishes, now: UnixMs): Subject | undefined => {
  const { name, allow, expires } = wishes;
  const [entry, another] = home.entries.filter((one) => one.kind === 'stanza' && one.name === name);
  if (entry === undefined) return undefined;
  const place = `${printable(home.path)}:${String(entry.line)}`;
  if (another !== undefined)
    throw new Trouble(`[access ${name}] is twice in ${printable(home.path)}: correct the file`);
  if (allow !== undefined || expires !== undefined)
    throw new Trouble(
      `[access ${name}] is there already (${place}), and --allow and --expires are for a new one: ` +
        'leave them out, choose another name, or edit the stanza',
    );
  return stanzaSubject({ entry, file: home }, now);
};

/** A stanza that is there. @throws Trouble where there is nothing to invite to, as {@link holderOf}, or because it has expired. */
export const stanzaSubject = (found: Found, now: UnixMs): Subject & { readonly hasCodes: boolean } => {
  const { entry, file } = found;
  const { secret, server, port, access } = holderOf(found);
  const { name, line, old } = entry;
  const stanza = access?.stanza;
  if (stanza?.expires !== undefined && stanza.expires <= now)
    throw new Trouble(
      `[access ${name}] has expired (${printable(file.path)}:${String(line)}): give it another "expires" before you invite to it`,
    );
  const asked = stanza === undefined || stanza.defaultPorts.length > 0 ? stanza?.defaultPorts : stanza.allow;
  const told = `took [access ${name}] of ${printable(file.path)} as it is: this hands out the key that it has`;
  return {
    ...{ secret, server, port, access: asked ?? [], reply: stanza?.reply !== false, expires: stanza?.expires },
    replaces: old !== undefined && 'secret' in old.key ? old.key.secret.fingerprint() : undefined,
    ...{ newText: undefined, told, hasCodes: access?.codes !== undefined },
  };
};

const TCP_22 = ports('tcp/22');

const newStanza = (home: RingFile, { name, allow, expires, file }: InviteWishes, io: KeysIo): Subject => {
  const daemon = parseIni(home.content.text, file).sections.find((section) => section.name === 'spad');
  const valueOf = (key: string): string | undefined => daemon?.entries.find((entry) => entry.key === key)?.value;
  const server = valueOf('name');
  if (server === undefined || !isServerName(server))
    throw new Trouble(`${printable(file)} does not say the server's name: it needs [spad] with "name = …"`);
  const secret = Secret.fromBytes(io.random(SECRET_LENGTH));
  if (secret === undefined) throw new Error('the random bytes are all equal');
  const port = parsePort(valueOf('port') ?? '') ?? DEFAULT_SPA_PORT;
  const allowed = allow ?? (TCP_22.ok ? TCP_22.value : []);
  const key = { ...{ server, client: name, host: server, port, secret }, allow: allowed, expires };
  const newText = appendSection(home.content.text, formatStanza(key));
  const end = expires === undefined ? undefined : expiry(expires);
  const access = profileOf(key).access;
  return {
    ...{
      secret,
      server,
      port,
      access,
      newText,
      replaces: undefined,
      told: `wrote [access ${name}] of ${printable(file)}`,
    },
    reply: true,
    expires: end?.ok === true ? end.value : undefined,
  };
};

// --- what it says

/** @throws Trouble for what an invite has no room for. */
const contentOf = (subject: Subject, { hosts, joinWithin }: HandOutWishes, now: UnixMs): Invite => {
  const { secret, server, port, access, reply, expires, replaces } = subject;
  const ways = hosts.length > 0 ? [...new Set(hosts)] : [server];
  const stray = ways.find((host) => !isPlainHost(host));
  if (stray !== undefined)
    throw new Trouble(`${printable(stray)} is no host that packets go to: name the server's with --host`);
  if (ways.length > MAX_HOSTS) throw new Trouble(`an invite has room for ${String(MAX_HOSTS)} hosts`);
  if (access.length > MAX_PORTS)
    throw new Trouble(
      `the stanza allows more than ${String(MAX_PORTS)} ports or ranges: say with "default" which of them the client is to ask for`,
    );
  const end = Math.floor(Math.min(now + 1000 * joinWithin, expires ?? Infinity) / 1000);
  return { secret, server, hosts: ways, port, access, reply, end: unixMs(1000 * Math.min(end, 0xffff_ffff)), replaces };
};

const tell = ({ hosts, passphrase }: HandOutWishes, subject: Subject, content: Invite, io: KeysIo): void => {
  const isNew = subject.newText !== undefined;
  io.err(`${subject.told}\n`);
  io.err(`fingerprint of the secret: ${content.secret.fingerprint()}\n`);
  const end = new Date(content.end).toISOString().slice(0, 16).replace('T', ' ');
  io.err(`the invite holds until ${end} UTC\n`);
  const opened = content.access.length === 0 ? 'its default ports' : content.access.map(formatPortSpec).join(', ');
  io.err(
    passphrase === undefined
      ? `note: whoever reads it can open ${opened}: hand it over in private, or make it with --passphrase\n`
      : 'note: tell the passphrase in another way than the invite\n',
  );
  if (hosts.length === 0 && subject.replaces === undefined)
    io.err(
      `note: packets will go to the host "${printable(content.hosts[0] ?? '')}": if that is not how the client reaches it, use --host\n`,
    );
  io.err(`next: ${isNew ? 'systemctl reload spad, then ' : ''}on the client: spa-client join -, and paste the line\n`);
};
