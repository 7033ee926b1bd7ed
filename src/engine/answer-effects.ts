/** What is told to whoever waits for a decision. */
import type { Decision, Effect } from './effect.ts';

/** It could not be done. */
export const refusedAnswers = (decision: Decision, refusal: string): readonly Effect[] =>
  decision.filter((effect) => effect.kind === 'answer').map(({ kind, id }): Effect => ({ kind, id, refusal }));

/** It is done; nothing where nobody waits. */
export const answerTo = (id: string | undefined): readonly Effect[] =>
  id === undefined ? [] : [{ kind: 'answer', id, refusal: undefined }];
