/** Tells the operator of effects that failed. */
import type { Decision, EffectFailure } from '../src/engine/effect.ts';
import { Seldom } from './log/seldom.ts';

const FAILED_TO = {
  remember: 'a packet could not be remembered, so nothing was opened',
  'use-code': 'an emergency code could not be marked as used, so nothing was opened',
  'use-sequence': 'a one-time sequence could not be marked as used, so nothing was opened',
  'change-firewall': 'the firewall refused a change',
  'synchronize-firewall': 'the firewall could not be set right',
  'flush-firewall': 'the guard, which nobody has confirmed, could not be taken out of the firewall',
  'adopt-connections': 'connections that are older than the guard may hang until this host sends something in them',
  'note-connections': 'it could not be told which connections are older than the guard',
  'record-grants': 'the grant log could not be written; grants end on time all the same',
  'run-command': 'a command could not be run',
  'journal-closes': 'a close could not be remembered, so nothing was run',
  'run-program': 'a command could not be run',
  ask: 'a packet could not be looked into',
  'ask-connections': 'connections could not be looked at',
  audit: 'the audit log could not be written',
  reply: 'a client could not be answered',
  answer: 'a question on the control socket could not be answered',
  'give-up': 'the end could not be begun',
} as const satisfies Record<Decision[number]['kind'], string>;

export class Troubles {
  readonly #seldom: Seldom;

  constructor(write: (text: string) => void) {
    this.#seldom = new Seldom(write);
  }

  /** The same trouble once a minute at most. */
  tell({ effect, message }: EffectFailure): void {
    this.#seldom.tell(`${FAILED_TO[effect.kind]}: ${message}`);
  }
}
