/**
 * The two lanes of the sieve, by which one receiver follows another: the next one's lane is made beside the present one's,
 * which goes once the next receiver is the one that is heard. Where there can be no sieve, packets are captured with libpcap.
 */
import { existsSync } from 'node:fs';
import type { Moment } from '../../src/base/units.ts';
import type { ReceiverSettings, ReceiverWish } from '../../src/engine/receiver-settings.ts';
import { removeSieveScript, SIEVE_LANES, type SieveLane, sieveTable } from '../../src/firewall/sieve-script.ts';
import { DATAGRAM_SIZES } from '../../src/spa/native/layout.ts';
import type { OwnSteps } from '../firewall/generation.ts';
import { findCounterReader } from '../firewall/kernel-counter.ts';
import { findNftRunner, type NftRunner } from '../firewall/nft-runner.ts';
import type { Logger } from '../log/logger.ts';
import { Seldom } from '../log/seldom.ts';
import { Sieve } from './sieve.ts';

export interface SieveLanesParts {
  readonly logger: Logger;
  readonly now: () => Moment;
  readonly steps: OwnSteps;
  /** Nothing in the kernel may be changed: `firewall = dry-run`. */
  readonly dryRun: boolean;
  /** Is told how many packets the kernel has dropped. */
  readonly onDropped: (count: number) => void;
}

const TEND_EVERY_MS = 500;
/** Counters of the kernel are read every so many times. */
const COUNT_EVERY = 4;

interface Lane {
  readonly sieve: Sieve;
  readonly settings: ReceiverSettings;
}

export class SieveLanes {
  readonly #parts: SieveLanesParts;
  readonly #troubles: Seldom;
  readonly #readCounter = findCounterReader();
  #nft: NftRunner | undefined;
  /** That of the receiver that is heard, and that of the one which is to follow. */
  #present: Lane | undefined;
  #next: Lane | undefined;
  #timer: NodeJS.Timeout | undefined;
  #isTending = false;
  #rounds = 0;
  #told = '';

  constructor(parts: SieveLanesParts) {
    this.#parts = parts;
    this.#troubles = new Seldom((text) => parts.logger.error(text));
  }

  /** Takes away what an earlier daemon has left. */
  async clear(): Promise<void> {
    if (!this.#parts.dryRun) await this.#attempt(() => flushSieve(this.#runner()));
  }

  /** What a receiver is to be started with. Its lane is made, where it has one; one that was to follow is given up. */
  async lay(wish: ReceiverWish): Promise<ReceiverSettings> {
    await this.#drop(this.#next);
    this.#next = undefined;
    const { capture, group, ...rest } = wish;
    if (capture !== 'auto' && capture !== 'nflog') return { ...rest, capture };
    const obstacle = this.#parts.dryRun ? 'firewall = dry-run changes nothing in the kernel' : obstacleTo(wish);
    const lane = obstacle ?? (await this.#open(wish));
    if (typeof lane === 'string') {
      this.#tellOnce(`junk is refused by spad and not in the kernel: ${lane}`);
      return { ...rest, capture: 'pcap' };
    }
    this.#next = lane;
    this.#timer ??= setInterval(() => void this.#tend(), TEND_EVERY_MS);
    // Not waited for: hints of ten thousand clients take half a second, and nothing is lost meanwhile.
    void this.#tend();
    return lane.settings;
  }

  /** The receiver with these settings is the one that is heard from now on. */
  async taken(settings: ReceiverSettings): Promise<void> {
    if (this.#present?.settings === settings) return;
    this.count();
    const before = this.#present;
    const isNext = this.#next?.settings === settings;
    this.#present = isNext ? this.#next : undefined;
    if (isNext) this.#next = undefined;
    await this.#drop(before);
  }

  /** Tells what the kernel has dropped up to now. */
  count(): void {
    const dropped = this.#present?.sieve.count() ?? 0;
    if (dropped > 0) this.#parts.onDropped(dropped);
  }

  /** Takes both lanes away: nobody listens any more. */
  async close(): Promise<void> {
    clearInterval(this.#timer);
    const lanes = [this.#present, this.#next];
    this.#present = undefined;
    this.#next = undefined;
    for (const lane of lanes) await this.#drop(lane);
  }

  /** The lane, or why there is none. */
  async #open(wish: ReceiverWish): Promise<Lane | string> {
    const { clients, reach, port, interface: name } = wish;
    const lane = this.#freeLane();
    const group = wish.group + SIEVE_LANES.indexOf(lane);
    const plan = { lane, port, group, interface: name === 'any' ? undefined : name, sizes: DATAGRAM_SIZES };
    try {
      const { steps, now } = this.#parts;
      const sieve = new Sieve({
        plan,
        clients,
        reach,
        steps,
        now,
        nft: this.#runner(),
        readCounter: this.#readCounter,
      });
      await sieve.open();
      return { sieve, settings: { ...wish, capture: 'nflog', group } };
    } catch (error) {
      return `the kernel, or nft, does not take its rules (${messageOf(error)})`;
    }
  }

  #freeLane(): SieveLane {
    const [first, second] = SIEVE_LANES;
    return this.#present?.sieve.lane === first ? second : first;
  }

  async #tend(): Promise<void> {
    if (this.#isTending) return;
    this.#isTending = true;
    this.#rounds += 1;
    for (const lane of [this.#present, this.#next]) {
      if (lane === undefined) continue;
      await this.#attempt(async () => {
        if (await lane.sieve.tend())
          this.#parts.logger.warn(
            'somebody changed the rules by which the kernel hands packets over; they are right again',
          );
      });
    }
    if (this.#rounds % COUNT_EVERY === 0) this.count();
    this.#isTending = false;
  }

  async #drop(lane: Lane | undefined): Promise<void> {
    if (lane !== undefined) await this.#attempt(() => lane.sieve.close());
  }

  async #attempt(work: () => Promise<unknown>): Promise<void> {
    try {
      await work();
    } catch (error) {
      this.#troubles.tell(`the rules by which the kernel hands packets over: ${messageOf(error)}; trying again`);
    }
  }

  #runner(): NftRunner {
    this.#nft ??= findNftRunner();
    return this.#nft;
  }

  #tellOnce(text: string): void {
    if (text !== this.#told) this.#parts.logger.info(text);
    this.#told = text;
  }
}

/** Takes both lanes away that a daemon has left: whether there was one. Those of one that runs stay. Throws FirewallError. */
export const flushSieve = async (nft: NftRunner): Promise<boolean> => {
  let wasThere = false;
  for (const lane of SIEVE_LANES) {
    const listing = await nft.list(sieveTable(lane));
    if (listing === undefined || /^\s*flags owner/m.test(listing)) continue;
    await nft.run(removeSieveScript(lane));
    wasThere = true;
  }
  return wasThere;
};

/** Why packets cannot be told by their first bytes, or not where the kernel would look; undefined: they can. */
const obstacleTo = ({ fwknop, interface: name }: ReceiverWish): string | undefined => {
  if (fwknop !== undefined) return "fwknop's packets do not begin with a hint";
  // What comes in by a port of a bridge or a bond comes, as far as nftables can tell, in by the bridge or bond.
  return name !== 'any' && existsSync(`/sys/class/net/${name}/master`)
    ? `the interface ${name} belongs to another one`
    : undefined;
};

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
