import type { KnockIo, LookupFailure, KnockAddress } from '../../../../client/knock/io.ts';
import { unixMs } from '../../../../src/base/units.ts';

/** What the world would have been asked to do, in its order: `lookup gw`, `tcp 192.0.2.1 7000`, `sleep 5`. */
export interface SeenKnocks {
  readonly deeds: string[];
  readonly stdout: () => string;
  readonly stderr: () => string;
}

export interface FakeKnockWorld {
  readonly names?: Readonly<Record<string, KnockAddress | LookupFailure>>;
  readonly services?: string;
  readonly posixly?: boolean;
  readonly home?: string;
  readonly now?: number;
}

/** A world in which every host is 192.0.2.1 unless told otherwise, and nothing leaves. */
export const fakeKnockIo = (world: FakeKnockWorld = {}): KnockIo & SeenKnocks => {
  const [out, err, deeds]: [string[], string[], string[]] = [[], [], []];
  const note = (deed: string): Promise<void> => {
    deeds.push(deed);
    return Promise.resolve();
  };
  return {
    ...{ deeds, stdout: () => out.join(''), stderr: () => err.join('') },
    out: (text) => out.push(text),
    err: (text) => err.push(text),
    env: world.home === undefined ? {} : { HOME: world.home },
    posixly: world.posixly === true,
    now: () => unixMs(world.now ?? Date.UTC(2026, 0, 1)),
    lookup: async (host, family) => {
      await note(`lookup ${host}${family === undefined ? '' : ` ${String(family)}`}`);
      return world.names?.[host] ?? { address: '192.0.2.1', family: 4 };
    },
    services: () => world.services ?? '',
    hitTcp: (to, port) => note(`tcp ${to.address} ${String(port)}`),
    hitUdp: (to, port) => note(`udp ${to.address} ${String(port)}`),
    sleep: (milliseconds) => note(`sleep ${String(milliseconds)}`),
  };
};
