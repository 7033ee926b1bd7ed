/**
 * What refusing one packet costs the receiver, in this process: decoding the frame, hint, MAC, count; beside a callback that
 * does nothing and is called in the same way. And what keeping the hints of many clients costs.
 */
import { type UnixMs, unixMs } from '../../src/base/units.ts';
import { WINDOW_MS } from '../../src/spa/native/layout.ts';
import type { Answer, Question, Setting } from '../question.ts';
import { summarize } from '../summary.ts';
import { figure, type Table } from '../table.ts';
import { type Kind, KINDS, makeSubject, PAYLOAD_OFFSET, type Subject } from './subject.ts';

const CHORES_EVERY_MS = 200;

type Take = (link: 'ethernet', bytes: Uint8Array, length: number, now: UnixMs) => void;

/** What is measured of one kind of junk with so many clients, in nanoseconds of processor time a packet, medians. */
interface Cost {
  readonly kind: Kind;
  readonly clients: number;
  readonly ns: number;
  readonly emptyNs: number;
}

/** Keeping hints: the start, and over five minutes of calls what they took at the most, in milliseconds of processor time. */
interface Keeping {
  readonly clients: number;
  readonly startMs: number;
  readonly longestMs: number;
  readonly secondMs: number;
  readonly most: number;
}

export const GATE: Question = {
  name: 'gate',
  summary:
    'What refusing one packet of junk costs in the receiver, by kind and number of clients, beside an empty callback; and what keeping hints costs.',
  ask: (setting) => Promise.resolve(answer(setting)),
};

function answer({ mode, rounds, progress }: Setting): Answer {
  const sizes = mode === 'full' ? [1, 100, 10_000, 100_000] : [1, 10_000];
  const times = mode === 'full' ? 2_000_000 : 100_000;
  const costs = sizes.flatMap((clients) => {
    progress(`gate: ${String(clients)} clients`);
    const subject = makeSubject(clients);
    return KINDS.map((kind) => costOf(subject, kind, clients, times, Math.max(3, rounds)));
  });
  const keepings = sizes.filter((clients) => clients >= 100).map(keep);
  return {
    tables: [costTable(costs, sizes), keepingTable(keepings)],
    plots: [
      {
        name: 'gate',
        title: 'Refusing one packet in the receiver',
        description:
          'Nanoseconds of processor time a refused packet by the number of clients, beside an empty callback.',
        x: { label: 'clients', scale: 'log' },
        y: { label: 'ns a packet', scale: 'linear' },
        series: KINDS.map((kind) => ({
          name: kind,
          points: costs.filter((cost) => cost.kind === kind).map(({ clients, ns }) => ({ x: clients, y: ns })),
        })),
      },
    ],
    figures: { costs, keepings },
  };
}

function costOf(subject: Subject, kind: Kind, clients: number, times: number, rounds: number): Cost {
  const now = unixMs(Date.now());
  const frame = subject.frameOf(kind, now);
  const isNew = kind === 'unknown hint';
  const take: Take = (link, bytes, length, at) => subject.loop.frame(link, bytes, length, at);
  let seen = 0;
  const empty: Take = (_, bytes) => (seen += bytes.length);
  const count = kind === 'right hint, wrong MAC' ? times / 20 : times;
  const [own, none]: [number[], number[]] = [[], []];
  for (let round = 0; round <= rounds; round += 1) {
    const [emptyNs, ns] = [pass(empty, frame, isNew, count, now), pass(take, frame, isNew, count, now)];
    // The first round is for the compiler.
    if (round === 0) subject.counts();
    else {
      own.push(ns);
      none.push(emptyNs);
    }
  }
  const refused = Object.values(subject.counts()).reduce((sum, one) => sum + one, 0);
  if (refused !== rounds * count || seen === 0) throw new Error(`${String(refused)} packets were refused as junk`);
  return { kind, clients, ns: summarize(own).median, emptyNs: summarize(none).median };
}

/** Nanoseconds of processor time a call. Where the hint is to be new each time it is written anew, for whoever is called. */
function pass(take: Take, frame: Uint8Array, isNew: boolean, times: number, now: UnixMs): number {
  let state = 1;
  const before = process.cpuUsage();
  for (let turn = 0; turn < times; turn += 1) {
    if (isNew) state = renew(frame, state);
    take('ethernet', frame, frame.length, now);
  }
  const { user, system } = process.cpuUsage(before);
  return ((user + system) * 1000) / times;
}

/** Eight other bytes, by Marsaglia's xorshift. */
function renew(frame: Uint8Array, state: number): number {
  let word = state;
  for (let at = PAYLOAD_OFFSET; at < PAYLOAD_OFFSET + 8; at += 4) {
    word ^= word << 13;
    word ^= word >>> 17;
    word ^= word << 5;
    frame[at] = word;
    frame[at + 1] = word >> 8;
    frame[at + 2] = word >> 16;
    frame[at + 3] = word >> 24;
  }
  return word;
}

function millisecondsSince(before: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}

function keep(clients: number): Keeping {
  const began = process.cpuUsage();
  const { gate: subject } = makeSubject(clients);
  const start = Date.now();
  while (subject.advance(unixMs(start)) > 0);
  const startMs = millisecondsSince(began);
  const took: number[] = [];
  let most = 0;
  for (let now = start; now < start + 5 * WINDOW_MS; now += CHORES_EVERY_MS) {
    const before = process.cpuUsage();
    most = Math.max(most, subject.advance(unixMs(now)));
    took.push(millisecondsSince(before));
  }
  const [longestMs = 0, secondMs = 0] = took.toSorted((a, b) => b - a);
  return { clients, startMs, longestMs, secondMs, most };
}

function costTable(costs: readonly Cost[], sizes: readonly number[]): Table {
  const find = (kind: Kind, clients: number): Cost | undefined =>
    costs.find((cost) => cost.kind === kind && cost.clients === clients);
  const [first = 1] = sizes;
  return {
    title: 'Refusing one packet in the receiver: ns of processor time, in process, medians',
    head: ['kind', ...sizes.map((clients) => `${String(clients)} clients`), 'empty callback', '10 000 to 1'],
    rows: KINDS.map((kind) => [
      kind,
      ...sizes.map((clients) => figure(find(kind, clients)?.ns ?? 0)),
      figure(find(kind, first)?.emptyNs ?? 0),
      `${((find(kind, 10_000)?.ns ?? 0) / (find(kind, first)?.ns ?? 1)).toFixed(2)}×`,
    ]),
    notes: [
      'Decoding the frame included; what the capture costs is not. Each unknown hint is another one, and is written into the frame by the loop that calls, as for the empty callback.',
    ],
  };
}

function keepingTable(keepings: readonly Keeping[]): Table {
  return {
    title: 'Keeping hints, one call each 200 ms for five minutes: processor time',
    head: ['clients', 'start, ms', 'longest call, ms', 'second longest, ms', 'hints a call at most'],
    rows: keepings.map(({ clients, startMs, longestMs, secondMs, most }) => [
      String(clients),
      ...[startMs, longestMs, secondMs].map(figure),
      String(most),
    ]),
    notes: ['The calls are made one after another, so that the five minutes take as long as the work does.'],
  };
}
