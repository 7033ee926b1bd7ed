/** What stanzas allow and refuse, in the real daemon and in spad. */
import { table } from './harness/table.ts';
import { limits } from './scenarios/limits.ts';

table('limits', limits);
