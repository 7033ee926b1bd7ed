/** The question "throughput": valid packets with grants that are real, a second. See docs/performance.md. */
import { daemonDirectives } from '../../src/config/daemon-directives.ts';
import type { Arena } from '../arena.ts';
import { fwknopd } from '../daemons/fwknopd.ts';
import { BURST_OPEN_FOR, measureBurst } from '../fwknop/burst.ts';
import type { Setting } from '../question.ts';
import { type Summary, summarize } from '../summary.ts';
import { compileTextSender } from '../text-sender.ts';
import { measureStream } from './stream.ts';

/** fwknopd opens about a hundred a second, and slows down as they grow more. */
const PACKETS = { short: { spad: 1000, fwknopd: 50 }, full: { spad: 10_000, fwknopd: 1000 } } as const;

export interface ThroughputLine {
  readonly name: string;
  readonly packets: number;
  readonly perSecond: Summary;
  /** Packets of all rounds that opened nothing. */
  readonly lost: number;
}

export interface ThroughputReport {
  readonly rounds: number;
  readonly lines: readonly ThroughputLine[];
}

/** One round: how many opened, and how fast. */
interface Round {
  readonly granted: number;
  readonly perSecond: number;
}

interface Subject {
  readonly name: string;
  readonly packets: number;
  readonly run: () => Promise<Round>;
}

/** The rounds of all, in turns. */
export async function measureThroughput(setting: Setting & Pick<Arena, 'client' | 'hosts'>): Promise<ThroughputReport> {
  const { rounds, progress } = setting;
  const seen = subjectsOf(setting).map((subject) => ({ subject, results: [] as Round[] }));
  for (let round = 0; round < rounds; round++) {
    for (const { subject, results } of seen) {
      progress(`throughput, round ${round + 1} of ${rounds}: ${subject.name}`);
      results.push(await subject.run());
    }
  }
  const lines = seen.map(({ subject: { name, packets }, results }) => ({
    ...{ name, packets, perSecond: summarize(results.map((one) => one.perSecond)) },
    lost: results.reduce((sum, { granted }) => sum + packets - granted, 0),
  }));
  return { rounds, lines };
}

function subjectsOf(setting: Setting & Pick<Arena, 'client' | 'hosts'>): Subject[] {
  const { quiet, scratch, client, hosts, mode } = setting;
  const count = PACKETS[mode];
  const own = ['pcap', 'udp', 'nflog'].filter((capture) => daemonDirectives.capture.parse(capture).ok);
  const subjects = own.map((capture): Subject => ({
    ...{ name: `spad, ${capture}`, packets: count.spad },
    run: () => quiet.measure(() => measureStream(capture, scratch.newFolder(), count.spad)),
  }));
  if (hosts.fwknopd === undefined) return subjects;
  const program = compileTextSender(scratch.newFolder());
  const peer = fwknopd('pcap', hosts.fwknopd[0], client, { openForSeconds: BURST_OPEN_FOR, quiet: true });
  const run = async (): Promise<Round> => {
    const { opened, perSecond } = await measureBurst({ client, program, scratch, quiet }, peer, count.fwknopd);
    return { granted: opened, perSecond };
  };
  return [...subjects, { name: peer.name, packets: count.fwknopd, run }];
}
