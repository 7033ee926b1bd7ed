/** The timed sets of `firewall = ipset`: texts of src/firewall/ipset-script.ts, given to the program ipset. */
import type { Family } from '../../src/base/address.ts';
import type { SteadyMs } from '../../src/base/units.ts';
import {
  createScript,
  destroyScript,
  elementScript,
  fillScript,
  showsElements,
} from '../../src/firewall/ipset-script.ts';
import { passSet } from '../../src/firewall/iptables-rule.ts';
import type { Opening } from '../../src/firewall/opening.ts';
import type { ProgramChange } from './program.ts';
import { runTool } from './run-tool.ts';

/** Runs ipset and gives what it prints. Throws FirewallError. */
export type IpsetRunner = (args: readonly string[], input: string) => Promise<string>;

export const ipsetProgram: IpsetRunner = (args, input) => runTool('ipset', args, input, 'ipset');

/** Every method throws FirewallError. */
export class TimedSets {
  readonly #run: IpsetRunner;
  readonly #now: () => SteadyMs;

  constructor(run: IpsetRunner, now: () => SteadyMs) {
    this.#run = run;
    this.#now = now;
  }

  /** Makes the sets that are missing, so that rules can name them. */
  async create(families: readonly Family[]): Promise<void> {
    await this.#restore(createScript(families, await this.#names()));
  }

  /** Makes the sets hold just these openings. */
  async fill(families: readonly Family[], openings: readonly Opening[]): Promise<void> {
    await this.#restore(fillScript(families, openings, await this.#names(), this.#now()));
  }

  async change({ close, open }: ProgramChange): Promise<void> {
    await this.#restore(elementScript(close, open, this.#now()));
  }

  async shows(families: readonly Family[], openings: readonly Opening[]): Promise<boolean> {
    const names = await this.#names();
    if (!families.every((family) => names.includes(passSet(family)))) return false;
    const looks = families.map(async (family) =>
      showsElements(await this.#run(['save', passSet(family)], ''), family, openings, this.#now()),
    );
    return (await Promise.all(looks)).every(Boolean);
  }

  /** The rules that name the sets must be gone. */
  async remove(): Promise<void> {
    await this.#restore(destroyScript(await this.#names()));
  }

  async #names(): Promise<readonly string[]> {
    return (await this.#run(['list', '-name'], '')).split('\n');
  }

  async #restore(text: string): Promise<void> {
    if (text !== '') await this.#run(['restore', '-exist'], text);
  }
}
