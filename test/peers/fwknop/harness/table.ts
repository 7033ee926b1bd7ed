/**
 * Many requests put to one daemon, each with a stanza and a port of its own: first every packet altered, then every
 * packet as it is, and once its effect is over, once more.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { waitFor } from '../../../support/wait.ts';
import { altered, seededNumbers } from './altered.ts';
import type { Variables } from './fwknopd.ts';
import { sides, type Side } from './peer.ts';
import { FIRST_INNER_PORT, FIRST_PORT, LOCAL_PORT, Stage } from './stage.ts';

/** In `stanza` and `client`, PORT is the case's own port, INNER_PORT that of the host behind, EFFECT_FILE its own file, and what {@link Stage.expand} replaces. */
export interface Case {
  readonly name: string;
  /** Lines of the stanza after its SOURCE, which is ANY unless this begins with another; each SOURCE begins a stanza. */
  readonly stanza: Variables;
  /** What the client is asked for. */
  readonly client: readonly string[];
  /**
   * `access`: the port opens · `nat`: it leads to the host behind · `local-nat`: to another port of the server ·
   * `command`: the file is there · `nothing`: the packet is refused.
   */
  readonly effect: 'access' | 'nat' | 'local-nat' | 'command' | 'nothing';
  /** Where connections come from; the client unless told. */
  readonly seenBy?: 'client' | 'other';
  /** The address from which the service at the end sees the connection, where it is not that of `seenBy`. */
  readonly seenAs?: string;
  /** What spad does where that is another thing, and is meant to be. */
  readonly spad?: { readonly effect?: Case['effect']; readonly seenAs?: string; readonly why: string };
  /** No HMAC: some of what is altered goes unnoticed by fwknopd. */
  readonly looseInFwknopd?: true;
}

export interface TableOptions {
  /** Lines of fwknopd.conf. */
  readonly conf?: Variables;
  /** How many packets may be in effect at a time in fwknopd, which loses sight of more than some 40 rules a chain. */
  readonly batch?: number;
}

/** What was seen of one case: of its packet altered, as it is, after its time, and again. */
interface Outcome {
  readonly altered: string;
  readonly packet: string;
  readonly afterwards: string;
  readonly replayed: string;
}

/** Seconds that a port stays open unless the case says otherwise; fwknopd needs a while for many. */
export const OPEN_FOR = 8;

/** How often a batch may be played on a machine so busy that ports had closed before they were looked at. */
const ATTEMPTS = 4;

/** A folder for what the daemons said: TITLE, SIDE.log. */
const KEEP = process.env['PEERS_KEEP'];

const SEED = 20_261_120;

class Table {
  private readonly side: Side;
  private readonly stage: Stage;
  private readonly cases: readonly Case[];

  constructor(side: Side, stage: Stage, cases: readonly Case[]) {
    this.side = side;
    this.stage = stage;
    this.cases = cases;
  }

  async play(options: TableOptions): Promise<ReadonlyMap<Case, Outcome>> {
    const { stage, cases } = this;
    const stanzas = cases.map((one) => this.stanzaOf(one));
    await stage.start(stanzas, options.conf);
    const outcomes = new Map<Case, Outcome>();
    const size = this.side === 'fwknopd' ? (options.batch ?? 30) : cases.length;
    for (let from = 0; from < cases.length; from += size) {
      for (const [one, outcome] of await this.playBatch(cases.slice(from, from + size))) outcomes.set(one, outcome);
    }
    await stage.peer.stop();
    return outcomes;
  }

  private async playBatch(batch: readonly Case[], attempt = 1): Promise<ReadonlyMap<Case, Outcome>> {
    const { stage } = this;
    const packets = await stage.fwknop.make(batch.map((one) => this.clientOf(one)));
    const number = seededNumbers(SEED);
    await stage.send(packets.flatMap((packet) => altered(packet, number)));
    await stage.settle();
    const afterAltered = await this.look(batch);
    const sent = performance.now();
    await stage.send(packets);
    await stage.settle();
    const afterPacket = await this.look(batch);
    const tookMs = performance.now() - sent;
    const afterwards = await this.closed(batch);
    if (tookMs > OPEN_FOR * 1000 - 500 && attempt < ATTEMPTS) return this.playBatch(batch, attempt + 1);
    await stage.send(packets);
    await stage.settle();
    const afterReplay = await this.look(batch);
    const outcome = (one: Case): Outcome => ({
      altered: afterAltered.get(one) ?? '?',
      packet: afterPacket.get(one) ?? '?',
      afterwards: afterwards.get(one) ?? '?',
      replayed: afterReplay.get(one) ?? '?',
    });
    return new Map(batch.map((one) => [one, outcome(one)]));
  }

  /** Looks until nothing is in effect any more; what is there at the end. */
  private async closed(batch: readonly Case[]): Promise<ReadonlyMap<Case, string>> {
    let last = new Map<Case, string>();
    const look = async (): Promise<true | undefined> => {
      last = await this.look(batch);
      return [...last.values()].every((seen) => seen === 'nothing') ? true : undefined;
    };
    await waitFor('everything to close', look, 4 * OPEN_FOR * 1000).catch(() => undefined);
    return last;
  }

