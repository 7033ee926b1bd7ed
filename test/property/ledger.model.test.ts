/** The ledger against a plain array of grants. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type IpAddress, parseAddress } from '../../src/base/address.ts';
import { coversPorts, formatPortSpec, type PortSpec } from '../../src/base/port-spec.ts';
import { steadyMs, unixMs } from '../../src/base/units.ts';
import type { Forwarding } from '../../src/grant/forwarding.ts';
import type { Grant } from '../../src/grant/grant.ts';
import { Ledger } from '../../src/grant/ledger.ts';
import { ip, portOf, ports, present } from '../unit/values.ts';

const CAPACITY = 8;
const ADDRESSES = ['192.0.2.1', '192.0.2.2', '2001:db8::1'].map((text) => present(parseAddress(text)));
const PORTS = ['tcp/22', 'tcp/80 tcp/443', 'tcp/1-1000', 'udp/53'].map(ports);
const STANZAS = ['alice', 'bob'];
const FORWARDINGS: readonly (Forwarding | undefined)[] = [
  undefined,
  { to: undefined, port: portOf(22), source: 'client' },
  { to: ip('10.0.0.5'), port: portOf(22), source: 'client' },
  { to: ip('10.0.0.5'), port: portOf(22), source: 'masquerade' },
  { to: ip('10.0.0.5'), port: undefined, source: ip('10.0.0.1') },
];

interface Model {
  now: number;
  next: number;
  grants: Grant[];
}

interface Ask {
  readonly stanza: string;
  readonly address: IpAddress;
  readonly ports: readonly PortSpec[];
  readonly forwarding: Forwarding | undefined;
}

type Command = fc.Command<Model, Ledger>;

const textOf = (list: readonly PortSpec[]): string => list.map(formatPortSpec).join(',');
const at = (model: Model, address: IpAddress): Grant[] => model.grants.filter((grant) => grant.address === address);
const inOrder = (grants: Iterable<Grant>): string[] => [...grants].map(({ id, ends }) => `${id} ${String(ends)}`);
const ids = (grants: Iterable<Grant>): string[] => inOrder(grants).sort();

/** What a request for ports does: extends the stanza's own grant, or makes one where there is room. */
const open = (ask: Ask, seconds: number): Command => ({
  check: () => true,
  run: (model, ledger) => {
    const mine = at(model, ask.address).find(
      (one) =>
        one.stanza === ask.stanza && textOf(one.ports) === textOf(ask.ports) && one.forwarding === ask.forwarding,
    );
    expect(ledger.find(ask, steadyMs(Number.NEGATIVE_INFINITY))).toEqual(mine);
    expect(ledger.hasRoom(1)).toBe(model.grants.length < CAPACITY);
    if (mine === undefined && model.grants.length >= CAPACITY) return;
    const ends = Math.max(mine?.ends ?? 0, model.now + 1000 * seconds);
    const id = mine?.id ?? `g${String(model.next)}`;
    const grant = { ...ask, id, ends: steadyMs(ends), until: unixMs(ends) };
    model.next += 1;
    model.grants = [...model.grants.filter((one) => one.id !== id), grant];
    ledger.put(grant);
  },
  toString: () => `open(${ask.stanza} ${textOf(ask.ports)} ${String(seconds)})`,
});

const close = (ask: Ask, all: boolean): Command => ({
  check: () => true,
  run: (model, ledger) => {
    const wanted = all ? [] : ask.ports;
    const owned = ledger.ownedBy(ask.stanza, ask.address, wanted);
    const expected = at(model, ask.address).filter(
      (one) => one.stanza === ask.stanza && (all || one.ports.every((spec) => coversPorts(wanted, spec))),
    );
    expect(ids(owned)).toEqual(ids(expected));
    for (const grant of owned) ledger.remove(grant);
    model.grants = model.grants.filter((grant) => !expected.includes(grant));
  },
  toString: () => `close(${ask.stanza} ${all ? 'all' : textOf(ask.ports)})`,
});

const expire = (step: number): Command => ({
  check: () => true,
  run: (model, ledger) => {
    model.now += step;
    const ended = ledger.expire(steadyMs(model.now));
    expect(ids(ended)).toEqual(ids(model.grants.filter((grant) => grant.ends <= model.now)));
    model.grants = model.grants.filter((grant) => grant.ends > model.now);
  },
  toString: () => `expire(${String(step)})`,
});

/** An extension that failed and is taken back: what it had replaced has its old place again, behind what is newer. */
const takeBack = (step: number): Command => ({
  check: ({ grants }) => grants.length > 0,
  run: (model, ledger) => {
    const before = present(model.grants[step % model.grants.length]);
    const extension = { ...before, ends: steadyMs(before.ends + 1) };
    ledger.put(extension);
    expect(ledger.forAddress(before.address).at(-1)).toBe(extension);
    ledger.remove(extension);
    ledger.put(before);
  },
  toString: () => `takeBack(${String(step)})`,
});

const look = (): Command => ({
  check: () => true,
  run: (model, ledger) => {
    expect(ledger.size).toBe(model.grants.length);
    expect(ids(ledger.all())).toEqual(ids(model.grants));
    // The array has the newest at its end, as the ledger has.
    for (const address of ADDRESSES) expect(inOrder(ledger.forAddress(address))).toEqual(inOrder(at(model, address)));
    expect(ledger.addresses().length).toBe(ADDRESSES.filter((address) => at(model, address).length > 0).length);
  },
  toString: () => 'look',
});

test('keeps what the array keeps', () => {
  const ask: fc.Arbitrary<Ask> = fc.record({
    stanza: fc.constantFrom(...STANZAS),
    address: fc.constantFrom(...ADDRESSES),
    ports: fc.constantFrom(...PORTS),
    forwarding: fc.constantFrom(...FORWARDINGS),
  });
  const commands = fc.commands(
    [
      fc.tuple(ask, fc.nat(20)).map(([one, seconds]) => open(one, seconds)),
      fc.tuple(ask, fc.nat(20)).map(([one, seconds]) => open(one, seconds)),
      fc.tuple(ask, fc.boolean()).map(([one, all]) => close(one, all)),
      fc.nat(8000).map(expire),
      fc.nat(8).map(takeBack),
      fc.constant(look()),
    ],
    { maxCommands: 60, size: 'max' },
  );
  fc.assert(
    fc.property(commands, (list) => {
      fc.modelRun(() => ({ model: { now: 0, next: 1, grants: [] } satisfies Model, real: new Ledger(CAPACITY) }), list);
    }),
    { numRuns: 300 },
  );
});
