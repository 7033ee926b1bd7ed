/** Who answers what is asked on the control socket. */
import { err, ok, type Result } from '../../src/base/result.ts';
import type { Moment, SteadyMs } from '../../src/base/units.ts';
import type { ControlAnswers } from '../../src/control/answers.ts';
import { type ControlCommand, type ControlRequest, decodeRequest, type Proof } from '../../src/control/request.ts';
import { type FirewallState, isoAt, showGrants } from '../../src/control/response.ts';
import type { Status } from '../../src/control/status.ts';
import type { Grant } from '../../src/grant/grant.ts';

export interface DeskParts {
  readonly now: () => Moment;
  readonly via: string;
  /** Looks at the firewall now, and repairs it where it must be. */
  readonly look: () => Promise<FirewallState>;
  readonly grants: () => readonly Grant[];
  /** When the guard ends; undefined where it is not on trial. */
  readonly guardEnds: () => SteadyMs | undefined;
  /** `firewall`: what the look at it has come to. */
  readonly status: (firewall: FirewallState) => Status;
  /** Undefined where it is confirmed, else the sentence by which it was refused. */
  readonly confirm: (proof: Proof) => Promise<string | undefined>;
}

type Handlers = {
  readonly [C in ControlCommand]: (
    request: Extract<ControlRequest, { command: C }>,
    parts: DeskParts,
  ) => Promise<Result<ControlAnswers[C], string>>;
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
  confirm: async ({ proof }, { confirm }) => {
    const refusal = await confirm(proof);
    return refusal === undefined ? ok({ confirmed: true }) : err(refusal);
  },
};

/** Answers a line; what fails is a refusal with what the system said. */
export const answerLine = async (line: string, parts: DeskParts): Promise<Result<object, string>> => {
  const request = decodeRequest(line);
  if (!request.ok) return request;
  try {
    return await handle(request.value, parts);
  } catch (error) {
    return err(error instanceof Error ? error.message : String(error));
  }
};

const handle = (request: ControlRequest, parts: DeskParts): Promise<Result<object, string>> => {
  switch (request.command) {
    case 'grants':
      return HANDLERS.grants(request, parts);
    case 'status':
      return HANDLERS.status(request, parts);
    case 'confirm':
      return HANDLERS.confirm(request, parts);
  }
};
