/** What the operator does to grants: it is decided like a packet's wish, and answered once the firewall shows it. */
import { describe, expect, test } from 'vitest';
import { seconds } from '../../../src/base/units.ts';
import type { GrantChoice } from '../../../src/control/request.ts';
import type { Engine } from '../../../src/engine/engine.ts';
import type { Input } from '../../../src/engine/input.ts';
import { grantOf, ip, ports, present } from '../values.ts';
import { candidateAt, engineOf, moment, policyOf, show, stanzaOf } from './desk.ts';

const revoke = (choice: GrantChoice): Input => ({ kind: 'revoke', id: 'q', choice });
const some = (what: string, as?: 'id' | 'stanza' | 'address'): Input =>
  revoke({ kind: 'some', what, ...(as === undefined ? {} : { as }) });
const openByHand = (fields: Partial<Extract<Input, { kind: 'open-by-hand' }>> = {}): Input => ({
  ...{ kind: 'open-by-hand', id: 'q', stanza: 'operator', address: ip('192.0.2.7') },
  ...{ ports: ports('tcp/22'), openFor: seconds(60), ...fields },
});
const tell = (engine: Engine, input: Input, at = 0): string[] => show(engine.handle(input, moment(at)));

/** g1 of alice and g2 of bob for 192.0.2.1, g3 of alice for 192.0.2.2. */
const engineWithThree = (): Engine => {
  const engine = engineOf();
  engine.handle(candidateAt(moment(0)), moment(0));
  engine.handle(candidateAt(moment(0), { client: 1, request: { ports: ports('tcp/80') } }), moment(0));
  engine.handle(candidateAt(moment(0), { source: '192.0.2.2' }), moment(0));
  return engine;
};
const ids = (engine: Engine): string[] => engine.grants().map(({ id }) => id);

describe('revoked is', () => {
  test('a grant by its id: closed, recorded, told, answered, in this order', () => {
    const engine = engineWithThree();
    expect(tell(engine, some('g1'))).toEqual([
      'record -g1',
      'close 192.0.2.1 tcp/22 until 30000',
      'audit revoked alice operator',
      'answer q: g1',
    ]);
    expect(ids(engine)).toEqual(['g2', 'g3']);
    expect(engine.facts().counts).toMatchObject({ revoked: 1 });
  });

  test.each([
    [some('alice'), ['g2']],
    [some('192.0.2.1'), ['g3']],
    [some('::ffff:192.0.2.1', 'stanza'), ['g1', 'g2', 'g3']],
    [revoke({ kind: 'all' }), []],
  ])('what %j means', (input, left) => {
    const engine = engineWithThree();
    engine.handle(input, moment(0));
    expect(ids(engine)).toEqual(left);
  });

  test('nothing where the word may mean two things, until it is said which', () => {
    const engine = engineOf(policyOf([stanzaOf('192.0.2.2'), stanzaOf('bob')]));
    engine.handle(candidateAt(moment(0), { source: '192.0.2.1' }), moment(0));
    engine.handle(candidateAt(moment(0), { client: 1, source: '192.0.2.2' }), moment(0));
    expect(tell(engine, some('192.0.2.2'))).toEqual([
      'answer q: 192.0.2.2 is the stanza and the address of live grants: say which with --as stanza or --as address',
    ]);
    engine.handle(some('192.0.2.2', 'address'), moment(0));
    expect(ids(engine)).toEqual(['g1']);
  });

  test('nothing where nothing is meant, and that is said', () => {
    const engine = engineWithThree();
    expect(tell(engine, some('carol'))).toEqual([
      'answer q: no live grant has the id, stanza or address carol: "spad grants --json" lists them',
    ]);
    // g1 has ended, and is only not swept up yet.
    expect(tell(engine, some('g1'), 30_000)[0]).toMatch(/^answer q: no live grant/);
    expect(tell(engineOf(), revoke({ kind: 'all' }))).toEqual(['answer q: ']);
  });

  test('a grant again after the firewall has refused: it is live as before, and that is answered', () => {
    const engine = engineWithThree();
    const [decision] = engine.handle(some('g1'), moment(0));
    const effect = present(decision).find(({ kind }) => kind === 'change-firewall');
    const failure = { effect: present(effect), message: 'no nft', decision: present(decision) };
    expect(tell(engine, { kind: 'effect-failed', failure })).toEqual([
      'record +g1',
      'audit failed alice firewall-failed',
      'answer q: the firewall has refused: no nft',
    ]);
    expect(ids(engine).sort()).toEqual(['g1', 'g2', 'g3']);
  });
});

