/** `spa-keys emergency`: packets made beforehand that open once, on a sheet of paper (docs/emergency.md). */
import { coversPorts, formatPortSpec, type PortSpec } from '../src/base/port-spec.ts';
import { printable } from '../src/base/printable.ts';
import { formatDuration, type Seconds, seconds } from '../src/base/units.ts';
import type { AccessEntry } from '../src/config/access-section.ts';
import { isPlainHost } from '../src/invite/body.ts';
import { type CodeRange, formatCodeRange, sealCode } from '../src/spa/native/code.ts';
import { formatCode } from '../src/spa/native/code-text.ts';
import { MAX_CODE } from '../src/spa/native/layout.ts';
import { formatSheet, type SheetForm } from './emergency-sheet.ts';
import { readNamed } from './inspect.ts';
import { holderOf } from './holder.ts';
import type { KeysIo } from './io.ts';
import { findEntry, type Found } from './ring.ts';
import { rewriteSecretFile } from './ring-file.ts';
import { setKey } from './section-text.ts';
import { Trouble } from './trouble.ts';

export interface EmergencyWishes {
  /** A stanza or a profile. */
  readonly name: string;
  readonly file: string | undefined;
  readonly count: number;
  /** The first number; undefined: the one after those that the stanza has. */
  readonly from: number | undefined;
  /** None: what the stanza opens by default. */
  readonly ports: readonly PortSpec[];
  readonly openFor: Seconds;
  readonly host: string | undefined;
  readonly form: SheetForm;
  /** Whether the stanza gets the range, too. */
  readonly write: boolean;
}

/** As many as fit beside the rest of a body of 96 bytes. */
const MAX_PORTS = 15;

/**
 * Prints the sheet to `io.out`, words about it to `io.err`; with `write`, sets the range in the stanza before.
 * @throws Trouble where the codes could open nothing; nothing is written or printed then. Errors of the operating system.
 */
export const emergency = (wishes: EmergencyWishes, io: KeysIo): void => {
  const found = findEntry(readNamed(wishes.file, io), wishes.name);
  const holder = holderOf(found);
  const { access, secret, server, port } = holder;
  if (access?.stanza.requireAddress === true) throw new Trouble(refusesCodes(wishes.name));
  if (access === undefined && wishes.write)
    throw new Trouble(`--write sets the range in a stanza, and "${printable(wishes.name)}" is a profile: leave it out`);
  const host = wishes.host ?? holder.host ?? server;
  if (!isPlainHost(host)) throw new Trouble(`${printable(host)} is no host that packets go to: name it with --host`);
  const ports = choosePorts(wishes.ports, access);
  const range = chooseRange(wishes, access?.codes);
  const openFor = seconds(Math.min(wishes.openFor, access?.stanza.maxOpenFor ?? wishes.openFor));
  const request = { openFor, reply: false, addresses: [], ports: wishes.ports, forward: undefined, command: '' };
  const codes = Array.from({ length: wishes.count }, (_, index) => {
    const number = range.first + index;
    return { number, letters: formatCode(sealCode(number, { ...request, type: 'open' }, secret, server)) };
  });
  if (wishes.write) writeRange(found, range);
  const owner = `${found.entry.kind} ${printable(wishes.name)}`;
  const effect = `opens ${ports} for ${formatDuration(openFor)}`;
  io.out(formatSheet({ server, host, port, owner, effect, made: io.now(), codes }, wishes.form));
  tell(found, wishes, range, access, io);
};

const refusesCodes = (name: string): string =>
  `[access ${printable(name)}] has require_address = yes, which refuses codes, for none names an address: ` +
  'give the codes a stanza of their own, with spa-keys generate --client NAME';

// --- what they ask for

/** The ports in words. */
const choosePorts = (asked: readonly PortSpec[], access: AccessEntry | undefined): string => {
  if (asked.length > MAX_PORTS) throw new Trouble(`a code has room for ${String(MAX_PORTS)} ports or ranges`);
  const outside = asked.find((spec) => access !== undefined && !coversPorts(access.stanza.allow, spec));
  if (outside !== undefined)
    throw new Trouble(
      `${formatPortSpec(outside)} is not among the ports that the stanza allows, so no code could open it`,
    );
  const opened = asked.length > 0 ? asked : access?.stanza.defaultPorts;
  if (opened === undefined) return 'what the server opens by default';
  if (opened.length === 0) throw new Trouble('the stanza has no default port: name the ports with --ports tcp/22');
  return opened.map(formatPortSpec).join(', ');
};

const chooseRange = ({ from, count }: EmergencyWishes, had: CodeRange | undefined): CodeRange => {
  const first = from ?? (had?.last ?? 0) + 1;
  const last = first + count - 1;
  if (last <= MAX_CODE) return { first, last };
  throw new Trouble(
    `the numbers end at ${String(MAX_CODE)}: give the client a new key with spa-keys generate, and begin at 1`,
  );
};

// --- what the server needs

const writeRange = ({ file, entry }: Found, range: CodeRange): void => {
  const text = setKey(file.content.text, entry.line, 'emergency', formatCodeRange(range));
  rewriteSecretFile(file.path, text, file.content);
};

const tell = (
  { entry }: Found,
  { name, write, from, form }: EmergencyWishes,
  range: CodeRange,
  access: AccessEntry | undefined,
  io: KeysIo,
): void => {
  const line = `emergency = ${formatCodeRange(range)}`;
  const place = `[access ${printable(name)}] of ${printable(entry.file)}`;
  if (access === undefined) {
    io.err(`next: on the server, the stanza with this key needs the line "${line}"\n`);
    if (from === undefined)
      io.err('note: a profile does not know which numbers its stanza has had; where it had some, go on with --from\n');
  } else if (write) io.err(`wrote "${line}" into ${place}\nnext: systemctl reload spad\n`);
  else io.err(`next: put "${line}" into ${place} (--write does that), then systemctl reload spad\n`);
  const had = access?.codes;
  if (had !== undefined && (had.first < range.first || had.last > range.last)) {
    const both = formatCodeRange({ first: Math.min(had.first, range.first), last: Math.max(had.last, range.last) });
    io.err(
      `note: of the codes ${formatCodeRange(had)}, those outside this range hold no more then; "emergency = ${both}" keeps them\n`,
    );
  }
  if (access?.stanza.expires !== undefined)
    io.err(`note: the stanza, and every code with it, ends on ${new Date(access.stanza.expires).toISOString()}\n`);
  if (form === 'html') io.err('note: the page holds the codes: print it, then delete it\n');
};
