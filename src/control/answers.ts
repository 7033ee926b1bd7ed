/** What each command is answered with, where it is not refused. */
import type { GrantList, ShownGrant } from './response.ts';
import type { ReloadOutcome, ShownMetrics, Status } from './status.ts';
import type { WatchAnswer } from './watch-answer.ts';

export interface ControlAnswers {
  readonly grants: GrantList;
  readonly watch: WatchAnswer;
  readonly confirm: { readonly confirmed: true };
  readonly status: Status;
  readonly metrics: ShownMetrics;
  /** As they were. */
  readonly revoke: { readonly revoked: readonly ShownGrant[] };
  readonly open: { readonly opened: readonly ShownGrant[] };
  readonly reload: ReloadOutcome;
}
