/**
 * Text for `ipset restore -exist`. Who has a grant for a single port is an element with a timeout, which the kernel counts
 * down, in whole seconds; a set for each family.
 */
import type { Family } from '../base/address.ts';
import { formatAllowed } from '../base/allow-address.ts';
import type { SteadyMs } from '../base/units.ts';
import { isElement, passSet } from './iptables-rule.ts';
import type { Opening } from './opening.ts';

/** Elements that a set takes at most, far more than the ledger holds grants. The kernel takes memory as they come. */
const SET_SIZE = 1_048_576;
/** The longest timeout that there is, some 24 days. What is to last longer is added again when half of it is over. */
export const LONGEST_TIMEOUT_S = 2_147_483;
/** A listing is a little older than the look at the clock, and tells whole seconds. */
const TOLERANCE_S = 3;

/** In which the elements are put together before they change places with those of the set that is in use. */
const freshSet = (family: Family): string => `spad-fresh${String(family)}`;

const FAMILIES = [4, 6] as const satisfies readonly Family[];

const createSet = (name: string, family: Family): string =>
  `create ${name} hash:ip,port family ${family === 4 ? 'inet' : 'inet6'} maxelem ${String(SET_SIZE)} timeout 0`;

/** Makes the sets that are missing; `names`: of all sets that there are. */
export const createScript = (families: readonly Family[], names: readonly string[]): string =>
  toText(families.filter((family) => !names.includes(passSet(family))).map((f) => createSet(passSet(f), f)));

/** Makes the sets hold just this, in one step each; they must be there. */
export const fillScript = (
  families: readonly Family[],
  openings: readonly Opening[],
  names: readonly string[],
  now: SteadyMs,
): string =>
  toText(
    families.flatMap((family) => {
      const fresh = freshSet(family);
      return [
        ...(names.includes(fresh) ? [`destroy ${fresh}`] : []),
        createSet(fresh, family),
        ...elementsOf(openings, family).map((opening) => addElement(fresh, opening, now)),
        `swap ${fresh} ${passSet(family)}`,
        `destroy ${fresh}`,
      ];
    }),
  );

/** Adding what is there gives it its new timeout; deleting what is gone is no error. */
export const elementScript = (close: readonly Opening[], open: readonly Opening[], now: SteadyMs): string => {
  const fresh = new Set(open.map(keyOf));
  return toText([
    ...open.filter(isElement).map((opening) => addElement(passSet(opening.address.family), opening, now)),
    ...close
      .filter((opening) => isElement(opening) && !fresh.has(keyOf(opening)))
      .map((opening) => `del ${passSet(opening.address.family)} ${keyOf(opening)}`),
  ]);
};

/** Takes away those of our sets that are there. */
export const destroyScript = (names: readonly string[]): string =>
  toText(
    FAMILIES.flatMap((family) => [passSet(family), freshSet(family)])
      .filter((name) => names.includes(name))
      .map((name) => `destroy ${name}`),
  );

/** Whether what `ipset save` says of a family's set is this. What is about to end may have gone. */
export const showsElements = (
  listing: string,
  family: Family,
  openings: readonly Opening[],
  now: SteadyMs,
): boolean => {
  const listed = readElements(listing);
  const wanted = new Map(elementsOf(openings, family).map((opening) => [keyOf(opening), secondsLeft(opening, now)]));
  for (const [key, left] of wanted) {
    const timeout = listed.get(key);
    if (timeout === undefined ? left > TOLERANCE_S : !isAbout(timeout, left)) return false;
  }
  return [...listed].every(([key, timeout]) => wanted.has(key) || (timeout > 0 && timeout <= TOLERANCE_S));
};

const isAbout = (timeout: number, left: number): boolean =>
  left > LONGEST_TIMEOUT_S ? timeout >= LONGEST_TIMEOUT_S / 2 : Math.abs(timeout - left) <= TOLERANCE_S;

/** Seconds of each element; 0 for one that stays for ever. */
const readElements = (listing: string): ReadonlyMap<string, number> =>
  new Map(
    listing.split('\n').flatMap((line) => {
      const [verb, , key = '', , timeout = '0'] = line.split(' ');
      return verb === 'add' ? [[key, Number(timeout)] as const] : [];
    }),
  );

const elementsOf = (openings: readonly Opening[], family: Family): readonly Opening[] =>
  openings.filter((opening) => opening.address.family === family && isElement(opening));

const keyOf = ({ address, protocol, first }: Opening): string =>
  `${formatAllowed(address)},${protocol}:${String(first)}`;

const addElement = (set: string, opening: Opening, now: SteadyMs): string =>
  `add ${set} ${keyOf(opening)} timeout ${String(Math.min(LONGEST_TIMEOUT_S, secondsLeft(opening, now)))}`;

/** Whole seconds, never early; and never 0, which would mean for ever. */
const secondsLeft = ({ ends }: Opening, now: SteadyMs): number => Math.max(1, Math.ceil((ends - now) / 1000));

const toText = (lines: readonly string[]): string => lines.map((line) => `${line}\n`).join('');
