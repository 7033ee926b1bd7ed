/** The road of each kind of packet, told from what the gate and the engine have said. */
import { formatAllowed } from '../../src/base/allow-address.ts';
import { formatPortSpec } from '../../src/base/port-spec.ts';
import { formatAuditLine, type AuditLine } from '../../src/engine/audit.ts';
import type { Decision, Effect } from '../../src/engine/effect.ts';
import type { Candidate, FwknopCandidate } from '../../src/engine/input.ts';
import type { Policy } from '../../src/engine/policy.ts';
import { ageWords, type Explanation, refusalWords, requestWords, type Step } from '../../src/explain/explanation.ts';
import type { KnockEvent } from '../../src/knock/attempts.ts';
import type { Door } from '../../src/knock/door.ts';
import { DATAGRAM_SIZES } from '../../src/spa/native/layout.ts';
import { FWKNOP_GATE_REJECTIONS, GATE_REJECTIONS } from '../../src/spa/rejection.ts';
import { judgeFreshness } from '../../src/spa/freshness.ts';
import { unsealNative } from '../../src/spa/native/unseal.ts';

export type Facts = Pick<Explanation, 'number' | 'time' | 'source' | 'destination' | 'protocol' | 'bytes'>;

const step = (name: string, words: string): Step => ({ step: name, words });

/** What the receiver has dropped. */
export const explainDropped = (facts: Facts, counts: readonly string[]): Explanation => {
  const reason = counts[0] ?? 'nothing';
  const isNative = reason === 'unknown-hint' || reason === 'bad-mac';
  return {
    ...facts,
    format: isNative ? 'native' : OF_TEXTS.includes(reason) ? 'fwknop' : 'other',
    steps: gateSteps(reason, facts.bytes),
    ...{ audit: [], outcome: 'dropped', reason, words: refusalWords('dropped without a line', reason) },
  };
};

/** What is said of texts of fwknop's alone. */
const OF_TEXTS: readonly string[] = [
  ...FWKNOP_GATE_REJECTIONS.filter((reason) => GATE_REJECTIONS.every((other) => other !== reason)),
  ...['bad-request', 'over-budget', 'source-not-allowed'],
];

const gateSteps = (reason: string, bytes: number): readonly Step[] => {
  switch (reason) {
    case 'wrong-size':
      return [step('size', `${String(bytes)} bytes; a native packet has ${DATAGRAM_SIZES.join(', ')}`)];
    case 'unknown-hint':
      return [step('hint', 'of no client at this time: another key, another server name, a wrong clock, or junk')];
    case 'bad-mac':
      return [step('hint', 'of a client'), step('MAC', 'wrong: the packet was altered, or is junk')];
    default:
      return [];
  }
};

/** A native packet that has passed the gate. */
export const explainCandidate = (
  facts: Facts,
  { client, datagram }: Candidate,
  policy: Policy,
  decisions: readonly Decision[],
): Explanation => {
  const found = policy.clients[client];
  const name = found?.stanza.name ?? '?';
  const steps = [step('hint', `of ${name}`), step('MAC', `right: ${name} made it`)];
  const unsealed = found === undefined ? undefined : unsealNative(datagram, found.keys);
  if (unsealed?.ok === true) {
    const { request, code } = unsealed.value;
    steps.push(step('unsealed', requestWords(request)));
    if (code !== undefined) steps.push(step('code', `emergency code ${String(code)}: good whatever the clocks say`));
    else {
      const stale = judgeFreshness(request.time, facts.time, policy.maxAge);
      steps.push(step(stale ?? 'fresh', ageWords(request.time, facts.time, policy.maxAge)));
      if (stale === undefined) steps.push(replayStep(decisions));
    }
  } else if (unsealed !== undefined) steps.push(step('unsealed', `no: ${unsealed.error}`));
  return { ...facts, format: 'native', steps, ...outcomeOf(decisions, facts) };
};

const replayStep = (decisions: readonly Decision[]): Step => {
  const reason = linesOf(decisions)[0]?.reason;
  return reason === 'replayed' || reason === 'below-floor'
    ? step('replay', reason === 'replayed' ? 'seen before' : 'older than what the replay cache still knows')
    : step('replay', 'new; it would be remembered before anything is opened');
};

