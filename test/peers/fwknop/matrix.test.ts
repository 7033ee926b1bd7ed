/** Packets of the real client in all their forms, against the real daemon and against spad. */
import { table } from './harness/table.ts';
import { matrix, MATRIX_CONF } from './scenarios/matrix.ts';

table('message types, HMAC types and keys', matrix, { conf: MATRIX_CONF, batch: 49 });
