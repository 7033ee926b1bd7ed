/**
 * What the engine wants done, as values. A decision is an ordered list of effects: each is done only after the one
 * before it, and where the disk or the firewall fails one, the rest is given up; a failed line of a log gives nothing up.
 * Every failure goes back to the engine ({@link EffectFailure}).
 */
import type { ProgramRun } from '../access/fwknop-program.ts';
import type { PendingClose } from '../access/pending-close.ts';
import type { Family, IpAddress } from '../base/address.ts';
import type { PortSpec } from '../base/port-spec.ts';
import type { Wanted } from '../firewall/desired.ts';
import type { FirewallChange } from '../firewall/opening.ts';
import type { Grant } from '../grant/grant.ts';
import type { GrantEvent } from '../grant/record.ts';
import type { Door, KnockStep } from '../knock/door.ts';
import type { ReplayRecord } from '../replay/cache.ts';
import type { CodeRecord } from '../replay/used-codes.ts';
import type { ReplyOutcome } from '../spa/native/reply.ts';
import type { UnsealKeys } from '../spa/native/unseal.ts';
import type { AuditLine } from './audit.ts';
import type { FwknopQuestion } from './fwknop-question.ts';
import type { ReplyPath } from './reply-path.ts';

/** Must be durable on disk before the next effect. */
export interface RememberEffect {
  readonly kind: 'remember';
  readonly record: ReplayRecord;
}

/** An emergency code that is used up: must be durable on disk before the next effect. */
export interface UseCodeEffect {
  readonly kind: 'use-code';
  readonly record: CodeRecord;
}

/** Must be marked as used in its file, durably, before the next effect. */
export interface UseSequenceEffect {
  readonly kind: 'use-sequence';
  readonly file: string;
  readonly steps: readonly KnockStep[];
  readonly door: string;
}

/** Carries the ledger's step along, so that its failure can take the step back. */
export interface ChangeFirewallEffect {
  readonly kind: 'change-firewall';
  readonly change: FirewallChange;
  readonly added: readonly Grant[];
  readonly removed: readonly Grant[];
  /** Ended grants whose cut was lifted. */
  readonly lifted?: readonly Grant[];
}

/** Makes the firewall show exactly this, whatever it shows now. */
export interface SynchronizeFirewallEffect {
  readonly kind: 'synchronize-firewall';
  readonly wanted: Wanted;
}

/**
 * The connections that are established at these ports must be known as such to the kernel before the guard stands, lest it
 * take their next packets for those of new ones.
 */
export interface AdoptConnectionsEffect {
  readonly kind: 'adopt-connections';
  readonly ports: readonly PortSpec[];
}

/** Takes everything away that spad has in the firewall. */
export interface FlushFirewallEffect {
  readonly kind: 'flush-firewall';
}

/** The connections that there are now are older than the guard, for the inputs `confirm` to come. */
export interface NoteConnectionsEffect {
  readonly kind: 'note-connections';
}

export interface RecordGrantsEffect {
  readonly kind: 'record-grants';
  readonly events: readonly GrantEvent[];
}

/** The door's commands for a source of this family. They go on by themselves; how they end is told in the log. */
export interface RunCommandEffect {
  readonly kind: 'run-command';
  readonly door: Door;
  readonly source: string;
  readonly family: Family;
}

/**
 * Must stand in their log before what they close is opened. A later one of the same id puts it off; `previous` is what
 * stood there before, so that a failure can take the step back.
 */
export interface JournalClosesEffect {
  readonly kind: 'journal-closes';
  readonly closes: readonly PendingClose[];
  readonly previous: readonly PendingClose[];
}

/** A program of one of fwknop's stanzas. It goes on by itself; its end comes back as an input. */
export interface RunProgramEffect {
  readonly kind: 'run-program';
  readonly run: ProgramRun;
  readonly stanza: string;
  readonly purpose:
    | { readonly kind: 'command' }
    /** For a unit of pending closes, where there is a close. Programs of one lane run one after another. */
    | { readonly kind: 'open'; readonly lane: string; readonly unit: string | undefined }
    /** The pending close of this id, which is done as soon as it has been started. */
    | { readonly kind: 'close'; readonly lane: string; readonly id: string };
}

/** The answer comes back as an input with the same id, whatever becomes of the question. */
export interface AskEffect {
  readonly kind: 'ask';
  readonly id: string;
  readonly question: FwknopQuestion;
}

/** Whether established connections use these grants; the answer comes back as an input, whatever becomes of the question. */
export interface AskConnectionsEffect {
  readonly kind: 'ask-connections';
  readonly grants: readonly Grant[];
}

/**
 * To the client, over the network: what its packet has come to. Sealed and sent at the edge, at once or never; nothing
 * waits for it.
 */
export interface ReplyEffect {
  readonly kind: 'reply';
  readonly outcome: ReplyOutcome;
  /** Where the packet came from, and where it came to. */
  readonly to: IpAddress;
  readonly path: ReplyPath;
  readonly keys: Pick<UnsealKeys, 'reply' | 'sealBox'>;
  /** 32 bytes: what the reply is bound to. */
  readonly requestMac: Uint8Array;
}

/** To whoever has sent the input of this id: done, or the sentence by which it was refused. */
export interface AnswerEffect {
  readonly kind: 'answer';
  readonly id: string;
  readonly refusal: string | undefined;
  /** Those that it has opened or revoked. */
  readonly grants?: readonly Grant[];
}

/** The daemon ends: nobody has confirmed the guard. */
export interface GiveUpEffect {
  readonly kind: 'give-up';
}

export interface AuditEffect {
  readonly kind: 'audit';
  readonly line: AuditLine;
}

export type Effect =
  | RememberEffect
  | UseCodeEffect
  | UseSequenceEffect
  | ChangeFirewallEffect
  | SynchronizeFirewallEffect
  | AdoptConnectionsEffect
  | FlushFirewallEffect
  | NoteConnectionsEffect
  | RecordGrantsEffect
  | RunCommandEffect
  | JournalClosesEffect
  | RunProgramEffect
  | AskEffect
  | AskConnectionsEffect
  | AuditEffect
  | ReplyEffect
  | AnswerEffect
  | GiveUpEffect;

export type Decision = readonly Effect[];

/** An effect that could not be done, with what the machine said. */
export interface EffectFailure {
  readonly effect: Effect;
  readonly message: string;
  /** The decision it was part of. */
  readonly decision: Decision;
}
