/**
 * The back-ends iptables and ipset: batches of src/firewall/iptables-script.ts, held against what `iptables-save` prints.
 * Rules end by the kernel's wall clock; with sets, single ports are elements with timeouts instead.
 */
import type { Family } from '../../src/base/address.ts';
import type { Moment } from '../../src/base/units.ts';
import { clockDistance, clockWasSet, dateStop } from '../../src/firewall/date-stop.ts';
import type { Wanted } from '../../src/firewall/desired.ts';
import { chainsOf } from '../../src/firewall/iptables-chain.ts';
import { isListed, readListing } from '../../src/firewall/iptables-listing.ts';
import type { RuleStyle } from '../../src/firewall/iptables-rule.ts';
import {
  type Batch,
  changeBatch,
  installBatch,
  probeScript,
  removeScript,
  unprobeScript,
} from '../../src/firewall/iptables-script.ts';
import type { Opening } from '../../src/firewall/opening.ts';
import type { Logger } from '../log/logger.ts';
import { FirewallError } from './backend.ts';
import type { TimedSets } from './ipset.ts';
import type { IptablesTools } from './iptables-tools.ts';
import type { FirewallProgram, ProgramChange } from './program.ts';

export interface IptablesParts {
  readonly tools: IptablesTools;
  /** Where single ports stand in sets. */
  readonly sets?: TimedSets | undefined;
  readonly now: () => Moment;
  readonly logger: Logger;
}

export class IptablesFirewall implements FirewallProgram {
  readonly description: string;
  readonly #parts: IptablesParts;
  /** At which the ends of rules have been written. */
  #distance = 0;
  /** Whether the kernel can end rules. */
  #endsRules = true;
  /** Whether the chains for forwarding are there. */
  #forwards = false;
  #families: readonly Family[] | undefined;
  /** What must not be taken in as a part of the whole, either. */
  #refused: readonly Opening[] = [];

  constructor(parts: IptablesParts) {
    this.#parts = parts;
    this.description =
      parts.sets === undefined
        ? 'iptables and ip6tables through iptables-restore'
        : 'iptables, ip6tables and ipset through iptables-restore';
  }

  async install(wanted: Wanted): Promise<void> {
    const families = this.#findFamilies();
    if (wanted.openings.some((opening) => this.#refused.includes(opening))) throw new FirewallError(NO_IPV6);
    try {
      await this.#lay(families, wanted);
    } catch {
      // Somebody may have changed the rules since the look at them; or the kernel cannot end rules.
      await this.#learn();
      await this.#lay(families, wanted);
    }
  }

  async change(change: ProgramChange, wanted: Wanted): Promise<void> {
    const { now, sets } = this.#parts;
    const families = this.#findFamilies();
    const isHere = ({ address }: Opening): boolean => families.includes(address.family);
    this.#refused = change.open.filter((opening) => !isHere(opening));
    if (this.#refused.length > 0) throw new FirewallError(NO_IPV6);
    const forwards = this.#forwards || needsForwarding(wanted);
    if (forwards !== this.#forwards || clockWasSet(this.#distance, now())) return this.install(wanted);
    const batches = families.map((family) => ({
      ...{ family, batch: changeBatch(family, change, wanted, forwards, this.#style) },
    }));
    await this.#run(batches, () => sets?.change({ ...change, close: change.close.filter(isHere) }));
  }

  async shows(wanted: Wanted): Promise<boolean> {
    const { tools, sets, now, logger } = this.#parts;
    const families = this.#findFamilies();
    if (this.#endsRules && clockWasSet(this.#distance, now())) {
      const seconds = (clockDistance(now()) - this.#distance) / 1000;
      logger.info(`the clock was set by ${seconds.toFixed(1)} s: the ends of all rules are written anew`);
      return false;
    }
    const looks = families.map(async (family) =>
      isListed(readListing(await tools.save(family)), chainsOf(family, wanted, this.#forwards, this.#style)),
    );
    const answers = await Promise.all([...looks, sets?.shows(families, wanted.openings) ?? true]);
    return answers.every(Boolean);
  }

  async remove(): Promise<void> {
    const { tools, sets } = this.#parts;
    for (const family of this.#findFamilies()) {
      await this.#restore(family, removeScript(readListing(await tools.save(family))));
    }
    await sets?.remove();
  }

  async #lay(families: readonly Family[], wanted: Wanted): Promise<void> {
    const { tools, sets, now } = this.#parts;
    this.#distance = clockDistance(now());
    this.#forwards = needsForwarding(wanted);
    await sets?.create(families);
    const batches = [];
    for (const family of families) {
      const chains = chainsOf(family, wanted, this.#forwards, this.#style);
      batches.push({ family, batch: installBatch(chains, readListing(await tools.save(family))) });
    }
    await this.#run(batches, () => sets?.fill(families, wanted.openings));
  }

  /** The sets are changed in between; without, each family's batch is one. */
  async #run(
    batches: readonly { readonly family: Family; readonly batch: Batch }[],
    changeSets: () => Promise<void> | undefined,
  ): Promise<void> {
    if (this.#parts.sets === undefined) {
      for (const { family, batch } of batches) await this.#restore(family, batch.first + batch.last);
      return;
    }
    for (const { family, batch } of batches) await this.#restore(family, batch.first);
    await changeSets();
    for (const { family, batch } of batches) await this.#restore(family, batch.last);
  }

  async #restore(family: Family, text: string): Promise<void> {
    if (text !== '') await this.#parts.tools.restore(family, text);
  }

  get #style(): RuleStyle {
    return {
      distance: this.#endsRules ? this.#distance : undefined,
      inSets: this.#parts.sets !== undefined,
    };
  }

  /** Finds out whether it is for the match "time" that the kernel refuses rules. */
  async #learn(): Promise<void> {
    if (!this.#endsRules) return;
    const far = dateStop(this.#parts.now().steady, this.#distance);
    if ((await this.#takes(`-m time --datestop ${far}`)) || !(await this.#takes('-p tcp'))) return;
    this.#endsRules = false;
    this.#parts.logger.warn(
      'this kernel cannot end rules by itself (the module xt_time is missing): spad ends them, and after a crash its next start does',
    );
  }

  async #takes(match: string): Promise<boolean> {
    const { tools } = this.#parts;
    try {
      await tools.restore(4, probeScript(match));
      await tools.restore(4, unprobeScript());
      return true;
    } catch {
      return false;
    }
  }

  #findFamilies(): readonly Family[] {
    if (this.#families === undefined) {
      const hasIpv6 = this.#parts.tools.hasIpv6();
      if (!hasIpv6) this.#parts.logger.warn(NO_IPV6);
      this.#families = hasIpv6 ? [4, 6] : [4];
    }
    return this.#families;
  }
}

const NO_IPV6 = 'this kernel has no IPv6: only IPv4 is guarded, and nothing is opened for IPv6 addresses';

const needsForwarding = ({ forwards, openings }: Wanted): boolean =>
  forwards || openings.some(({ forwarding }) => forwarding !== undefined);
