/** Every decoder of the core: what it reads, how it is called, and what may come out. */
import {
  type Cidr,
  formatAddress,
  formatCidr,
  type IpAddress,
  parseAddress,
  parseCidr,
} from '../../src/base/address.ts';
import { formatPortSpec, parsePortSpec } from '../../src/base/port-spec.ts';
import { formatDuration, parseDuration, steadyMs } from '../../src/base/units.ts';
import { decodeBase64, decodeHex, decodeUtf8, encodeBase64, encodeHex } from '../../src/bytes/encoding.ts';
import { parseIni } from '../../src/config/ini-file.ts';
import { formatIssue, type Issue } from '../../src/config/issue.ts';
import { parseProfiles } from '../../src/config/profile.ts';
import { parseSpadConf } from '../../src/config/spad-conf.ts';
import { HandoffReader } from '../../src/engine/handoff.ts';
import { decodeSettings } from '../../src/engine/receiver-settings.ts';
import { FRAME_FAULTS, type LinkType } from '../../src/frame/link.ts';
import { decodeFrame } from '../../src/frame/packet.ts';
import { PacketView } from '../../src/frame/packet-view.ts';
import { decodeGrantLog } from '../../src/grant/record.ts';
import { decodeJournal } from '../../src/replay/journal.ts';
import { encodeSlot, RECORD_LENGTH, SLOT_LENGTH } from '../../src/replay/slot-file.ts';
import { encodeBody } from '../../src/spa/native/body.ts';
import { decodeBody } from '../../src/spa/native/decode.ts';
import { NativeGate } from '../../src/spa/native/gate.ts';
import { deriveNativeKey } from '../../src/spa/native/keys.ts';
import { deriveUnsealKeys, unsealNative } from '../../src/spa/native/unseal.ts';
import { GATE_REJECTIONS, UNSEAL_REJECTIONS } from '../../src/spa/rejection.ts';
import { LINK_TYPES } from '../unit/frame/frames.ts';
import { captureTargets } from './capture-targets.ts';
import { codeTargets } from './code-targets.ts';
import { controlTargets } from './control-targets.ts';
import { followTargets } from './follow-targets.ts';
import { fwknopConfTargets } from './fwknop-conf-targets.ts';
import { fwknopStateTargets } from './fwknop-state-targets.ts';
import { fwknopTargets } from './fwknop-targets.ts';
import { hostTargets } from './host-targets.ts';
import { inviteTargets } from './invite-targets.ts';
import { knockTargets } from './knock-targets.ts';
import { replyTargets } from './reply-targets.ts';
import { stunTargets } from './stun-targets.ts';
import { textTargets } from './text-targets.ts';
import {
  bodySeeds,
  confSeeds,
  frameSeeds,
  grantLogSeeds,
  handoffSeeds,
  settingsSeeds,
  journalSeeds,
  NOW,
  nativeSeeds,
  nativeVectors,
  wordSeeds,
} from './seeds.ts';
import { gateKeysOf } from '../support/gate-keys.ts';

/** Reads bytes; throws, or complains by the sentence it returns, where the decoder breaks its promise. */
export interface Target {
  readonly name: string;
  readonly seeds: readonly Uint8Array[];
  readonly run: (input: Uint8Array) => string | undefined;
}

type Check = Target['run'];

const textOf = (input: Uint8Array): string => Buffer.from(input).toString('utf8');

const among = (tag: string | undefined, list: readonly string[]): string | undefined =>
  tag === undefined || list.includes(tag) ? undefined : `"${tag}" is not in the closed list`;

const view = new PacketView();
const roomy = new PacketView();
/** What earlier frames may have left in the buffer. */
const BEHIND = new Uint8Array(64).fill(0x45);

const frame =
  (link: LinkType): Check =>
  (input) => {
    const fault = decodeFrame(link, input, view);
    if (decodeFrame(link, Uint8Array.of(...input, ...BEHIND), roomy, input.length) !== fault)
      return 'read behind its end';
    if (fault !== undefined) return among(fault, FRAME_FAULTS);
    const { payloadStart: start, payloadEnd: end } = view;
    if (start > end || end > input.length) return `payload from ${String(start)} to ${String(end)}`;
    if (view.source().bytes.length + view.destination().bytes.length > 32) return 'an address is too long';
    return view.protocol === 6 || view.protocol === 17 ? undefined : `protocol ${String(view.protocol)}`;
  };

const clients = nativeVectors.map(({ secret, server }) => ({
  keys: deriveUnsealKeys(secret, server),
  hint: deriveNativeKey(secret, server, 'hint'),
  mac: deriveNativeKey(secret, server, 'mac'),
}));
const gate = new NativeGate(gateKeysOf(clients.slice(0, 8)), 120_000);
gate.advance(NOW);

const checkGate: Check = (input) => {
  const verdict = gate.check(input, NOW);
  if (typeof verdict === 'string') return among(verdict, GATE_REJECTIONS);
  return verdict >= 0 && verdict < clients.length ? undefined : `client ${String(verdict)}`;
};

const unseal: Check = (input) => {
  for (const { keys } of clients.slice(0, 2)) {
    const result = unsealNative(input, keys);
    if (!result.ok) {
      const complaint = among(result.error, [...GATE_REJECTIONS, ...UNSEAL_REJECTIONS]);
      if (complaint !== undefined) return complaint;
    } else if (result.value.digest.length !== 16) return 'a digest that is not 16 bytes';
  }
  return undefined;
};

const body: Check = (input) => {
  const result = decodeBody(input);
  if (!result.ok) return among(result.error, UNSEAL_REJECTIONS);
  return encodeHex(encodeBody(result.value)) === encodeHex(input) ? undefined : 'it has a second encoding';
};

