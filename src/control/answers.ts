/** What each command is answered with, where it is not refused. */
import type { GrantList } from './response.ts';
import type { Status } from './status.ts';

export interface ControlAnswers {
  readonly grants: GrantList;
  readonly confirm: { readonly confirmed: true };
  readonly status: Status;
}
