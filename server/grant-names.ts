/** Names for grants: by chance, so that none is used twice, also not after a restart. They are no secret. */
import { randomBytes } from 'node:crypto';

/** Bytes of a name. */
const LENGTH = 6;
/** So many are made in one go: asking for chance costs more than a grant's place in the ledger. */
const AT_ONCE = 256;

/** Gives another name, of twelve hexadecimal digits, each time. */
export const grantNames = (): (() => string) => {
  let chance = Buffer.alloc(0);
  let used = 0;
  return () => {
    if (used === chance.length) [chance, used] = [randomBytes(LENGTH * AT_ONCE), 0];
    used += LENGTH;
    return chance.toString('hex', used - LENGTH, used);
  };
};
