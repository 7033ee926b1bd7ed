/** What the daemon answers on `control.sock`: one line of JSON, `{"ok":…}` with what was asked for, or `{"error":"a sentence"}`. */
import { err, ok, type Result } from '../base/result.ts';
import { formatAllowed } from '../base/allow-address.ts';
import { formatPortSpec } from '../base/port-spec.ts';
import { type Moment, type SteadyMs, type UnixMs, unixMs } from '../base/units.ts';
import { formatForwarding } from '../grant/forwarding.ts';
import type { Grant } from '../grant/grant.ts';
import { parseFields } from './request.ts';
import { type Guard, isNumber, isText, listOf, objectOf, optional, recordOf } from './shape.ts';

/** What a look at the firewall came to. */
export type FirewallState =
  | { readonly kind: 'agrees' }
  /** It did not show what it ought to, and does now. */
  | { readonly kind: 'repaired' }
  /** It cannot be looked at or set right. */
  | { readonly kind: 'fault'; readonly detail: string };

/** A live grant, for people and programs. */
export interface ShownGrant {
  readonly id: string;
  readonly stanza: string;
  readonly address: string;
  /** As `tcp/22`. */
  readonly ports: readonly string[];
  /** As `10.0.0.5:22`; absent where it does not forward. */
  readonly forward?: string;
  /** When it ends, ISO 8601 in UTC. */
  readonly until: string;
  /** What is left of it, in milliseconds. */
  readonly left: number;
}

export interface GrantList {
  /** What the firewall is and how it is spoken to. */
  readonly via: string;
  readonly firewall: FirewallState;
  /** When the guard ends unless it is confirmed; absent where it is not on trial. */
  readonly trialUntil?: string;
  readonly grants: readonly ShownGrant[];
}

/** The time of an instant of the steady clock. */
export const isoAt = (instant: SteadyMs, now: Moment): string => isoTime(unixMs(now.wall + (instant - now.steady)));

export const isoTime = (time: UnixMs): string => new Date(Math.round(time)).toISOString();

/** The grants that have not ended at `now`, the soonest to end first. */
export const showGrants = (grants: readonly Grant[], now: Moment): readonly ShownGrant[] =>
  grants
    .filter(({ ends }) => ends > now.steady)
    .sort((a, b) => a.ends - b.ends)
    .map(({ id, stanza, address, ports, forwarding, ends }) => ({
      ...{ id, stanza, address: formatAllowed(address), ports: ports.map(formatPortSpec) },
      ...(forwarding === undefined ? {} : { forward: formatForwarding(forwarding) }),
      ...{ until: isoAt(ends, now), left: Math.ceil(ends - now.steady) },
    }));

/** One line without its newline: an answer, or the sentence by which it was refused. */
export const encodeResponse = (response: Result<object, string>): string =>
  JSON.stringify(response.ok ? { ok: response.value } : { error: response.error });

/** The answer, as the daemon that this program belongs to writes it; or the sentence that it was refused by. */
export const decodeResponse = (line: string): Result<unknown, string> => {
  const fields = parseFields(line);
  if (fields === undefined) return err('spad has not answered in its own words: it may be of another version');
  if (typeof fields['error'] === 'string') return err(fields['error']);
  return Object.hasOwn(fields, 'ok') ? ok(fields['ok']) : err('spad has answered neither yes nor no');
};

export const isFirewallState: Guard<FirewallState> = (value): value is FirewallState =>
  objectOf<{ kind: string; detail?: string }>({ kind: isText, detail: optional(isText) })(value) &&
  (value.kind === 'agrees' || value.kind === 'repaired' || (value.kind === 'fault' && value.detail !== undefined));

/** Whether a value is a grant as it is shown. */
export const isShownGrant: Guard<ShownGrant> = objectOf<ShownGrant>({
  ...{ id: isText, stanza: isText, address: isText, ports: listOf(isText) },
  ...{ forward: optional(isText), until: isText, left: isNumber },
});

const isGrantList: Guard<GrantList> = objectOf<GrantList>({
  ...{ via: isText, firewall: isFirewallState, trialUntil: optional(isText), grants: listOf(isShownGrant) },
});

/** The list of grants in an answer; undefined where it is none. */
export const readGrantList = (value: unknown): GrantList | undefined => (isGrantList(value) ? value : undefined);

const isRecord = recordOf((one): one is unknown => one !== null);

/** The grants that an answer lists under this name; undefined where it does not. */
export const readGrants = (value: unknown, name: 'revoked' | 'opened'): readonly ShownGrant[] | undefined => {
  const grants = isRecord(value) ? value[name] : undefined;
  return listOf(isShownGrant)(grants) ? grants : undefined;
};
