/** Short texts that people write, and longer ones that others do: logs, requests, answers. */
import { formatAllowed, parseAllowed } from '../../src/base/allow-address.ts';
import { formatUtc, parseInstant } from '../../src/base/instant.ts';
import { unixMs } from '../../src/base/units.ts';
import { parseForwardRule } from '../../src/access/forward-rule.ts';
import { readFilter } from '../../src/config/fwknop/pcap-filter.ts';
import { decodeResponse } from '../../src/control/response.ts';
import { readMetrics, readReloadOutcome, readStatus } from '../../src/control/status.ts';
import { readWatchAnswer } from '../../src/control/watch-answer.ts';
import { parseCommand } from '../../src/firewall/command-template.ts';
import { parseKnockdOptions } from '../../src/knock/knockd-options.ts';
import { parseSequence } from '../../src/knock/sequence.ts';
import { parseAuditLine } from '../../src/report/audit-entry.ts';
import { LineCutter } from '../../src/report/line-cutter.ts';
import { FwknopGate } from '../../src/spa/fwknop/gate.ts';
import { isHttpRequest, unwrapHttp } from '../../src/spa/fwknop/http.ts';
import { FWKNOP_GATE_REJECTIONS } from '../../src/spa/rejection.ts';
import { HTTP_REQUESTS, TEXTS } from '../unit/spa/fwknop/captured.ts';
import { ascii, cidr, ip } from '../unit/values.ts';
import { NOW } from './seeds.ts';

const textOf = (input: Uint8Array): string => Buffer.from(input).toString('utf8');
const CONTROL = /[\p{Cc}\p{Cf}]/u;

const allowed = (input: Uint8Array): string | undefined => {
  const read = parseAllowed(textOf(input));
  if (read === undefined) return undefined;
  const again = parseAllowed(formatAllowed(read));
  return again !== undefined && formatAllowed(again) === formatAllowed(read)
    ? undefined
    : 'it reads as another address';
};

const instant = (input: Uint8Array): string | undefined => {
  const time = parseInstant(textOf(input), NOW);
  if (time === undefined) return undefined;
  // What is read can be shown.
  const shown = formatUtc(time);
  return parseInstant(shown.replace(' UTC', ''), NOW) === undefined && time > 0 ? `${shown} is not read` : undefined;
};

const forwardRule = (input: Uint8Array): string | undefined => {
  const rule = parseForwardRule(textOf(input));
  return rule === undefined || (rule.first >= 1 && rule.first <= rule.last && rule.last <= 65_535)
    ? undefined
    : 'bad ports';
};

const filter = (input: Uint8Array): string | undefined => {
  const read = readFilter(textOf(input));
  if (!read.ok) return CONTROL.test(read.error) ? 'a control character in a sentence' : undefined;
  return read.value.icmp || read.value.ports.length > 0 ? undefined : 'a filter that lets in nothing';
};

const command = (input: Uint8Array): string | undefined => {
  const text = textOf(input);
  for (const shell of [true, false]) {
    const read = parseCommand(text, 'open_command', shell);
    if (!read.ok && CONTROL.test(read.error)) return 'a control character in a sentence';
  }
  return undefined;
};

const knockdOptions = (input: Uint8Array): string | undefined => {
  const { kind } = parseKnockdOptions(textOf(input).split('\n'));
  return ['usage', 'version', 'run'].includes(kind) ? undefined : `kind ${kind}`;
};

const sequence = (input: Uint8Array): string | undefined => {
  const read = parseSequence(Buffer.from(input).toString('latin1'), 'door');
  if (!read.ok) return /^config: [^\n]+$/.test(read.error) ? undefined : 'an error that is no line';
  return read.value.every(({ port }) => port >= 0 && port <= 65_535) ? undefined : 'a port that is none';
};

/** Whole, and in two pieces: the same lines, none longer than the input. */
const auditLog = (input: Uint8Array): string | undefined => {
  const text = textOf(input);
  const linesOf = (...pieces: readonly string[]): string => {
    const cutter = new LineCutter();
    return JSON.stringify([...pieces.flatMap((piece) => cutter.push(piece)), ...cutter.end()]);
  };
  const half = text.length >> 1;
  if (linesOf(text) !== linesOf(text.slice(0, half), text.slice(half))) return 'lines that depend on the cut';
  for (const entry of text.split('\n').flatMap((line) => parseAuditLine(line) ?? [])) {
    const texts = [entry.event, entry.stanza, entry.source, entry.reason, entry.detail, entry.allow, entry.ports];
    if (texts.some((one) => one !== undefined && CONTROL.test(one))) return 'a control character in an entry';
    if (formatUtc(entry.time) === '') return 'a time that cannot be shown';
  }
  return undefined;
};

