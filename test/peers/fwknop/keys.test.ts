/** Modes and keys of the real client, against the real daemon and against spad. */
import { table } from './harness/table.ts';
import { keys } from './scenarios/keys.ts';

table('modes and keys', keys);
