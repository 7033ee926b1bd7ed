/** Emergency codes on their road: of the stanza, new, and used up whatever becomes of them. */
import { describe, expect, test } from 'vitest';
import { type Moment, seconds, steadyMs, unixMs } from '../../../src/base/units.ts';
import type { Engine } from '../../../src/engine/engine.ts';
import { codeHolders } from '../../../src/engine/emergency.ts';
import type { Input } from '../../../src/engine/input.ts';
import type { Policy } from '../../../src/engine/policy.ts';
import type { Stanza } from '../../../src/access/stanza.ts';
import { UsedCodes } from '../../../src/replay/used-codes.ts';
import { type CodeRange, codeOwnerOf, sealCode } from '../../../src/spa/native/code.ts';
import type { SpaRequest } from '../../../src/spa/request.ts';
import { cidr, ip, present, requestOf, secretOf, specs } from '../values.ts';
import { candidateAt, engineOf, EPOCH, moment, policyOf, SERVER, show, stanzaOf } from './desk.ts';

interface Sent {
  readonly client?: number;
  readonly by?: number;
  readonly source?: string;
  readonly server?: string;
  readonly request?: Partial<SpaRequest>;
}

/** Code `number` of client `by`, handed over as client `client`'s. */
const codeInput = (
  number: number,
  { client = 0, by = client, source = '192.0.2.1', server = SERVER, request = {} }: Sent = {},
): Input => ({
  kind: 'candidate',
  candidate: {
    ...{ client, source: ip(source), captured: unixMs(0) },
    datagram: sealCode(number, requestOf(request), secretOf(by), server),
  },
});

/** Alice has the codes 1 to 8, bob has none. */
const policyWith = (range: CodeRange | undefined = { first: 1, last: 8 }, fields: Partial<Stanza> = {}): Policy => {
  const policy = policyOf([stanzaOf('alice', fields), stanzaOf('bob')]);
  const [alice, ...others] = policy.clients;
  return { ...policy, clients: [{ ...present(alice), codes: range }, ...others] };
};

const decide = (engine: Engine, input: Input, now: Moment = moment(0)): string[] => show(engine.handle(input, now));

const OPENED = ['record +g1', 'open 192.0.2.1 tcp/22 until 30000', 'audit granted alice'];

describe('a code', () => {
  test('is used up, then opened, then recorded, then told with its number', () => {
    const engine = engineOf(policyWith());
    const [decision] = engine.handle(codeInput(3), moment(0));
    expect(show([present(decision)])).toEqual(['use code 3', ...OPENED]);
    expect(decision?.at(-1)).toMatchObject({ line: { event: 'granted', code: 3, format: 'native' } });
  });

  test.each([0, 30_000, EPOCH, 4_102_444_800_000, 2 ** 53 - 1])('opens when the clock says %d', (wall) => {
    const now = { wall: unixMs(wall), steady: steadyMs(0) };
    expect(decide(engineOf(policyWith()), codeInput(1), now)[0]).toBe('use code 1');
    expect(decide(engineOf(policyWith()), codeInput(8), now)[0]).toBe('use code 8');
  });

  test('opens once, also in one burst, for another source and asking for something else', () => {
    const engine = engineOf(policyWith());
    expect(decide(engine, codeInput(3))).toHaveLength(4);
    expect(decide(engine, codeInput(3))).toEqual(['audit rejected alice code-used']);
    expect(decide(engine, codeInput(3, { source: '198.51.100.7' }))).toEqual(['audit rejected alice code-used']);
    expect(decide(engine, codeInput(3, { request: { ports: specs('tcp/80') } }))).toEqual([
      'audit rejected alice code-used',
    ]);
    expect(decide(engine, codeInput(4))[0]).toBe('use code 4');
  });

  test('never becomes old enough to be forgotten', () => {
    const engine = engineOf(policyWith());
    decide(engine, codeInput(3));
    for (const years of [1, 10, 100]) {
      const later = moment(years * 365 * 86_400_000);
      engine.handle({ kind: 'tick' }, later);
      expect(decide(engine, codeInput(3), later)).toEqual(['audit rejected alice code-used']);
    }
  });

  test('that an earlier run has let in is used', () => {
    const owner = codeOwnerOf(present(policyWith().clients[0]).keys.code);
    const usedCodes = new UsedCodes([{ owner, first: 2, last: 4 }]);
    const engine = engineOf(policyWith(), 100, { usedCodes });
    expect(decide(engine, codeInput(2))).toEqual(['audit rejected alice code-used']);
    expect(decide(engine, codeInput(5))[0]).toBe('use code 5');
  });

  test('opens for a sealed address alone, where it has one', () => {
    const request = { addresses: [cidr('203.0.113.9')], openFor: seconds(600), ports: specs('tcp/80') };
    expect(decide(engineOf(policyWith()), codeInput(1, { request }))[2]).toBe('open 203.0.113.9 tcp/80 until 600000');
  });

  test('leaves the replay cache alone', () => {
    const engine = engineOf(policyWith());
    decide(engine, codeInput(3));
    expect(decide(engine, candidateAt(moment(0)))[0]).toBe('remember');
  });
});

