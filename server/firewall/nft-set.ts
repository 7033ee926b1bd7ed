/** Feeds sets of the operator's own nftables ruleset; their elements, and everything else, are left alone. */
import { type AddressKey } from '../../src/base/address-key.ts';
import type { SteadyMs } from '../../src/base/units.ts';
import type { Wanted } from '../../src/firewall/desired.ts';
import { formatSetPlace, readSet, type SetPicture, type SetPlace } from '../../src/firewall/nft-set.ts';
import {
  byAddress,
  setChange,
  setElements,
  setRepair,
  showsElements,
  unfitFor,
} from '../../src/firewall/nft-set-script.ts';
import { type Opening, openingKey } from '../../src/firewall/opening.ts';
import { FirewallError, refuseForwarding } from './backend.ts';
import { findNftRunner, type NftRunner } from './nft-runner.ts';
import type { FirewallProgram, ProgramChange } from './program.ts';

/** What the sets look like now. Throws a FirewallError that says what is wrong with one, and what to write. */
export const lookAtSets = (runner: NftRunner, places: readonly SetPlace[]): Promise<readonly SetPicture[]> =>
  Promise.all(places.map((place) => lookAt(runner, place)));

const lookAt = async (runner: NftRunner, place: SetPlace): Promise<SetPicture> => {
  const { family, table, name } = place;
  const listing = await runner.json(`set ${formatSetPlace(place)}`);
  // The listing as JSON of nft 1.0.6 does not tell of the flag, that of the whole table as text does.
  const text = (await runner.list(`${family} ${table}`)) ?? '';
  const header = new RegExp(
    `^\\tset ${name.replaceAll('.', '\\.')} \\{\\n(?:\\t\\t[^\\n]*\\n)*?\\t\\tauto-merge\\n`,
    'm',
  );
  const picture = readSet(place, listing, header.test(text));
  if (!picture.ok) throw new FirewallError(picture.error);
  return picture.value;
};

/** What an operator should know of the sets as they are now, before spad starts with them. */
export const setWarnings = async (places: readonly SetPlace[]): Promise<readonly string[]> => {
  if (places.length === 0) return [];
  try {
    const pictures = await lookAtSets(findNftRunner(), places);
    return pictures.filter(({ shape }) => shape.key === 'address').map(({ place }) => portWarning(place));
  } catch (error) {
    return [error instanceof Error ? error.message : String(error)];
  }
};

const portWarning = (place: SetPlace): string =>
  `the set ${formatSetPlace(place)} holds addresses without ports: whatever a client asks for, it gets all that your rule with the set lets through`;

export class NftSetProgram implements FirewallProgram {
  readonly description: string;
  readonly #runner: NftRunner;
  readonly #places: readonly SetPlace[];
  readonly #now: () => SteadyMs;
  /** What the sets looked like, and the generation up to which nobody but us has changed anything since. */
  #known: { readonly pictures: readonly SetPicture[]; readonly generation: number } | undefined;
  /** What is open for each address. */
  readonly #shown = new Map<AddressKey, readonly Opening[]>();

  constructor(runner: NftRunner, places: readonly SetPlace[], now: () => SteadyMs) {
    this.#runner = runner;
    this.#places = places;
    this.#now = now;
    const sets = places.map(formatSetPlace).join(' and ');
    this.description = `the ${places.length === 1 ? 'set' : 'sets'} ${sets} through ${runner.description}`;
  }

  async install({ openings }: Wanted): Promise<void> {
    this.#known = undefined;
    const generation = this.#runner.generation();
    const pictures = await lookAtSets(this.#runner, this.#places);
    const direct = openings.filter(({ forwarding }) => forwarding === undefined);
    const now = this.#now();
    await this.#run(
      pictures.map((picture) => setRepair(picture, setElements(direct, picture), now)).join(''),
      pictures,
      generation,
    );
    this.#shown.clear();
    for (const [key, own] of byAddress(direct)) this.#shown.set(key, own);
    refuseUnfit(openings, pictures);
  }

  async change({ close, open }: ProgramChange, wanted: Wanted): Promise<void> {
    const generation = this.#runner.generation();
    if (this.#known === undefined || this.#known.generation !== generation) {
      await this.install(wanted);
      return;
    }
    const { pictures } = this.#known;
    const opened = byAddress(open.filter(({ forwarding }) => forwarding === undefined));
    const touched = [...byAddress([...close, ...open])].map(([key, changed]) => {
      const before = this.#shown.get(key) ?? [];
      const keys = new Set(changed.map(openingKey));
      return {
        key,
        before,
        after: [...before.filter((opening) => !keys.has(openingKey(opening))), ...(opened.get(key) ?? [])],
      };
    });
    const before = touched.flatMap((one) => one.before);
    const after = touched.flatMap((one) => one.after);
    const now = this.#now();
    const scripts = pictures.map((picture) =>
      setChange(picture.place, setElements(before, picture), setElements(after, picture), now),
    );
    await this.#run(scripts.join(''), pictures, generation);
    for (const one of touched) this.#show(one.key, one.after);
    refuseUnfit(open, pictures);
  }

  async shows({ openings }: Wanted): Promise<boolean> {
    // What the kernel has ended nobody takes out of here else.
    for (const [key, own] of this.#shown) this.#show(key, own);
    const pictures = await lookAtSets(this.#runner, this.#places);
    const direct = openings.filter(({ forwarding }) => forwarding === undefined);
    const now = this.#now();
    return pictures.every((picture) => showsElements(picture.own, setElements(direct, picture), now));
  }

  /** No error where a set is gone: so is what was in it. */
  async remove(): Promise<void> {
    this.#known = undefined;
    const looks = await Promise.all(
      this.#places.map(async (place) => readSet(place, await this.#runner.json(`set ${formatSetPlace(place)}`), false)),
    );
    const scripts = looks.map((picture) => (picture.ok ? setRepair(picture.value, [], this.#now()) : ''));
    await this.#run(scripts.join(''), [], undefined);
  }

  #show(key: AddressKey, openings: readonly Opening[]): void {
    const live = openings.filter(({ ends }) => ends > this.#now());
    if (live.length > 0) this.#shown.set(key, live);
    else this.#shown.delete(key);
  }

  /** `generation`: that of the pictures. */
  async #run(script: string, pictures: readonly SetPicture[], generation: number | undefined): Promise<void> {
    this.#known = undefined;
    if (script !== '') await this.#runner.run(script);
    const after = this.#runner.generation();
    if (generation === undefined || after === undefined || after - generation > (script === '' ? 0 : 1)) return;
    // What goes by itself changes no generation, so that such a picture is not to be relied on later.
    const lasts = pictures.every(({ foreign }) => !foreign.some(({ isTimed }) => isTimed));
    if (lasts) this.#known = { pictures, generation: after };
  }
}

/** What fits has been done by then. */
const refuseUnfit = (openings: readonly Opening[], pictures: readonly SetPicture[]): void => {
  refuseForwarding(openings);
  const shapes = pictures.map(({ shape }) => shape);
  const [reason] = openings.map((opening) => unfitFor(opening, shapes)).filter((one) => one !== undefined);
  if (reason !== undefined) throw new FirewallError(reason);
};