/** A text of fwknop's that has passed the gate; `grown`: what was counted where no line is written. */
export const explainText = (
  facts: Facts,
  { key, transport }: FwknopCandidate,
  decisions: readonly Decision[],
  grown: () => string | undefined,
): Explanation => {
  const [line] = linesOf(decisions);
  const steps = [
    step('HMAC', key === undefined ? 'none that we know; there are stanzas without' : 'right'),
    step('came by', transport),
    ...(line?.stanza === undefined
      ? []
      : [step('unsealed', `by ${line.stanza}${line.user === undefined ? '' : `; user ${line.user}`}`)]),
    ...(line?.skew === undefined ? [] : [step('clock', `${String(line.skew)} s against ours`)]),
    ...(decisions.flat().some(({ kind }) => kind === 'remember') ? [step('replay', 'fresh and new')] : []),
  ];
  const outcome = outcomeOf(decisions, facts);
  if (outcome.outcome !== 'nothing') return { ...facts, format: 'fwknop', steps, ...outcome };
  const reason = grown() ?? 'no-key-matched';
  const dropped = { outcome: 'dropped', reason, words: refusalWords('dropped without a line', reason) };
  return { ...facts, format: 'fwknop', steps, audit: [], ...dropped };
};

/** A packet that a door can see. */
export const explainKnock = (
  facts: Facts,
  doors: readonly Door[],
  events: readonly KnockEvent[],
  decisions: readonly Decision[],
): Explanation => {
  const steps = events.flatMap((event) => knockStep(event, doors));
  const none = step(
    'knock',
    'continues no attempt and begins none; an attempt of this source that waits for another port ends',
  );
  const outcome = outcomeOf(decisions, facts);
  const words = outcome.outcome === 'nothing' ? 'nothing opens yet' : outcome.words;
  return { ...facts, format: 'knock', steps: steps.length > 0 ? steps : [none], ...outcome, words };
};

const knockStep = (event: KnockEvent, doors: readonly Door[]): readonly Step[] => {
  if (event.kind === 'removed') return [];
  const door = doors[event.door];
  const name = `[${door?.name ?? '?'}]`;
  const all = String(door?.steps.length ?? 0);
  switch (event.kind) {
    case 'stage':
      return [step('knock', `${name} stage ${String(event.stage)} of ${all}`)];
    case 'open':
      return [step('knock', `${name} the sequence is whole`)];
    case 'sequence-timeout':
      return [step('timeout', `${name} an attempt at stage ${String(event.stage)} of ${all} took too long`)];
    case 'flags-ignored':
      return [step('flags', `${name} the TCP flags do not fit; the attempt goes on`)];
  }
};

const linesOf = (decisions: readonly Decision[]): readonly AuditLine[] =>
  decisions.flat().flatMap((effect) => (effect.kind === 'audit' ? [effect.line] : []));

const outcomeOf = (
  decisions: readonly Decision[],
  { time }: Facts,
): Pick<Explanation, 'audit' | 'outcome' | 'reason' | 'words'> => {
  const lines = linesOf(decisions);
  const audit = lines.map((line) => formatAuditLine(line, time));
  const [first] = lines;
  const asks = decisions.flat().some(({ kind }) => kind === 'ask');
  if (asks) return { audit, outcome: 'undecided', reason: undefined, words: ASKS };
  if (first === undefined) return { audit, outcome: 'nothing', reason: undefined, words: 'nothing' };
  const words = [...lines.map(lineWords), ...decisions.flat().flatMap(runWords)].join('; ');
  return { audit, outcome: first.event, reason: first.reason, words };
};

const ASKS = 'undecided: gpg would be run, or a name looked up, which is not done here';

const lineWords = ({ event, reason, ports = [], allow = [], until, forward }: AuditLine): string => {
  if (reason !== undefined) return refusalWords(event, reason);
  const what = ports.length === 0 ? '' : ` ${ports.map(formatPortSpec).join(', ')}`;
  const whom = allow.length === 0 ? '' : ` for ${allow.map(formatAllowed).join(' and ')}`;
  const end = until === undefined ? '' : ` until ${new Date(until).toISOString()}`;
  return `${event}${what}${whom}${forward === undefined ? '' : ', forwarded'}${end}`;
};

const runWords = (effect: Effect): readonly string[] => {
  if (effect.kind === 'run-command') return [`the commands of [${effect.door.name}] would be run for ${effect.source}`];
  return effect.kind === 'run-program' ? [`a program of ${effect.stanza} would be run`] : [];
};
