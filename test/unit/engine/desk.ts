/** An engine with clients, a clock and packets, for tests. */
import type { Wanted } from '../../../src/firewall/desired.ts';
import type { Stanza } from '../../../src/access/stanza.ts';
import { PLAIN_TERMS } from '../../../src/access/terms.ts';
import { formatAddress } from '../../../src/base/address.ts';
import { formatAllowed } from '../../../src/base/allow-address.ts';
import { formatPortSpec } from '../../../src/base/port-spec.ts';
import { type Moment, seconds, steadyMs, unixMs } from '../../../src/base/units.ts';
import type { Decision, Effect } from '../../../src/engine/effect.ts';
import { Engine, type EngineParts } from '../../../src/engine/engine.ts';
import type { Input } from '../../../src/engine/input.ts';
import { NO_FWKNOP, type Policy } from '../../../src/engine/policy.ts';
import type { Opening } from '../../../src/firewall/opening.ts';
import { formatForwarding } from '../../../src/grant/forwarding.ts';
import { formatSteps } from '../../../src/knock/door.ts';
import { ReplayCache } from '../../../src/replay/cache.ts';
import { sealNative } from '../../../src/spa/native/seal.ts';
import { deriveUnsealKeys } from '../../../src/spa/native/unseal.ts';
import type { SpaRequest } from '../../../src/spa/request.ts';
import { cidr, ip, ports, requestOf, secretOf } from '../values.ts';

export const SERVER = 'gw1';
/** The wall clock at steady time 0. */
export const EPOCH = 1_767_225_600_000;

export const moment = (steady: number): Moment => ({ wall: unixMs(EPOCH + steady), steady: steadyMs(steady) });

export const stanzaOf = (name: string, fields: Partial<Stanza> = {}): Stanza => ({
  name,
  allow: ports('tcp/1-1000'),
  defaultPorts: ports('tcp/22'),
  openFor: seconds(30),
  maxOpenFor: seconds(3600),
  sources: [cidr('0.0.0.0/0'), cidr('::/0')],
  widenIpv6: false,
  requireAddress: false,
  reply: true,
  ...PLAIN_TERMS,
  forward: [],
  forwardSource: 'client',
  expires: undefined,
  ...fields,
});

/** Client number n has the secret number n. */
export const policyOf = (stanzas: readonly Stanza[], fields: Partial<Policy> = {}): Policy => ({
  clients: stanzas.map((stanza, index) => ({ stanza, keys: deriveUnsealKeys(secretOf(index), SERVER) })),
  fwknop: NO_FWKNOP,
  doors: [],
  guard: ports('tcp/22'),
  maxAge: 120_000,
  ...fields,
});

let nonces = 0;

export interface Knock {
  readonly client?: number;
  readonly source?: string;
  readonly request?: Partial<SpaRequest>;
}

/** A new packet that is sent at `now`. */
export const candidateAt = (now: Moment, { client = 0, source = '192.0.2.1', request = {} }: Knock = {}): Input => {
  nonces += 1;
  const nonce = new Uint8Array(24);
  new DataView(nonce.buffer).setUint32(0, nonces);
  const datagram = sealNative(requestOf({ time: now.wall, ...request }), secretOf(client), SERVER, nonce);
  return { kind: 'candidate', candidate: { client, source: ip(source), captured: now.wall, datagram } };
};

export const engineOf = (
  policy: Policy = policyOf([stanzaOf('alice'), stanzaOf('bob')]),
  maxGrants = 100,
  parts: Partial<EngineParts> = {},
): Engine => {
  let ids = 0;
  const newGrantId = (): string => {
    ids += 1;
    return `g${String(ids)}`;
  };
  return new Engine({ policy, cache: new ReplayCache(1000, unixMs(0)), maxGrants, newGrantId, ...parts });
};

export const showOpening = (opening: Opening): string =>
  `${opening.cuts === true ? 'cut ' : ''}${formatAllowed(opening.address)} ${formatPortSpec(opening)}${showTarget(opening)} until ${String(opening.ends)}`;

const showTarget = ({ forwarding }: Opening): string =>
  forwarding === undefined ? '' : ` to ${formatForwarding(forwarding)}`;

const showEffect = (effect: Effect): string => {
  switch (effect.kind) {
    case 'remember':
      return 'remember';
    case 'use-code':
      return `use code ${String(effect.record.first)}`;
    case 'use-sequence':
      return `use ${formatSteps(effect.steps)} of ${effect.file}`;
    case 'run-command':
      return `run ${effect.door.name} for ${effect.source}`;
    case 'change-firewall':
      return [
        ...effect.change.close.map((opening) => `close ${showOpening(opening)}`),
        ...effect.change.open.map((opening) => `open ${showOpening(opening)}`),
      ].join(', ');
    case 'synchronize-firewall':
      return showWanted(effect.wanted);
    case 'adopt-connections':
      return `adopt ${effect.ports.map(formatPortSpec).join(',')}`;
    case 'reply':
      return `reply ${effect.outcome.status} to ${formatAddress(effect.to)}`;
    case 'flush-firewall':
    case 'note-connections':
    case 'give-up':
      return effect.kind;
    case 'answer':
      return `answer ${effect.id}: ${effect.refusal ?? effect.grants?.map(({ id }) => id).join(' ') ?? 'confirmed'}`;
    case 'record-grants':
      return `record ${effect.events.map((event) => (event.kind === 'open' ? `+${event.grant.id}` : `${event.kind === 'cut' ? '/' : '-'}${event.id}`)).join(' ')}`;
    case 'journal-closes':
      return `journal ${effect.closes.map(({ run, due }) => `${run.argv.join(' ')} at ${String(due - EPOCH)}`).join(', ')}`;
    case 'run-program':
      return `start ${effect.run.argv.join(' ')}`;
    case 'ask':
      return `ask ${effect.question.kind === 'unseal-gpg' ? 'gpg' : effect.question.host}`;
    case 'ask-connections':
      return `ask whether ${effect.grants.map(({ id }) => id).join(' ')} are used`;
    case 'audit':
      return ['audit', effect.line.event, effect.line.stanza, effect.line.reason]
        .filter((word) => word !== undefined)
        .join(' ');
  }
};

/**
 * Decisions as lines, in the order in which they are to be done. What goes before every synchronization, the adoption of
 * established connections, is left out ({@link showAll} has it).
 */
export const show = (decisions: readonly Decision[]): string[] =>
  showAll(decisions).filter((line) => !line.startsWith('adopt '));

export const showAll = (decisions: readonly Decision[]): string[] => decisions.flat().map(showEffect);

const showWanted = ({ guard, guardEnds, forwards, cuts, openings }: Wanted): string =>
  `synchronize ${guard.map(formatPortSpec).join(',')}${guardEnds === undefined ? '' : ` until ${String(guardEnds)}`}${forwards ? ' and NAT' : ''}${cuts ? ' and cuts' : ''}: ${openings.map(showOpening).join(', ')}`;
