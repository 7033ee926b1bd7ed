/** All questions, in the order in which they are asked. */
import { FIREWALL } from './firewall/question.ts';
import { JUNK, MEMORY, SURVIVAL } from './flood/questions.ts';
import { FWKNOP } from './fwknop/question.ts';
import { KNOCK } from './knock/question.ts';
import { LATENCY } from './latency/question.ts';
import type { Question } from './question.ts';
import { START } from './start/question.ts';

export const QUESTIONS: readonly Question[] = [START, LATENCY, JUNK, SURVIVAL, MEMORY, FWKNOP, KNOCK, FIREWALL];
