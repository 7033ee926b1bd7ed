/** All questions, in the order in which they are asked. */
import type { Question } from './question.ts';

export const QUESTIONS: readonly Question[] = [];
