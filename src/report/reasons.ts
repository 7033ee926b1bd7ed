/** What the words of the audit log mean (docs/audit-log.md). */
import { FWKNOP_GATE_REJECTIONS, GATE_REJECTIONS, type Rejection } from '../spa/rejection.ts';

/** Packets that no key matches: counted, never written line by line. */
export const NOT_LOGGED: readonly string[] = [
  ...new Set(['sieved', ...GATE_REJECTIONS, ...FWKNOP_GATE_REJECTIONS, 'bad-request', 'over-budget']),
];

const MALFORMED = 'the right MAC, and not what a client writes';

type Reason = Rejection | 'sieved' | 'bad-request' | 'over-budget' | 'rate-limited';

const MEANINGS: Readonly<Record<Reason, string>> = {
  ...{ 'bad-version': MALFORMED, 'unknown-type': MALFORMED, 'bad-time': MALFORMED, 'unknown-flags': MALFORMED },
  ...{ 'bad-address': MALFORMED, 'bad-ports': MALFORMED, 'bad-forward': MALFORMED, 'bad-command': MALFORMED },
  ...{ 'truncated-body': MALFORMED, 'nonzero-padding': MALFORMED, 'oversized-body': MALFORMED },
  ...{ 'bad-encoding': MALFORMED, 'bad-digest': MALFORMED, 'bad-fields': MALFORMED, 'bad-user': MALFORMED },
  ...{ 'bad-message': MALFORMED, 'bad-timeout': MALFORMED },
  sieved: 'no hint of now, or no right length; dropped in the kernel',
  'wrong-size': 'no packet has that length',
  'unknown-hint': 'of no client at this time: wrong key, server name or clock, or junk',
  'bad-mac': 'the hint of a client, and not its MAC: altered, or junk',
  'refused-prefix': 'begins as no text of fwknop’s does',
  'bad-alphabet': 'letters that no text of fwknop’s has',
  'bad-request': 'an HTTP request that holds no packet',
  'no-key-matched': 'a text that no key opens',
  'over-budget': 'more texts than are looked into',
  'unsealing-failed': 'the right MAC, and the seal does not open',
  'key-ended': 'the stanza’s old key, which had just ended',
  stale: 'too old: a clock behind, or a packet held back',
  future: 'from the future: a clock ahead',
  replayed: 'was let in before',
  'below-floor': 'older than what the replay cache still knows',
  'stanza-expired': 'the stanza’s time is over',
  'source-not-allowed': 'the stanza does not allow that source',
  'address-required': 'the stanza wants a sealed address',
  'address-not-allowed': 'the stanza does not allow that address',
  'no-port-named': 'neither the packet nor the stanza names a port',
  'port-not-allowed': 'the stanza does not allow that port',
  'port-restricted': 'RESTRICT_PORTS names that port',
  'forward-not-allowed': 'the stanza does not allow that forwarding',
  'forward-of-range': 'a range of ports cannot be forwarded to one port',
  'forward-family': 'the address cannot be forwarded to a host of the other family',
  'nat-not-allowed': 'the stanza does not allow that kind of NAT',
  'nat-target-not-allowed': 'the stanza does not allow NAT to that host',
  'nat-target-unknown': 'nobody knows the name of the host to be forwarded to',
  'destination-not-allowed': 'the stanza does not allow that destination',
  'username-mismatch': 'another user than the stanza wants',
  'nothing-to-close': 'nothing of that is open',
  'command-not-allowed': 'the stanza runs no commands',
  'too-many-grants': 'no room for another grant',
  'rate-limited': 'more opens than the door’s rate',
  'code-used': 'that emergency code was used',
  'code-unknown': 'no emergency code of the stanza’s',
  unsigned: 'the signature is missing',
  'bad-signature': 'the signature is wrong',
  'signer-not-allowed': 'signed by a key that the stanza does not name',
  'gpg-failed': 'gpg could not be run or took too long',
};

/** A few words; empty for a reason that is not known here. */
export const meaningOf = (reason: string): string => (isKnown(reason) ? MEANINGS[reason] : '');

const isKnown = (reason: string): reason is Reason => Object.hasOwn(MEANINGS, reason);
