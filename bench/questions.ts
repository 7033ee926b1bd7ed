/** All questions, in the order in which they are asked. */
import { CLIENT } from './client/question.ts';
import { DELAY } from './delay/question.ts';
import { FIREWALL } from './firewall/question.ts';
import { JUNK, MEMORY, SURVIVAL } from './flood/questions.ts';
import { FWKNOP } from './fwknop/question.ts';
import { GATE } from './gate/gate.ts';
import { IDLE } from './idle/question.ts';
import { KNOCK } from './knock/question.ts';
import { LATENCY } from './latency/question.ts';
import type { Question } from './question.ts';
import { SCALE } from './scale/question.ts';
import { START } from './start/question.ts';
import { THROUGHPUT } from './throughput/question.ts';

export const QUESTIONS: readonly Question[] = [
  ...[CLIENT, START, LATENCY, THROUGHPUT, DELAY, SCALE, IDLE],
  ...[GATE, JUNK, SURVIVAL, MEMORY, FWKNOP, KNOCK, FIREWALL],
];
