/** What a firewall adds to each new connection: TCP connections a second past it, in turns with a host that has none. */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import type { Host } from '../../test/support/host.ts';
import type { Lab } from '../../test/support/lab.ts';
import { repositoryRoot } from '../../test/support/paths.ts';
import { QUIET_ENVIRONMENT } from '../environment.ts';
import type { Quiet } from '../quiet.ts';
import { summarize } from '../summary.ts';

const PORT = 22;
const TURN_MS = 100;

/** @throws Error with the remedy when there is no compiler, or its words when it refuses. */
export function compileConnects(folder: string): string {
  const program = join(folder, 'connects');
  const source = join(repositoryRoot(), 'bench/native/connects.c');
  const { status, stderr, error } = spawnSync('cc', ['-O2', '-o', program, source], { encoding: 'utf8' });
  if (error !== undefined) throw new Error('the question "firewall" needs a C compiler: install the package gcc');
  if (status !== 0) throw new Error(`${source} does not compile:\n${stderr}`);
  return program;
}

export interface ConnectionSetting {
  readonly lab: Lab;
  readonly quiet: Quiet;
  readonly program: string;
  /** With a firewall and without. */
  readonly turns: number;
}

export interface ConnectionRate {
  readonly bare: number;
  readonly share: number;
}

/** `bare` and `guarded` are hosts of the laboratory; the client may enter both. Medians of all turns. */
export async function compareConnections(
  setting: ConnectionSetting,
  bare: Host,
  guarded: Host,
): Promise<ConnectionRate> {
  const { lab, quiet, program, turns } = setting;
  const client = lab.host('client');
  const servers = [bare, guarded].map((host) => host.spawn(program, ['serve', String(PORT)]));
  await Promise.all(servers.map((server) => server.waitForLine(/^ready$/)));
  const rate = async (host: Host): Promise<number> =>
    Number(
      await client.run(program, ['ask', host.address4, String(PORT), String(TURN_MS)], { env: QUIET_ENVIRONMENT }),
    );
  await rate(bare);
  await rate(guarded);
  const rates: [number[], number[]] = [[], []];
  for (let turn = 0; turn < turns; turn++) {
    const [one, other] = await quiet.measure(async () => [await rate(bare), await rate(guarded)] as const);
    rates[0].push(one);
    rates[1].push(other);
  }
  await Promise.all(servers.map((server) => server.stop()));
  // Each turn against its neighbour: what slows the machine for a while slows both.
  const shares = rates[0].map((one, index) => (rates[1][index] ?? 0) / one);
  return { bare: summarize(rates[0]).median, share: summarize(shares).median };
}