describe('a grant by hand', () => {
  test('is opened, recorded, told and answered; again it is extended', () => {
    const engine = engineOf();
    expect(tell(engine, openByHand())).toEqual([
      'record +g1',
      'open 192.0.2.7 tcp/22 until 60000',
      'audit granted operator',
      'answer q: g1',
    ]);
    expect(tell(engine, openByHand(), 1000)).toContain('audit extended operator');
    expect(engine.grants()).toMatchObject([{ stanza: 'operator', byHand: true, ends: 61_000 }]);
  });

  test('is not the stanza’s of its name: not extended, not closed, and not gone with it', () => {
    const engine = engineOf();
    engine.handle(openByHand({ stanza: 'alice', address: ip('192.0.2.1') }), moment(0));
    engine.handle(candidateAt(moment(0)), moment(0));
    expect(ids(engine)).toEqual(['g1', 'g2']);
    engine.handle(candidateAt(moment(0), { request: { type: 'close' } }), moment(0));
    expect(ids(engine)).toEqual(['g1']);
    engine.handle({ kind: 'reload', policy: policyOf([stanzaOf('bob')]) }, moment(0));
    expect(ids(engine)).toEqual(['g1']);
  });

  test('is there again after a restart', () => {
    const engine = engineOf();
    const grants = [
      grantOf('192.0.2.7', 'tcp/22', 9000, { stanza: 'operator', byHand: true }),
      grantOf('192.0.2.8', 'tcp/22', 9000, { stanza: 'operator' }),
    ];
    const told = tell(engine, { kind: 'start', grants });
    expect(told).toContain('audit restored operator');
    expect(told).toContain('audit revoked operator stanza-removed');
    expect(engine.grants()).toMatchObject([{ address: ip('192.0.2.7') }]);
  });

  test('is refused in a sentence', () => {
    const engine = engineOf(undefined, 0);
    expect(tell(engine, openByHand())[0]).toMatch(/^answer q: there are as many grants as max_grants allows/);
    expect(tell(engine, openByHand({ address: ip('224.0.0.1') }))).toEqual([
      'answer q: no other host has the address 224.0.0.1',
    ]);
  });
});

describe('a reload that somebody waits for', () => {
  const reload: Input = { kind: 'reload', policy: policyOf([stanzaOf('bob')]), id: 'q' };

  test('is answered when the firewall is right', () => {
    expect(tell(engineOf(), reload).slice(-2)).toEqual(['audit reloaded', 'answer q: confirmed']);
    expect(tell(engineOf(), { kind: 'reload-failed', message: 'x', id: 'q' })).toContain('answer q: confirmed');
  });

  test('is answered when it is not, and does not put a guard that was confirmed on trial again', () => {
    const engine = engineOf();
    engine.handle({ kind: 'start', grants: [], guardEnds: moment(5000).steady }, moment(0));
    const facts = { older: undefined, sockets: { established: [], passing: [], listening: [] } };
    engine.handle({ kind: 'confirm', id: 'c', proof: { kind: 'console' }, facts }, moment(0));
    const [decision] = engine.handle(reload, moment(0));
    const effect = present(present(decision).find(({ kind }) => kind === 'synchronize-firewall'));
    const failure = { effect, message: 'no nft', decision: present(decision) };
    expect(tell(engine, { kind: 'effect-failed', failure }).slice(-1)).toEqual([
      'answer q: the firewall could not be set right: no nft',
    ]);
    expect(engine.facts().guardEnds).toBeUndefined();
  });
});
