/** The nftables back-end: scripts of src/firewall/nft-script.ts, run as transactions, held against what the kernel shows. */
import type { SteadyMs } from '../../src/base/units.ts';
import { DesiredState } from '../../src/firewall/desired.ts';
import { changeScript, flushScript, guardScript, TABLE } from '../../src/firewall/nft-script.ts';
import type { FirewallBackend } from './backend.ts';
import type { NftRunner } from './nft-runner.ts';

/** `now` reads the steady clock: timeouts are worked out at the last instant. */
export const nftables = (runner: NftRunner, now: () => SteadyMs): FirewallBackend => {
  const desired = new DesiredState();
  /** What the table looked like when it was last known to be right. */
  let shown: string | undefined;

  const install = async (): Promise<void> => {
    const openings = { close: [], open: desired.openings(now()) };
    await runner.run(guardScript(desired.guard) + changeScript(openings, now()));
    shown = withoutCounters(await runner.list(TABLE));
  };

  return {
    description: `nftables through ${runner.description}`,
    synchronize: async (guard, openings) => {
      desired.replace(guard, openings);
      await install();
    },
    apply: async (changes) => {
      const undo = desired.apply(changes);
      desired.prune(now());
      try {
        await runner.run(changes.map((change) => changeScript(change, now())).join(''));
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
      if (shown !== undefined && withoutCounters(await runner.list(TABLE)) === shown) return false;
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