describe('a code that the policy refuses is used up as well, for it could be sent again from elsewhere:', () => {
  test.each<readonly [string, Partial<Stanza>, Sent]>([
    ['source-not-allowed', { sources: [cidr('198.51.100.0/24')] }, {}],
    ['address-required', { requireAddress: true }, {}],
    ['port-not-allowed', {}, { request: { ports: specs('tcp/2000') } }],
    ['stanza-expired', { expires: unixMs(EPOCH) }, {}],
    ['nothing-to-close', {}, { request: { type: 'close' } }],
  ])('%s', (reason, fields, sent) => {
    const engine = engineOf(policyWith(undefined, fields));
    expect(decide(engine, codeInput(3, sent))).toEqual(['use code 3', `audit rejected alice ${reason}`]);
    expect(decide(engine, codeInput(3))).toEqual(['audit rejected alice code-used']);
  });
});

describe('nothing is used up by', () => {
  const expectRefused = (input: Input, reason: string, engine = engineOf(policyWith())): void => {
    const stanza = input.kind === 'candidate' && input.candidate.client === 1 ? 'bob' : 'alice';
    expect(decide(engine, input)).toEqual([`audit rejected ${stanza} ${reason}`]);
    expect(decide(engine, codeInput(3))[0]).toBe('use code 3');
  };

  test('a number outside the range', () => {
    expectRefused(codeInput(9), 'code-unknown');
    expectRefused(codeInput(59_999), 'code-unknown');
  });

  test('a code of a client without codes, whatever the receiver says', () => {
    expectRefused(codeInput(3, { client: 1 }), 'code-unknown');
    const engine = engineOf(policyWith());
    const in1970 = { wall: unixMs(30_000), steady: steadyMs(0) };
    expect(decide(engine, codeInput(3, { client: 1 }), in1970)).toEqual(['audit rejected bob code-unknown']);
  });

  test('a code handed over as somebody else’s, or made for another server', () => {
    expectRefused(codeInput(3, { client: 1, by: 0 }), 'bad-mac');
    expectRefused(codeInput(3, { server: 'gw2' }), 'bad-mac');
  });

  test('the ordinary packets of a client whose clock stands in 1970', () => {
    const engine = engineOf(policyWith());
    for (let time = 0; time < 60_000; time += 7333) {
      const input = candidateAt({ ...moment(0), wall: unixMs(time) });
      expect(decide(engine, input)).toEqual(['audit rejected alice stale']);
    }
    expect(decide(engine, codeInput(3))[0]).toBe('use code 3');
  });
});

describe('a reload', () => {
  test('with another range revokes what is not in it, and a range put back brings nothing back', () => {
    const engine = engineOf(policyWith());
    decide(engine, codeInput(3));
    engine.handle({ kind: 'reload', policy: policyWith({ first: 9, last: 16 }) }, moment(0));
    expect(decide(engine, codeInput(4))).toEqual(['audit rejected alice code-unknown']);
    expect(decide(engine, codeInput(9))[0]).toBe('use code 9');
    engine.handle({ kind: 'reload', policy: policyWith({ first: 1, last: 16 }) }, moment(0));
    expect(decide(engine, codeInput(3))).toEqual(['audit rejected alice code-used']);
    expect(decide(engine, codeInput(9))).toEqual(['audit rejected alice code-used']);
    expect(decide(engine, codeInput(4))[0]).toBe('use code 4');
  });

  test('that calls the stanza something else brings nothing back either', () => {
    const engine = engineOf(policyWith());
    decide(engine, codeInput(3));
    const renamed = policyOf([stanzaOf('alicia')]);
    const clients = renamed.clients.map((client) => ({ ...client, codes: { first: 1, last: 8 } }));
    engine.handle({ kind: 'reload', policy: { ...renamed, clients } }, moment(0));
    expect(decide(engine, codeInput(3))).toEqual(['audit rejected alicia code-used']);
  });
});

test('where it cannot be marked as used, nothing is granted, and it stays used for this run', () => {
  const engine = engineOf(policyWith());
  const [decision] = engine.handle(codeInput(3), moment(0));
  const effect = present(decision?.[0]);
  const failure = { effect, decision: present(decision), message: 'no space' };
  expect(show(engine.handle({ kind: 'effect-failed', failure }, moment(0)))).toEqual([
    'audit failed alice journal-failed',
  ]);
  expect(engine.grants()).toEqual([]);
  expect(decide(engine, codeInput(3))).toEqual(['audit rejected alice code-used']);
});

test('those who have codes are known by their secrets', () => {
  const { clients } = policyWith();
  expect(codeHolders(policyWith())).toEqual([
    { stanza: 'alice', owner: codeOwnerOf(present(clients[0]).keys.code), first: 1, last: 8 },
  ]);
});
