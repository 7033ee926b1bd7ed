/** Answers which grants are used, from what the kernel says about connections. */
import type { AskConnectionsEffect } from '../src/engine/effect.ts';
import { type Holders } from '../src/engine/holders.ts';
import type { Input } from '../src/engine/input.ts';
import { UsedGrants } from '../src/firewall/used-grants.ts';
import { listConnections } from './firewall/connections.ts';
import { localAddresses } from './knockd/local-addresses.ts';
import type { Logger } from './log/logger.ts';

export interface ConnectionWatchParts {
  readonly logger: Logger;
  readonly onInput: (input: Input) => void;
}

export class ConnectionWatch {
  readonly #parts: ConnectionWatchParts;
  readonly #local = localAddresses(['any'], [4, 6]);
  /** What the operator has been told. */
  #told = '';

  constructor(parts: ConnectionWatchParts) {
    this.#parts = parts;
  }

  /** Finds out early whether the kernel tells, where somebody's grants depend on it. */
  prepare(holders: Holders): void {
    if ([...holders.values()].some(({ whileConnected }) => whileConnected)) void this.#used([]);
  }

  /** The answer comes as an input. */
  ask({ grants }: AskConnectionsEffect): void {
    void this.#used(grants).then((used) => this.#parts.onInput({ kind: 'connections', used }));
  }

  /** None where the kernel does not tell: such grants end on time. */
  async #used(grants: AskConnectionsEffect['grants']): Promise<readonly string[]> {
    const matcher = new UsedGrants(grants, this.#local());
    try {
      await listConnections((connection) => matcher.see(connection));
      this.#told = '';
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      if (message !== this.#told)
        this.#parts.logger.warn(
          `while_connected does nothing, for connections cannot be looked at: ${message}; grants end on time (modprobe nf_conntrack_netlink)`,
        );
      this.#told = message;
      return [];
    }
    return matcher.ids;
  }
}