  /** What can be seen of each case; the files of commands are gone afterwards. */
  private async look(batch: readonly Case[]): Promise<Map<Case, string>> {
    const { stage } = this;
    const seen = new Map<Case, string>();
    for (const name of ['client', 'other'] as const) {
      const looked = batch.filter(({ effect, seenBy = 'client' }) => effect !== 'command' && seenBy === name);
      const states =
        looked.length === 0
          ? []
          : await stage.scan(
              looked.map((one) => this.portOf(one)),
              stage[name],
            );
      const byPort = new Map(states);
      for (const one of looked) {
        const state = byPort.get(this.portOf(one)) ?? '?';
        seen.set(one, state === 'filtered' ? 'nothing' : state);
      }
    }
    for (const one of batch.filter(({ effect }) => effect === 'command')) {
      const file = `effect-${this.portOf(one)}`;
      seen.set(one, stage.hasEffect(file) ? 'ran' : 'nothing');
      stage.removeEffect(file);
    }
    return seen;
  }

  /** What must be seen of a case. */
  expected(one: Case): Outcome {
    const { effect, ...more } = this.side === 'fwknopd' ? one : { ...one, ...one.spad };
    const seenAs = this.stage.expand(more.seenAs ?? (one.seenBy === 'other' ? 'OTHER_IP' : 'CLIENT_IP'));
    const port = {
      access: this.portOf(one),
      nat: this.innerPortOf(one),
      'local-nat': LOCAL_PORT,
      command: 0,
      nothing: 0,
    }[effect];
    const open = `open hello from ${port} to ${seenAs}`;
    const packet = effect === 'nothing' ? 'nothing' : effect === 'command' ? 'ran' : open;
    return { altered: 'nothing', packet, afterwards: 'nothing', replayed: 'nothing' };
  }

  private portOf(one: Case): number {
    return FIRST_PORT + 1 + this.cases.indexOf(one);
  }

  private innerPortOf(one: Case): number {
    return FIRST_INNER_PORT + 1 + this.cases.indexOf(one);
  }

  private expand(one: Case, text: string): string {
    const port = this.portOf(one);
    const words = text.replaceAll('EFFECT_FILE', `EFFECTS/effect-${port}`);
    return this.stage.expand(
      words.replaceAll('INNER_PORT', String(this.innerPortOf(one))).replaceAll('PORT', String(port)),
    );
  }

  private clientOf(one: Case): readonly string[] {
    return one.client.map((word) => this.expand(one, word));
  }

  private stanzaOf(one: Case): Variables {
    const lines = one.stanza.map(([name, value]) => [name, this.expand(one, value)] as const);
    const source = lines[0]?.[0] === 'SOURCE' ? [] : [['SOURCE', 'ANY'] as const];
    const last = lines.slice(lines.findLastIndex(([name]) => name === 'SOURCE') + 1);
    const isTimed = last.some(([name]) => name === 'FW_ACCESS_TIMEOUT');
    const timeout = isTimed ? [] : [['FW_ACCESS_TIMEOUT', String(OPEN_FOR)] as const];
    return [...source, ...lines, ...timeout];
  }
}

/** A table on one side, played at most once. */
class Play {
  readonly side: Side;
  private readonly title: string;
  private readonly cases: readonly Case[];
  private readonly options: TableOptions;
  private started: Promise<ReadonlyMap<Case, Played>> | undefined;

  constructor(side: Side, title: string, cases: readonly Case[], options: TableOptions) {
    this.side = side;
    this.title = title;
    this.cases = cases;
    this.options = options;
  }

  outcomes(): Promise<ReadonlyMap<Case, Played>> {
    this.started ??= this.play();
    return this.started;
  }

  private async play(): Promise<ReadonlyMap<Case, Played>> {
    const stage = await Stage.create(this.side, this.cases.length + 1);
    try {
      const table = new Table(this.side, stage, this.cases);
      const outcomes = await table.play(this.options);
      const played = ([one, outcome]: [Case, Outcome]): [Case, Played] => [one, [outcome, table.expected(one)]];
      return new Map([...outcomes].map(played));
    } finally {
      if (KEEP !== undefined) writeFileSync(join(KEEP, `${this.title}, ${this.side}.log`), stage.peer.log());
      await stage.close();
    }
  }
}

/** What was seen, and what must be. */
type Played = readonly [Outcome, Outcome];

/** Those of this file. */
const plays: Play[] = [];

/** Plays the table on every side, those of a file at the same time, and makes a test of every case on each. */
export function table(title: string, cases: readonly Case[], options: TableOptions = {}): void {
  describe.each(sides())(`${title}: %s`, (side) => {
    const play = new Play(side, title, cases, options);
    plays.push(play);
    let outcomes: ReadonlyMap<Case, Played>;

    beforeAll(async () => {
      // Whoever comes first starts the others, too; each waits for its own.
      for (const one of plays) void one.outcomes().catch(() => undefined);
      outcomes = await play.outcomes();
    }, 600_000);

    test.each(cases.map((one) => [one.name, one] as const))('%s', (_, one) => {
      const [outcome, expected] = outcomes.get(one) ?? [];
      const loose = side === 'fwknopd' && one.looseInFwknopd === true;
      expect(loose ? { ...outcome, altered: 'nothing' } : outcome, one.spad?.why).toEqual(expected);
    });
  });
}
