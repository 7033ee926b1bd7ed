/** The nftables back-end: scripts of src/firewall/nft-script.ts, run as transactions, held against what the kernel shows. */
import type { SteadyMs } from '../../src/base/units.ts';
import { DesiredState } from '../../src/firewall/desired.ts';
import { changeScript, flushScript, guardScript, probeScript, TABLE } from '../../src/firewall/nft-script.ts';
import type { FirewallBackend } from './backend.ts';
import type { NftRunner } from './nft-runner.ts';

/** An element this close to its end may be gone already: the kernel's clock is coarser than ours. */
const NEAR_END_MS = 1000;
/** Looking for elements takes at most a part of the time: the next look waits so many times as long as the last one took. */
const REST_FACTOR = 20;

/** `now` reads the steady clock: timeouts are worked out at the last instant. */
export const nftables = (runner: NftRunner, now: () => SteadyMs): FirewallBackend => {
  const desired = new DesiredState();
  /** Whether the table has what forwarding takes. */
  let forwards = false;
  /** What the table looked like when it was last known to be right. */
  let shown: string | undefined;
  /** The number of the ruleset's generation up to which nobody but us has changed it. */
  let known: number | undefined;
  /** Counts what we change, so that an inspection that a change has overtaken proves nothing. */
  let changes = 0;
  let nextProbe = Number.NEGATIVE_INFINITY;

  const run = async (script: string): Promise<void> => {
    changes += 1;
    const before = runner.generation();
    await runner.run(script);
    const after = runner.generation();
    // One transaction is one generation; more than that was somebody else.
    if (before === known && before !== undefined && after !== undefined && after - before <= 1) known = after;
    changes += 1;
  };

  const install = async (): Promise<void> => {
    const openings = { close: [], open: desired.openings(now()) };
    forwards ||= openings.open.some(({ forwarding }) => forwarding !== undefined);
    known = runner.generation();
    await run(guardScript(desired.guard, forwards) + changeScript(openings, now()));
    shown = withoutCounters(await runner.list(TABLE));
  };

  /** Whether every live element is there. Not asked at every turn, for it takes long where there are many. */
  const holdsElements = async (): Promise<boolean> => {
    const begin = now();
    const lasting = desired.openings(begin).filter(({ ends }) => ends - begin > NEAR_END_MS);
    const holds = lasting.length === 0 || (await runner.wouldRun(probeScript(lasting)));
    const end = now();
    nextProbe = end + REST_FACTOR * (end - begin);
    return holds;
  };

  return {
    description: `nftables through ${runner.description}`,
    synchronize: async (guard, openings, mayForward) => {
      desired.replace(guard, openings);
      forwards = mayForward;
      await install();
    },
    apply: async (list) => {
      const undo = desired.apply(list);
      desired.prune(now());
      try {
        await run(list.map((change) => changeScript(change, now())).join(''));
      } catch {
        // Most likely somebody has flushed the ruleset: all of it is made anew, the changes included.
        try {
          await install();
        } catch (error) {
          undo();
          throw error;
        }
      }
    },
    repair: async () => {
      const generation = runner.generation();
      if (generation !== undefined && generation === known) return false;
      const count = changes;
      if (shown !== undefined && withoutCounters(await runner.list(TABLE)) === shown) {
        // Between two looks at the elements it stays open whether they are all there.
        if (now() < nextProbe) return false;
        const holds = await holdsElements();
        if (changes !== count) return false;
        if (holds) {
          known = generation;
          return false;
        }
      }
      await install();
      return true;
    },
    flush: async () => {
      await runner.run(flushScript());
      shown = undefined;
    },
  };
};

/** Packet counts change of themselves. */
const withoutCounters = (listing: string | undefined): string | undefined =>
  listing?.replace(/counter packets \d+ bytes \d+/g, 'counter');
