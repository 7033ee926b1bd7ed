/** Who answers what is asked on the control socket. */
import { err, ok, type Result } from '../../src/base/result.ts';
import type { Moment, SteadyMs } from '../../src/base/units.ts';
import type { ControlAnswers } from '../../src/control/answers.ts';
import { type ControlCommand, type ControlRequest, decodeRequest } from '../../src/control/request.ts';
import { type FirewallState, isoAt, type ShownGrant, showGrants } from '../../src/control/response.ts';
import type { ReloadOutcome, ShownMetrics, Status } from '../../src/control/status.ts';
import { MAX_WATCHED, soonest, type WatchAnswer } from '../../src/control/watch-answer.ts';
import type { AnswerEffect } from '../../src/engine/effect.ts';
import type { Input } from '../../src/engine/input.ts';
import type { TrialFacts } from '../../src/engine/trial.ts';
import type { Grant } from '../../src/grant/grant.ts';
import type { AuditFeed } from './audit-feed.ts';
import type { Answer } from './server.ts';

export interface DeskParts {
  readonly feed: Pick<AuditFeed, 'admit'>;
  readonly now: () => Moment;
  readonly via: string;
  /** Looks at the firewall now, and repairs it where it must be. */
  readonly look: () => Promise<FirewallState>;
  /** What the last look at the firewall has come to. */
  readonly known: () => FirewallState;
  readonly grants: () => readonly Grant[];
  /** When the guard ends; undefined where it is not on trial. */
  readonly guardEnds: () => SteadyMs | undefined;
  /** `firewall`: what the look at it has come to. */
  readonly status: (firewall: FirewallState) => Status;
  readonly metrics: (firewall: FirewallState) => ShownMetrics;
  /** What each counter has grown by in each of the last 60 seconds. */
  readonly rates: () => WatchAnswer['rates'];
  /** What the host shows to who confirms. Throws the system's error. */
  readonly trialFacts: () => TrialFacts;
  /** What the engine answers to an input of the id that it is made with. */
  readonly decide: (inputOf: (id: string) => Input) => Promise<AnswerEffect>;
  /** Reads the configuration again. `refusal`: what it says could not be made to hold. */
  readonly reload: () => Promise<{ readonly outcome: ReloadOutcome | undefined; readonly refusal: string | undefined }>;
}

/** What is answered by one line. */
type LineCommand = keyof ControlAnswers;

type RequestOf<C extends ControlCommand> = Extract<ControlRequest, { command: C }>;

type Handlers = {
  readonly [C in LineCommand]: (request: RequestOf<C>, parts: DeskParts) => Promise<Result<ControlAnswers[C], string>>;
};

const HANDLERS: Handlers = {
  grants: async (_, { now, via, look, grants, guardEnds }) => {
    const firewall = await look();
    const moment = now();
    const ends = guardEnds();
    const trial = ends === undefined ? {} : { trialUntil: isoAt(ends, moment) };
    return ok({ via, firewall, ...trial, grants: showGrants(grants(), moment) });
  },
  status: async (_, { look, status }) => ok(status(await look())),
  metrics: async (_, { look, metrics }) => ok(metrics(await look())),
  watch: (_, { now, known, grants, status, rates }) => {
    const moment = now();
    const shown = showGrants(soonest(grants(), MAX_WATCHED, moment.steady), moment);
    return Promise.resolve(ok({ status: status(known()), grants: shown, rates: rates() }));
  },
  confirm: async ({ proof }, { decide, trialFacts }) => {
    const facts = trialFacts();
    const { refusal } = await decide((id) => ({ kind: 'confirm', id, proof, facts }));
    return refusal === undefined ? ok({ confirmed: true }) : err(refusal);
  },
  revoke: async ({ choice }, parts) => {
    const shown = await decideGrants((id) => ({ kind: 'revoke', id, choice }), parts);
    return shown.ok ? ok({ revoked: shown.value }) : shown;
  },
  open: async ({ stanza, address, ports, openFor }, parts) => {
    const shown = await decideGrants((id) => ({ kind: 'open-by-hand', id, stanza, address, ports, openFor }), parts);
    return shown.ok ? ok({ opened: shown.value }) : shown;
  },
  reload: async (_, { reload }) => {
    const { outcome, refusal } = await reload();
    return refusal !== undefined || outcome === undefined ? err(refusal ?? 'spad is about to end') : ok(outcome);
  },
};

const decideGrants = async (
  inputOf: (id: string) => Input,
  { decide, now }: DeskParts,
): Promise<Result<readonly ShownGrant[], string>> => {
  const { refusal, grants = [] } = await decide(inputOf);
  return refusal === undefined ? ok(showGrants(grants, now())) : err(refusal);
};

/** Answers a line; what fails is a refusal with what the system said. */
export const answerLine = async (line: string, parts: DeskParts): Promise<Answer> => {
  const request = decodeRequest(line);
  if (!request.ok) return { kind: 'line', response: request };
  const { value } = request;
  if (value.command === 'tail') return { kind: 'stream', begin: (socket) => parts.feed.admit(socket, value.last) };
  return { kind: 'line', response: await attempt(value, parts) };
};

type LineRequest = RequestOf<LineCommand>;

const attempt = async (request: LineRequest, parts: DeskParts): Promise<Result<object, string>> => {
  try {
    return await handle(request, parts);
  } catch (error) {
    return err(error instanceof Error ? error.message : String(error));
  }
};

const handle = (request: LineRequest, parts: DeskParts): Promise<Result<object, string>> => {
  switch (request.command) {
    case 'grants':
      return HANDLERS.grants(request, parts);
    case 'status':
      return HANDLERS.status(request, parts);
    case 'metrics':
      return HANDLERS.metrics(request, parts);
    case 'watch':
      return HANDLERS.watch(request, parts);
    case 'confirm':
      return HANDLERS.confirm(request, parts);
    case 'revoke':
      return HANDLERS.revoke(request, parts);
    case 'open':
      return HANDLERS.open(request, parts);
    case 'reload':
      return HANDLERS.reload(request, parts);
  }
};
