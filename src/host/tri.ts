/** Answers that may be missing. */
export type Tri = 'yes' | 'no' | 'unsure';

export const not = (answer: Tri): Tri => (answer === 'yes' ? 'no' : answer === 'no' ? 'yes' : 'unsure');

/** Yes where all are, no where any is. */
export const all = (answers: readonly Tri[]): Tri =>
  answers.includes('no') ? 'no' : answers.includes('unsure') ? 'unsure' : 'yes';

/** Yes where any is, no where none can be. */
export const any = (answers: readonly Tri[]): Tri => not(all(answers.map(not)));