const journal: Check = (input) => {
  const { records, damage } = decodeJournal(input);
  if (records.length > input.length / 32) return 'more records than bytes';
  return damage === undefined && input.length % 32 !== 0 ? 'a torn file that is called whole' : undefined;
};

/** Records under checks that hold: what damage alone would seldom let through. */
const journalRecords: Check = (input) => {
  const count = input.length >> 4;
  const [head] = journalSeeds;
  if (head === undefined) return undefined;
  const slots = Array.from({ length: count }, (_, slot) => {
    const record = new Uint8Array(RECORD_LENGTH);
    record.set(input.subarray(16 * slot, 16 * slot + 16), RECORD_LENGTH - 16);
    return encodeSlot(record, slot);
  });
  return journal(Uint8Array.from(Buffer.concat([head.subarray(0, SLOT_LENGTH), ...slots])));
};

const handoff: Check = (input) => {
  const whole = new HandoffReader();
  const pieces = new HandoffReader();
  const messages = whole.push(input);
  const cut = input.length >> 1;
  const again = [...pieces.push(input.subarray(0, cut)), ...pieces.push(input.subarray(cut))];
  if (whole.breached !== pieces.breached) return 'a breach that depends on where the stream is cut';
  return messages.length === again.length ? undefined : 'messages that depend on where the stream is cut';
};

/** The authorizer writes this itself; a text that is no JSON at all is the one thing that may throw. */
const settings: Check = (input) => {
  const value = readSettings(input);
  if (value === undefined || value.capture === 'knock') return undefined;
  const { bytes, withCodes } = value.clients;
  if (bytes.length % 64 !== 0) return 'a short key';
  return withCodes.every((client) => client >= 0 && client < bytes.length / 64) ? undefined : 'codes of nobody';
};

const readSettings = (input: Uint8Array): ReturnType<typeof decodeSettings> => {
  try {
    return decodeSettings(input);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
};

const grantLog: Check = (input) => {
  const { grants, unreadable } = decodeGrantLog(textOf(input), { wall: NOW, steady: steadyMs(0), boot: 'b' });
  if (!grants.every((grant) => grant.ports.length > 0 && Number.isFinite(grant.ends)))
    return 'a grant of nothing, or without an end';
  return unreadable >= 0 ? undefined : 'a count below zero';
};

const badIssue = (issues: readonly Issue[]): string | undefined => {
  const bad = issues.find((issue) => /[\p{Cc}\p{Cf}]/u.test(formatIssue(issue)) || issue.line < 0 || issue.hint === '');
  return bad === undefined ? undefined : `issue ${JSON.stringify(bad)}`;
};

const ini: Check = (input) => badIssue(parseIni(textOf(input), 'f').issues);

const spadConf: Check = (input) => {
  const { conf, issues } = parseSpadConf(textOf(input), 'f');
  const errors = issues.some((issue) => issue.severity === 'error');
  return (conf === undefined) === errors ? badIssue(issues) : 'neither a value nor an error, or both';
};

const profiles: Check = (input) => badIssue(parseProfiles(textOf(input), 'f').issues);

/** A text form: what is read must be written as a text that reads the same. */
const text =
  <T>(parse: (text: string) => T | undefined, format: (value: T) => string): Check =>
  (input) => {
    const value = parse(textOf(input));
    if (value === undefined) return undefined;
    const again = parse(format(value));
    return again !== undefined && format(again) === format(value)
      ? undefined
      : `${format(value)} reads as another value`;
  };

const texts: readonly (readonly [string, Check])[] = [
  ['address', text<IpAddress>(parseAddress, formatAddress)],
  ['cidr', text<Cidr>(parseCidr, formatCidr)],
  ['port-spec', text(parsePortSpec, formatPortSpec)],
  ['duration', text(parseDuration, formatDuration)],
  ['base64', text(decodeBase64, encodeBase64)],
  ['hex', text(decodeHex, encodeHex)],
];

export const targets: readonly Target[] = [
  ...LINK_TYPES.map((link) => ({ name: `frame-${link}`, seeds: frameSeeds(link), run: frame(link) })),
  { name: 'gate', seeds: nativeSeeds, run: checkGate },
  { name: 'unseal', seeds: nativeSeeds, run: unseal },
  { name: 'body', seeds: bodySeeds, run: body },
  { name: 'journal', seeds: journalSeeds, run: journal },
  { name: 'journal-records', seeds: [new Uint8Array(16), new Uint8Array(129).fill(1)], run: journalRecords },
  { name: 'handoff', seeds: handoffSeeds, run: handoff },
  { name: 'receiver-settings', seeds: settingsSeeds, run: settings },
  { name: 'grant-log', seeds: grantLogSeeds, run: grantLog },
  { name: 'ini', seeds: confSeeds, run: ini },
  { name: 'spad-conf', seeds: confSeeds, run: spadConf },
  { name: 'profiles', seeds: confSeeds, run: profiles },
  { name: 'utf8', seeds: wordSeeds, run: (input) => (decodeUtf8(input) === undefined ? undefined : textAgrees(input)) },
  ...captureTargets,
  ...codeTargets,
  ...inviteTargets,
  ...controlTargets,
  ...followTargets,
  ...knockTargets,
  ...replyTargets,
  ...stunTargets,
  ...textTargets,
  ...hostTargets,
  ...fwknopConfTargets,
  ...fwknopTargets,
  ...fwknopStateTargets,
  ...texts.map(([name, run]) => ({ name, seeds: wordSeeds, run })),
];

const textAgrees = (input: Uint8Array): string | undefined =>
  Buffer.from(decodeUtf8(input) ?? '', 'utf8').equals(input) ? undefined : 'it has a second encoding';
