/** The file `firewall` in the state folder: what the last start put its grants into, so that the next one can clean up. */
import { BACKEND_NAMES, type BackendName } from './backends.ts';
import { formatSetPlace, parseSetPlace, type SetPlace } from './nft-set.ts';

export interface LastFirewall {
  readonly firewall: BackendName;
  /** Of the operator's, where the back-end is nft-set. */
  readonly sets: readonly SetPlace[];
}

/** `nft-set inet filter allowed, inet filter allowed6`, and a newline. */
export const formatLastFirewall = ({ firewall, sets }: LastFirewall): string =>
  `${[firewall, sets.map(formatSetPlace).join(', ')].join(' ').trim()}\n`;

/** Undefined where it is nothing that we have written. */
export const parseLastFirewall = (text: string): LastFirewall | undefined => {
  const [, name = '', rest = ''] = /^(\S+)(?: (.*))?\n$/.exec(text) ?? [];
  const firewall = BACKEND_NAMES.find((known) => known === name);
  if (firewall === undefined) return undefined;
  const sets = rest === '' ? [] : rest.split(', ').map(parseSetPlace);
  const known = sets.filter((set) => set !== undefined);
  return known.length < sets.length ? undefined : { firewall, sets: known };
};

/** What the last one has left that the present one does not keep: whole, or only some of its sets. */
export const leftBehind = (last: LastFirewall, present: LastFirewall): LastFirewall | undefined => {
  if (last.firewall !== present.firewall) return last;
  const kept = present.sets.map(formatSetPlace);
  const sets = last.sets.filter((set) => !kept.includes(formatSetPlace(set)));
  return sets.length === 0 ? undefined : { firewall: last.firewall, sets };
};
