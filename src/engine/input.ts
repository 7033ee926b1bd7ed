import type { PendingClose } from '../access/pending-close.ts';
import type { IpAddress } from '../base/address.ts';
import type { PortSpec } from '../base/port-spec.ts';
import type { Seconds, SteadyMs, UnixMs } from '../base/units.ts';
import type { GrantChoice, Proof } from '../control/request.ts';
import type { Grant } from '../grant/grant.ts';
import type { Knock } from '../knock/knock.ts';
import type { Counts } from './counter-names.ts';
import type { EffectFailure, RunProgramEffect } from './effect.ts';
import type { FwknopAnswer } from './fwknop-question.ts';
import type { Policy } from './policy.ts';
import type { ReplyPath } from './reply-path.ts';
import type { TrialFacts } from './trial.ts';

/** A datagram that the receiver's gate has let through. */
export interface Candidate {
  /** The place of the client in the policy's list, as the receiver found it; not trusted further than that. */
  readonly client: number;
  readonly source: IpAddress;
  /** When it was captured, by the receiver's word: good for capture files, not for judging freshness. */
  readonly captured: UnixMs;
  readonly datagram: Uint8Array;
  /** By the receiver's word; absent where nobody can be answered. */
  readonly replyPath?: ReplyPath;
}

/** A text in fwknop's format that the receiver's gate has let through. */
export interface FwknopCandidate {
  /**
   * The place of the HMAC key that matched among `hmacKeysOf` of the policy, as the receiver found it; not trusted further
   * than that. Undefined: none matched, and there are stanzas without an HMAC key.
   */
  readonly key: number | undefined;
  readonly source: IpAddress;
  /** Where the packet was sent to; undefined where a socket received it. */
  readonly destination: IpAddress | undefined;
  readonly transport: FwknopTransport;
  /** The first address of X-Forwarded-For, where it came as an HTTP request that has one. */
  readonly forwardedFor: IpAddress | undefined;
  readonly captured: UnixMs;
  /** The text as it was sent, an HTTP request unwrapped, the HMAC included. */
  readonly text: Uint8Array;
}

export type FwknopTransport = 'udp' | 'tcp' | 'icmp' | 'http';

/** Everything that can happen to the engine. Each comes with the moment at which it did. */
export type Input =
  /**
   * The daemon begins; `grants` is what an earlier run has left open, over or not, `cuts` what has ended and stays cut. With
   * `guardEnds` the guard is on trial: it ends then unless it is confirmed.
   */
  | {
      readonly kind: 'start';
      readonly grants: readonly Grant[];
      readonly cuts?: readonly Grant[];
      readonly guardEnds?: SteadyMs | undefined;
    }
  /** Somebody says that he has come through the guard; answered by the effect `answer` with the same id. */
  | { readonly kind: 'confirm'; readonly id: string; readonly proof: Proof; readonly facts: TrialFacts }
  /** The operator takes grants back; answered likewise. */
  | { readonly kind: 'revoke'; readonly id: string; readonly choice: GrantChoice }
  /** The operator opens ports for an address; `stanza` is only the name that the grant bears. Answered likewise. */
  | {
      readonly kind: 'open-by-hand';
      readonly id: string;
      readonly stanza: string;
      readonly address: IpAddress;
      /** Canonical and not empty. */
      readonly ports: readonly PortSpec[];
      readonly openFor: Seconds;
    }
  | { readonly kind: 'candidate'; readonly candidate: Candidate }
  | { readonly kind: 'fwknop-candidate'; readonly candidate: FwknopCandidate }
  /** What a question of the effect `ask` has come to. */
  | { readonly kind: 'answered'; readonly id: string; readonly answer: FwknopAnswer }
  /** A program has ended. `failed`: not with status 0; `how` says it in words. */
  | {
      readonly kind: 'program-ended';
      readonly effect: RunProgramEffect;
      readonly failed: boolean;
      readonly how: string;
    }
  /** Close commands that an earlier run has left; comes once, after `start`. */
  | { readonly kind: 'closes-left'; readonly closes: readonly PendingClose[] }
  /** A packet that the doors can see. */
  | { readonly kind: 'knock'; readonly knock: Knock }
  /** The host's own addresses from now on, at which doors can be knocked. */
  | { readonly kind: 'local-addresses'; readonly addresses: readonly IpAddress[] }
  /** The receiver's counters: packets by reason since its last message. */
  | { readonly kind: 'counted'; readonly counts: Counts }
  | { readonly kind: 'effect-failed'; readonly failure: EffectFailure }
  /** Somebody had changed or flushed what spad has in the firewall; it is right again. */
  | { readonly kind: 'firewall-repaired' }
  /** With an `id`: answered likewise, once all is as the policy says. */
  | { readonly kind: 'reload'; readonly policy: Policy; readonly id?: string | undefined }
  | { readonly kind: 'reload-failed'; readonly message: string; readonly id?: string | undefined }
  /** The ids of the grants that connections use, of those that `ask-connections` was about. */
  | { readonly kind: 'connections'; readonly used: readonly string[] }
  /** The machine has slept, and the kernel's timeouts have stood still. */
  | { readonly kind: 'woke' }
  /** Comes about once a second. */
  | { readonly kind: 'tick' }
  /** Somebody wants the counters now. */
  | { readonly kind: 'report' }
  | { readonly kind: 'stop' };
