/** `[access NAME]` of spad.conf for clients of our own (docs/configuration.md). */
import type { Stanza } from '../access/stanza.ts';
import { formatAddress, parseCidr } from '../base/address.ts';
import { coversPorts, formatPortSpec } from '../base/port-spec.ts';
import { MAX_OPEN_FOR, seconds, type UnixMs } from '../base/units.ts';
import type { Secret } from '../crypto/secret.ts';
import type { CodeRange } from '../spa/native/code.ts';
import { maybe, maybeSecret, oneOf, optional, readSection, required, type ValuesOf, yesNo } from './directive.ts';
import type { IniSection } from './ini-file.ts';
import type { Issue } from './issue.ts';
import { termsDirectives } from './terms.ts';
import {
  absolutePath,
  cidrs,
  codeRange,
  duration,
  expiry,
  forwardRules,
  forwardSource,
  ports,
  secret,
} from './values.ts';

export const ANYWHERE = ['0.0.0.0/0', '::/0'].map(parseCidr).filter((cidr) => cidr !== undefined);

export const FORMATS = ['native', 'fwknop', 'both'] as const;

/** For whichever format. */
export const ENABLED = optional(yesNo, true, 'no: this stanza is revoked, and kept for the record (docs/enrolling.md)');

export const accessDirectives = {
  format: optional(
    oneOf(...FORMATS),
    'native',
    "whose packets are read: our own, fwknop's, or both; for fwknop's there are other keys, see below",
  ),
  key: maybeSecret(secret, "the client's secret, base64 of 32 bytes"),
  key_file: maybe(absolutePath, 'a file that holds the secret alone, mode 0600'),
  old_key: maybeSecret(
    secret,
    'the secret before this one, while a client goes over to the new one (docs/rotation.md)',
  ),
  old_key_file: maybe(absolutePath, 'a file that holds the old secret alone, mode 0600'),
  old_key_until: maybe(expiry, 'the last day, or the instant, up to which the old key holds beside the new one'),
  allow: required(ports, 'allow = tcp/22: the ports this client may ask for'),
  default: optional(ports, [], 'what opens when the client names no port'),
  open_for: optional(duration(1, MAX_OPEN_FOR), seconds(30), 'how long a grant lasts when the client does not say'),
  max_open_for: optional(duration(1, MAX_OPEN_FOR), seconds(3600), 'the longest grant; a longer wish is cut to it'),
  source: optional(cidrs, ANYWHERE, 'where packets may come from and which addresses may be opened'),
  widen_ipv6: optional(
    oneOf('no', '64'),
    'no',
    '64: an IPv6 address opens for its whole /64, so that a host may change its privacy address (docs/addresses.md)',
  ),
  require_address: optional(yesNo, false, "yes: only an address sealed in the packet opens, never the packet's source"),
  reply: optional(
    yesNo,
    true,
    'yes: a client that asks is told what its packet has come to, in a sealed datagram; no: nothing is ever sent to it',
  ),
  forward: optional(
    forwardRules,
    [],
    'inner hosts and ports that this client may have a port forwarded to: 10.0.0.0/24:22, [fd00::/64]:22, local:8022 (docs/forwarding.md)',
  ),
  forward_source: optional(
    forwardSource,
    'client',
    "what inner hosts see as the source: client (its own address), masquerade (this host's on the way there) or an address of this host",
  ),
  ...termsDirectives,
  expires: maybe(expiry, 'the last day on which this stanza holds'),
  enabled: ENABLED,
  emergency: maybe(
    codeRange,
    'the numbers of the emergency codes that hold, such as 1-8; each opens once, whatever the time is (docs/emergency.md)',
  ),
} as const;

/** A secret, or the file that holds it. */
export type KeyPlace = { readonly secret: Secret } | { readonly file: string };

/** A key that holds beside the one that has followed it. */
export interface OldKey {
  readonly key: KeyPlace;
  /** The first instant at which it no longer holds. */
  readonly until: UnixMs;
}

