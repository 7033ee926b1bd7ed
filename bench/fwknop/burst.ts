/** Many genuine packets of fwknop's at once, each for an address of its own: how many open, and how fast. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Host } from '../../test/support/host.ts';
import { type Contender, type FwknopDaemon, portRange } from '../daemons/contender.ts';
import { withDaemon } from '../daemons/with-daemon.ts';
import type { Quiet } from '../quiet.ts';
import type { Scratch } from '../scratch.ts';
import { TextSender } from '../text-sender.ts';

/** Packets a second. */
const RATE = 5000;
const TIMEOUT_MS = 60_000;
/** How long each port stays open: longer than the burst is watched. */
export const BURST_OPEN_FOR = 300;

/** What a burst needs; `program`: the compiled sender of texts. */
export interface BurstPlace {
  readonly client: Host;
  readonly program: string;
  readonly scratch: Scratch;
  readonly quiet: Quiet;
}

export interface Burst {
  /** Those of the burst that had opened in time. */
  readonly opened: number;
  readonly perSecond: number;
}

/** A burst of `count` packets, at most 15 000, to a daemon of its own, which leaves ports open for {@link BURST_OPEN_FOR} seconds. */
export async function measureBurst(
  { client, program, scratch, quiet }: BurstPlace,
  contender: Contender<FwknopDaemon>,
  count: number,
): Promise<Burst> {
  const sender = await TextSender.between(program, scratch.newFolder(), client, contender.host);
  return withDaemon(scratch, contender, portRange(1), async (daemon) => {
    const sources = await daemon.packetsFor(Array.from({ length: count }, (_, index) => burstAddress(index)));
    const texts = sources.map((source) => Buffer.from(source()).toString('latin1'));
    const send = (): Promise<void> => sender.send({ source: client.address4, texts, count: texts.length, rate: RATE });
    return quiet.measure(
      () => burst(contender, daemon, send, count),
      () => false,
    );
  });
}

const burstAddress = (index: number): string => `10.50.${Math.floor(index / 250)}.${1 + (index % 250)}`;

/** Counts what is open in the firewall, which for fwknopd alone is another question than what it has read. */
async function burst(
  { host, kind }: Contender,
  daemon: FwknopDaemon,
  send: () => Promise<void>,
  count: number,
): Promise<Burst> {
  const begin = performance.now();
  const countOpened = async (): Promise<number> => {
    if (kind === 'spad' || daemon.handled() < count) return daemon.handled();
    return (await host.run('iptables', ['-w', '-S'])).split(' -s 10.50.').length - 1;
  };
  await send();
  let opened = await countOpened();
  while (opened < count && performance.now() - begin < TIMEOUT_MS) {
    await sleep(10);
    opened = await countOpened();
  }
  return { opened, perSecond: (opened * 1000) / (performance.now() - begin) };
}