const http = (input: Uint8Array): string | undefined => {
  if (!isHttpRequest(input)) return undefined;
  const read = unwrapHttp(input, { anyUserAgent: input.length % 2 === 0, forwardedFor: true });
  if (read === 'bad-request') return undefined;
  return read.text.some((byte) => [0x20, 0x09, 0x0a, 0x0d].includes(byte)) ? 'a text with white space' : undefined;
};

const ANY = [cidr('0.0.0.0/0'), cidr('::/0')];
const keys = (['md5', 'sha256', 'sha512', 'sha3_512'] as const).map((type) => ({
  hmac: { type, key: ascii('hmackey') },
  ...{ sources: ANY, rijndael: true, gpg: true },
}));
const gate = new FwknopGate({ keys, unkeyed: { rijndael: true, gpg: true, sources: ANY } }, { salt: 7 });
const REFUSALS: readonly string[] = [...FWKNOP_GATE_REJECTIONS, 'over-budget'];

/** Seconds pass, so that nobody's budget is spent. */
let checks = 0;

const fwknopGate = (input: Uint8Array): string | undefined => {
  checks += 1;
  const verdict = gate.check(input, ip('192.0.2.1'), unixMs(NOW + checks * 1000));
  if (typeof verdict === 'string')
    return REFUSALS.includes(verdict) ? undefined : `"${verdict}" is not in the closed list`;
  return verdict.key === undefined || verdict.key < keys.length ? undefined : `key ${String(verdict.key)}`;
};

const answer = (input: Uint8Array): string | undefined => {
  const read = decodeResponse(textOf(input));
  if (!read.ok) return undefined;
  const status = readStatus(read.value);
  if (status !== undefined && typeof status.uptime !== 'number') return 'a status without numbers';
  const parts = [readMetrics(read.value), readReloadOutcome(read.value), readWatchAnswer(read.value)];
  return parts.every((part) => part === undefined || typeof part === 'object') ? undefined : 'a part of another kind';
};

const STATUS = JSON.stringify({
  ok: {
    ...{
      version: '1',
      pid: 1,
      since: 's',
      uptime: 1,
      via: 'nftables',
      firewall: { kind: 'agrees' },
      guard: ['tcp/22'],
    },
    ...{ clients: 1, grants: 0, replay: { entries: 1, bytes: 2 }, clockSynchronised: true, delay: { max: 1, p99: 1 } },
    ...{ audit: [{ sink: 'file', lost: 0, waiting: 0 }], counts: { granted: { total: 1, per10s: 0, per1min: 0 } } },
  },
});
const AUDIT = [
  '{"time":"2026-11-20T14:13:28.136Z","event":"granted","stanza":"alice","source":"192.0.2.9","allow":["192.0.2.9"],"ports":["tcp/22"],"until":"2026-11-20T14:13:58.136Z"}',
  '{"time":"2026-11-20T14:13:28.136Z","event":"counted","counts":{"unknown-hint":7},"delay":{"max":1,"p99":2}}',
  '{"time":"2026-11-20T14:13:28.136Z","event":"rejected","reason":"stale","detail":"x"}',
].join('\n');

const texts = (name: string, run: (input: Uint8Array) => string | undefined, ...seeds: readonly string[]) => ({
  ...{ name, run },
  seeds: seeds.map(ascii),
});

/** In the shape of the other targets. */
export const textTargets = [
  texts('allow-address', allowed, '192.0.2.1', '2001:db8::/64', '::ffff:192.0.2.1'),
  texts('instant', instant, '2026-11-20', '2026-11-20T14:00:00.5Z', '24h', '@1795184008'),
  texts('forward-rule', forwardRule, '10.0.0.0/24:22', '[fd00::/64]:8000-8010', 'local:8022'),
  texts('pcap-filter', filter, 'udp port 62201', '(tcp dst portrange 1-2) or icmp || port 5'),
  texts(
    'command-template',
    command,
    '/usr/sbin/ipset add -exist "a b" {address} {port}',
    "/x '{address}' \\{a} {seconds}",
  ),
  texts('knockd-options', knockdOptions, '-i\neth0\n-vDd', '--config=/x\n--pid\n/y\n--', '-V', '--verb'),
  texts('knock-sequence', sequence, '7000:udp,8000,9000 : TCP', '70000', ' 1,-2,x:udp'),
  texts('audit-log', auditLog, AUDIT),
  texts('http', http, HTTP_REQUESTS.client2610, `GET /${TEXTS.sha256} HTTP/1.1\r\nX-Forwarded-For: ::1, x\r\n\r\n`),
  texts('fwknop-gate', fwknopGate, TEXTS.sha256, TEXTS.gpg_sha256, TEXTS.md5),
  texts(
    'control-answer',
    answer,
    STATUS,
    '{"ok":{"openmetrics":"# EOF"}}',
    '{"ok":{"taken":true,"problems":[],"clients":1,"added":[],"removed":[]}}',
  ),
];