/** One client: its stanza and its key. */
export interface AccessEntry {
  readonly stanza: Stanza;
  readonly key: KeyPlace;
  readonly old: OldKey | undefined;
  /** The emergency codes that hold. */
  readonly codes: CodeRange | undefined;
  /** Where the stanza begins, for what is found wrong later. */
  readonly line: number;
}

/** The stanza of a section; none where it is not enabled, or something is wrong, which is told. */
export const readNative = (name: string, section: IniSection, file: string, issues: Issue[]): AccessEntry[] => {
  const complain = (problem: string, hint: string): [] => {
    issues.push({ severity: 'error', file, line: section.line, problem, hint });
    return [];
  };
  const values = readSection(accessDirectives, section, file, issues);
  if (values === undefined) return [];
  if ((values.key === undefined) === (values.key_file === undefined)) {
    return complain(`[${section.name}] needs either "key" or "key_file"`, 'make one with `spa-keys generate`');
  }
  const old = readOldKey(values);
  if (typeof old === 'string') return complain(`[${section.name}] ${old}`, 'see docs/rotation.md');
  const { allow, default: defaultPorts, open_for: openFor, max_open_for: maxOpenFor } = values;
  if (allow.length === 0) return complain(`[${section.name}] allows no port`, 'allow = tcp/22');
  const outside = defaultPorts.find((spec) => !coversPorts(allow, spec));
  if (outside !== undefined)
    return complain(
      `[${section.name}] has the default ${formatPortSpec(outside)}`,
      'a default port must be among "allow"',
    );
  if (openFor > maxOpenFor)
    return complain(`[${section.name}] has open_for above max_open_for`, 'raise max_open_for or lower open_for');
  const { forward, forward_source: source } = values;
  if (typeof source !== 'string' && forward.some(({ to }) => to && to.address.family !== source.family))
    return complain(
      `[${section.name}] forwards to hosts that are not of the family of forward_source = ${formatAddress(source)}`,
      'an address stands for hosts of its own family alone; masquerade does for both',
    );
  if (values.widen_ipv6 !== 'no' && values.drop_on_expiry)
    return complain(
      `[${section.name}] has widen_ipv6 = 64 and drop_on_expiry = yes`,
      'connections of single hosts alone can be cut: set one of them to no',
    );
  const stanza = stanzaOf(name, values);
  const key = values.key === undefined ? { file: values.key_file ?? '' } : { secret: values.key };
  if (!values.enabled) return [];
  if (values.emergency !== undefined && values.require_address) {
    const problem = `[${section.name}] has emergency codes and require_address = yes, which refuses them: no code names an address`;
    issues.push({
      severity: 'warning',
      file,
      line: section.line,
      problem,
      hint: 'give the codes a stanza of their own',
    });
  }
  return [{ stanza, key, old, codes: values.emergency, line: section.line }];
};

/** The old key, none, or what is wrong about it. */
const readOldKey = (values: ValuesOf<typeof accessDirectives>): OldKey | undefined | string => {
  const { old_key: secret, old_key_file: file, old_key_until: until } = values;
  if (secret === undefined && file === undefined)
    return until === undefined ? undefined : 'has "old_key_until" and neither "old_key" nor "old_key_file"';
  if (secret !== undefined && file !== undefined) return 'has both "old_key" and "old_key_file"';
  if (until === undefined) return 'has an old key without "old_key_until", which says when it ends';
  return { key: secret === undefined ? { file: file ?? '' } : { secret }, until };
};

/** Written out: each object that is put together of others has a shape of its own, which takes more than what it holds. */
const stanzaOf = (name: string, values: ValuesOf<typeof accessDirectives>): Stanza => ({
  name,
  allow: values.allow,
  defaultPorts: values.default,
  openFor: values.open_for,
  maxOpenFor: values.max_open_for,
  forward: values.forward,
  forwardSource: values.forward_source,
  sources: values.source,
  widenIpv6: values.widen_ipv6 !== 'no',
  requireAddress: values.require_address,
  reply: values.reply,
  expires: values.expires,
  whileConnected: values.while_connected,
  dropOnExpiry: values.drop_on_expiry,
});
