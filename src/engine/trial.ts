/**
 * The guard on trial: it ends by itself at its time, in the firewall, unless somebody confirms through a connection that
 * must have come through it. So whoever locks himself out need only wait.
 */
import { coversPorts, formatPortSpec, type PortSpec } from '../base/port-spec.ts';
import { type Port, type SteadyMs, steadyMs } from '../base/units.ts';
import { type Connection, connectionKey, isLoopback, reversed, type SocketTable } from '../control/connection.ts';
import type { Proof } from '../control/request.ts';

/** What the host shows when somebody confirms. */
export interface TrialFacts {
  /** The connections that were there when the guard last went up, as `connectionKey` writes them; undefined: not known. */
  readonly older: ReadonlySet<string> | undefined;
  readonly sockets: SocketTable;
}

/** The guard could not be taken out of the firewall: it is tried again after this long. */
const AGAIN_MS = 5000;

type State =
  | { readonly kind: 'none' }
  | { readonly kind: 'running' | 'confirmed'; readonly ends: SteadyMs }
  /** `next`: when the guard is to be taken out once more. */
  | { readonly kind: 'over'; readonly next: SteadyMs | undefined };

export class Trial {
  #state: State = { kind: 'none' };

  /** From now on the guard ends at `ends`. */
  begin(ends: SteadyMs): void {
    this.#state = { kind: 'running', ends };
  }

  /** When the guard ends; undefined where it is not on trial. */
  get ends(): SteadyMs | undefined {
    return this.#state.kind === 'running' ? this.#state.ends : undefined;
  }

  /** The ports that are to be guarded: those of the policy, and none once the trial was lost. */
  guard(ports: readonly PortSpec[]): readonly PortSpec[] {
    return this.#state.kind === 'over' ? [] : ports;
  }

  /** Confirms, or gives the sentence by which it is refused. */
  confirm(proof: Proof, facts: TrialFacts, guard: readonly PortSpec[], now: SteadyMs): string | undefined {
    const state = this.#state;
    if (state.kind === 'none') return 'the guard is not on trial: there is nothing to confirm';
    if (state.kind === 'confirmed') return 'the guard has been confirmed already';
    if (state.kind === 'over' || now >= state.ends) return 'the time is over: the guard is taken back';
    const refusal = proof.kind === 'console' ? undefined : refusalOf(proof, facts, guard);
    if (refusal === undefined) this.#state = { kind: 'confirmed', ends: state.ends };
    return refusal;
  }

  /** The firewall did not take what was confirmed: the trial goes on. */
  takeBack(): void {
    if (this.#state.kind === 'confirmed') this.#state = { kind: 'running', ends: this.#state.ends };
  }

  /** True when the time has come and nobody has confirmed; and at the next try after {@link Trial.again}. */
  lose(now: SteadyMs): boolean {
    const state = this.#state;
    const due = state.kind === 'running' ? state.ends : state.kind === 'over' ? state.next : undefined;
    if (due === undefined || now < due) return false;
    this.#state = { kind: 'over', next: undefined };
    return true;
  }

  /** The guard could not be taken out of the firewall. */
  again(now: SteadyMs): void {
    this.#state = { kind: 'over', next: steadyMs(now + AGAIN_MS) };
  }
}

const CONSOLE = 'or, at the console of this machine, spad confirm --console';

const refusalOf = (
  { connection, ways }: Extract<Proof, { kind: 'connection' }>,
  { older, sockets }: TrialFacts,
  guard: readonly PortSpec[],
): string | undefined => {
  const key = connectionKey(connection);
  const here = new Set(sockets.established.map(connectionKey));
  if (!here.has(key))
    return 'the connection that this session came through is not one of this host: log in anew, run spad confirm there, and not inside a container';
  if (here.has(connectionKey(reversed(connection))) || isLoopback(connection.client))
    return 'this session comes from this very host, and the guard lets those pass: log in from another host and run spad confirm there';
  if (older === undefined)
    return `it is not known which connections are older than the guard: start spad anew, ${CONSOLE}`;
  if (older.has(key))
    return 'this connection is older than the guard: open a new one (ssh again) and run spad confirm there';
  return refusalOfPort(connection, waysOr(ways, sockets), guard);
};

/** A port that is not guarded proves nothing about those that are, where these lead here, too. */
const refusalOfPort = (
  { serverPort }: Connection,
  ways: readonly Port[],
  guard: readonly PortSpec[],
): string | undefined => {
  const isGuarded = (port: Port): boolean => coversPorts(guard, { protocol: 'tcp', first: port, last: port });
  if (isGuarded(serverPort)) return undefined;
  const shown = (port: Port): string => formatPortSpec({ protocol: 'tcp', first: port, last: port });
  const closed = [...new Set(ways.filter(isGuarded))].map(shown);
  return closed.length === 0
    ? undefined
    : `this connection came to ${shown(serverPort)}, which is not guarded, and proves nothing about ${closed.join(', ')}: log in through that, ${CONSOLE}`;
};

/** Where it cannot be told what let the connection in, whatever listens may lead here. */
const waysOr = (ways: readonly Port[], { listening }: SocketTable): readonly Port[] =>
  ways.length > 0 ? ways : listening.filter(({ address }) => !isLoopback(address)).map(({ port }) => port);
