/** Who is answered, what, and in which place among the effects. */
import { describe, expect, test } from 'vitest';
import type { Stanza } from '../../../src/access/stanza.ts';
import { type Moment, seconds, steadyMs, unixMs } from '../../../src/base/units.ts';
import type { Decision, ReplyEffect } from '../../../src/engine/effect.ts';
import type { Engine } from '../../../src/engine/engine.ts';
import type { Candidate } from '../../../src/engine/input.ts';
import type { SpaRequest } from '../../../src/spa/request.ts';
import { ip, portOf, present, specs } from '../values.ts';
import { candidateAt, engineOf, EPOCH, moment, policyOf, show, stanzaOf } from './desk.ts';

const NOW = moment(0);
const PATH = { sourcePort: portOf(40_000), at: ip('198.51.100.7') };

const candidateOf = (request: Partial<SpaRequest>): Candidate => {
  const input = candidateAt(NOW, { request: { reply: true, ...request } });
  if (input.kind !== 'candidate') throw new Error('the desk makes candidates');
  return { ...input.candidate, replyPath: PATH };
};

const withoutWay = ({ client, source, captured, datagram }: Candidate): Candidate => ({
  ...{ client, source, captured, datagram },
});

const engineFor = (fields: Partial<Stanza> = {}): Engine => engineOf(policyOf([stanzaOf('alice', fields)]));

const decide = (candidate: Candidate, engine = engineFor()): Decision =>
  present(engine.handle({ kind: 'candidate', candidate }, NOW)[0]);

const replyIn = (decision: Decision): ReplyEffect | undefined => decision.find((effect) => effect.kind === 'reply');

describe('a packet that is genuine and new is answered', () => {
  test('once the firewall shows the grant: when it ends, bound to the MAC of that datagram', () => {
    const candidate = candidateOf({ ports: specs('tcp/22') });
    const decision = decide(candidate);
    expect(show([decision])).toEqual([
      ...['remember', 'record +g1', 'open 192.0.2.1 tcp/22 until 30000'],
      ...['reply opened to 192.0.2.1', 'audit granted alice'],
    ]);
    const reply = present(replyIn(decision));
    expect(reply).toMatchObject({ outcome: { status: 'opened', ends: EPOCH + 30_000 }, path: PATH });
    expect(reply.requestMac).toEqual(candidate.datagram.slice(-32));
  });

  test.each([
    ['port-not-allowed', { ports: specs('tcp/2000') }],
    ['command-not-allowed', { type: 'command', command: 'uptime' }],
    ['nothing-to-close', { type: 'close' }],
  ] as const)('with %s where the policy refuses', (reason, request) => {
    expect(replyIn(decide(candidateOf(request)))?.outcome).toEqual({ status: 'refused', reason });
  });

  test('in whole milliseconds, for the steady clock has fractions of them', () => {
    const later: Moment = { wall: unixMs(EPOCH + 7), steady: steadyMs(1000.3) };
    const engine = engineFor();
    decide(candidateOf({ openFor: seconds(60) }), engine);
    const input = { kind: 'candidate', candidate: candidateOf({ openFor: seconds(5) }) } as const;
    const reply = present(replyIn(present(engine.handle(input, later)[0])));
    // 60 000 - 1000.3 ms after now.
    expect(reply.outcome).toEqual({ status: 'opened', ends: EPOCH + 7 + 58_999 });
  });

  test('with "closed"', () => {
    const engine = engineFor();
    decide(candidateOf({}), engine);
    expect(replyIn(decide(candidateOf({ type: 'close' }), engine))?.outcome).toEqual({ status: 'closed' });
  });

  test.each(['remember', 'change-firewall'] as const)('with "failed", and nothing else, where %s fails', (kind) => {
    const engine = engineFor();
    const decision = decide(candidateOf({}), engine);
    const effect = present(decision.find((one) => one.kind === kind));
    const after = engine.handle({ kind: 'effect-failed', failure: { effect, decision, message: 'no' } }, NOW);
    expect(after.map(replyIn).filter((reply) => reply !== undefined)).toMatchObject([
      { outcome: { status: 'failed' } },
    ]);
  });
});

describe('silence for', () => {
  test.each([
    ['whoever does not ask', candidateOf({ reply: false })],
    ['a stale packet', candidateOf({ time: unixMs(EPOCH - 121_000) })],
    ['a packet from the future', candidateOf({ time: unixMs(EPOCH + 121_000) })],
    ['whoever comes by no way back', withoutWay(candidateOf({}))],
  ])('%s', (_, candidate) => {
    expect(replyIn(decide(candidate))).toBeUndefined();
  });

  test('a packet that comes again, and one that is spoilt', () => {
    const engine = engineFor();
    const candidate = candidateOf({});
    expect(replyIn(decide(candidate, engine))).toBeDefined();
    expect(replyIn(decide(candidate, engine))).toBeUndefined();
    const spoilt = candidateOf({});
    spoilt.datagram[175] = (spoilt.datagram[175] ?? 0) ^ 1;
    expect(replyIn(decide(spoilt, engine))).toBeUndefined();
  });

  test('a client of a stanza that does not want it', () => {
    expect(replyIn(decide(candidateOf({}), engineFor({ reply: false })))).toBeUndefined();
  });
});
