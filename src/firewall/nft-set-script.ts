/**
 * What openings come to in a set of the operator's, and the scripts that put it there. A set knows no overlap and often
 * less than an opening says: no protocol, no port. So all that is open for an address is laid together, each piece until
 * the latest end over it; and what the operator's own elements cover is left out, for it is open already, and an element
 * added over theirs would change it.
 */
import { type AddressKey, addressKey } from '../base/address-key.ts';
import { type Family, formatAddress } from '../base/address.ts';
import { formatAllowed, hostOf } from '../base/allow-address.ts';
import { formatPortSpec } from '../base/port-spec.ts';
import type { SteadyMs } from '../base/units.ts';
import { COMMENT, formatSetPlace, type OwnElement, type SetPicture, type SetPlace, type SetShape } from './nft-set.ts';
import type { Opening } from './opening.ts';

/** One element of ours. */
export interface SetElement {
  /** As nft writes it. */
  readonly key: string;
  readonly ends: SteadyMs;
}

/** Ports of a range at most where each takes an element of its own. */
const MAX_PORTS = 256;

/** Why an opening cannot be put into any of the sets; undefined where it can. */
export const unfitFor = (opening: Opening, shapes: readonly SetShape[]): string | undefined => {
  const { family } = opening.address;
  if (opening.address.prefix !== undefined)
    return `${formatAllowed(opening.address)} cannot be opened: firewall = nft-set takes single hosts`;
  const shape = shapeFor(family, shapes);
  if (shape === undefined)
    return `${formatAllowed(opening.address)} cannot be opened: nft_set names no set of IPv${String(family)} addresses`;
  if (shape.key === 'address' || shape.hasIntervals || opening.last - opening.first < MAX_PORTS) return undefined;
  return `${formatPortSpec(opening)} takes an element a port, and no more than ${String(MAX_PORTS)}: give the set the flag interval`;
};

const shapeFor = (family: Family, shapes: readonly SetShape[]): SetShape | undefined =>
  shapes.find((shape) => shape.family === family);

/** All that the set must hold for these openings, of whichever addresses; those that do not fit are left out. */
export const setElements = (openings: readonly Opening[], { shape, foreign }: SetPicture): readonly SetElement[] => {
  const fitting = openings.filter(
    (opening) => opening.address.family === shape.family && unfitFor(opening, [shape]) === undefined,
  );
  return [...byAddress(fitting).values()].flatMap((own) => {
    const address = hostOf(own[0].address);
    if (address === undefined) return [];
    const client = formatAddress(address);
    const there = foreign.filter(({ covers }) => covers(address));
    if (shape.key === 'address') return there.length > 0 ? [] : [{ key: client, ends: latest(own) }];
    if (shape.key === 'address-port') return portElements([client], own, there, shape);
    return (['tcp', 'udp'] as const).flatMap((protocol) => {
      const isOfIt = (one: { readonly protocol: string | undefined }): boolean => one.protocol === protocol;
      return portElements([client, protocol], own.filter(isOfIt), there.filter(isOfIt), shape);
    });
  });
};

/** The openings of each address together. */
export const byAddress = (openings: readonly Opening[]): ReadonlyMap<AddressKey, readonly [Opening, ...Opening[]]> => {
  const groups = new Map<AddressKey, [Opening, ...Opening[]]>();
  for (const opening of openings) {
    const { family, bytes } = opening.address;
    const key = addressKey({ family, bytes });
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [opening]);
    else group.push(opening);
  }
  return groups;
};

const latest = (openings: readonly Opening[]): SteadyMs =>
  openings.reduce((end, { ends }) => (ends > end ? ends : end), Number.NEGATIVE_INFINITY as SteadyMs);

interface Ports {
  readonly first: number;
  readonly last: number;
}

/** Cuts the ports wherever anything begins or ends, and joins what touches and ends together. */
const portElements = (
  before: readonly string[],
  own: readonly Opening[],
  foreign: readonly Ports[],
  { hasIntervals }: SetShape,
): readonly SetElement[] => {
  const edges = [...new Set([...own, ...foreign].flatMap(({ first, last }) => [first, last + 1]))].sort(
    (a, b) => a - b,
  );
  const pieces: { first: number; last: number; ends: SteadyMs }[] = [];
  for (const [index, first] of edges.entries()) {
    const next = edges[index + 1];
    const isOver = (one: Ports): boolean => one.first <= first && first <= one.last;
    const over = own.filter(isOver);
    if (next === undefined || over.length === 0 || foreign.some(isOver)) continue;
    const ends = latest(over);
    const previous = pieces.at(-1);
    if (previous !== undefined && previous.last + 1 === first && previous.ends === ends) previous.last = next - 1;
    else pieces.push({ first, last: next - 1, ends });
  }
  return pieces.flatMap(({ first, last, ends }) => {
    const texts = hasIntervals
      ? [first === last ? String(first) : `${String(first)}-${String(last)}`]
      : each(first, last);
    return texts.map((ports) => ({ key: [...before, ports].join(' . '), ends }));
  });
};

const each = (first: number, last: number): readonly string[] =>
  Array.from({ length: last - first + 1 }, (_, index) => String(first + index));

/** From one list of elements of ours to another; what is in both with the same end stays untouched. */
export const setChange = (
  place: SetPlace,
  before: readonly SetElement[],
  after: readonly SetElement[],
  now: SteadyMs,
): string => {
  const held = new Map(before.map(({ key, ends }) => [key, ends]));
  const wanted = new Set(after.map(({ key }) => key));
  const gone = before.filter(({ key }) => !wanted.has(key)).map(({ key }) => key);
  const fresh = after.filter(({ key, ends }) => held.get(key) !== ends && ends > now);
  return setScript(place, gone, fresh, now);
};

/**
 * An element is added, deleted and added again: adding alone would leave an existing one's timeout on older kernels, and
 * deleting alone fails where the kernel has let it go a moment ago. What goes, goes first: ranges must not overlap.
 */
const setScript = (place: SetPlace, gone: readonly string[], fresh: readonly SetElement[], now: SteadyMs): string => {
  const at = `element ${formatSetPlace(place)}`;
  const add = (texts: readonly string[]): string =>
    texts.length === 0 ? '' : `add ${at} { ${texts.map((text) => `${text} comment "${COMMENT}"`).join(', ')} }\n`;
  const clear = (keys: readonly string[]): string =>
    keys.length === 0 ? '' : `${add(keys.map((key) => `${key} timeout 1d`))}delete ${at} { ${keys.join(', ')} }\n`;
  // A part of a millisecond counts as a whole one, and no timeout is zero, which would mean none.
  const timed = fresh.map(({ key, ends }) => `${key} timeout ${String(Math.max(1, Math.ceil(ends - now)))}ms`);
  return clear(gone) + clear(fresh.map(({ key }) => key)) + add(timed);
};

/** The kernel's listing and clock are this coarse. */
const TOLERANCE_MS = 1500;

/** Whether these are our elements in the set: none missing, none too many, and each with its end. */
export const showsElements = (own: readonly OwnElement[], wanted: readonly SetElement[], now: SteadyMs): boolean => {
  const left = new Map(wanted.map(({ key, ends }) => [key, ends - now]));
  const isRight = ({ key, left: shown }: OwnElement): boolean =>
    shown < TOLERANCE_MS || Math.abs((left.get(key) ?? Number.NEGATIVE_INFINITY) - shown) < 2 * TOLERANCE_MS;
  const there = new Set(own.map(({ key }) => key));
  return own.every(isRight) && wanted.every(({ key, ends }) => there.has(key) || ends - now < TOLERANCE_MS);
};

/** What makes our elements in the set just the wanted ones. */
export const setRepair = ({ place, own }: SetPicture, wanted: readonly SetElement[], now: SteadyMs): string => {
  const keys = new Set(wanted.map(({ key }) => key));
  return setScript(
    place,
    own.map(({ key }) => key).filter((key) => !keys.has(key)),
    wanted,
    now,
  );
};
