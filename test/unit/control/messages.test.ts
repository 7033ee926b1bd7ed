/** What goes over the control socket, and the table that people see. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { addressFromBytes } from '../../../src/base/address.ts';
import { type Port, seconds, steadyMs, unixMs } from '../../../src/base/units.ts';
import { grantTable } from '../../../src/control/grant-table.ts';
import {
  type ControlRequest,
  decodeRequest,
  encodeRequest,
  GRANT_TRAITS,
  MAX_REQUEST,
} from '../../../src/control/request.ts';
import { decodeResponse, encodeResponse, isoAt, readGrantList, showGrants } from '../../../src/control/response.ts';
import { grantOf, ip, portOf } from '../values.ts';

const NOW = { wall: unixMs(1_767_225_600_000), steady: steadyMs(5000) };

const port: fc.Arbitrary<Port> = fc.integer({ min: 1, max: 65_535 }).map(portOf);
const address = fc
  .oneof(fc.uint8Array({ minLength: 4, maxLength: 4 }), fc.uint8Array({ minLength: 16, maxLength: 16 }))
  .map((bytes) => addressFromBytes(bytes));
const connection = fc.record({ client: address, clientPort: port, server: address, serverPort: port });
const request: fc.Arbitrary<ControlRequest> = fc.oneof(
  fc.constant<ControlRequest>({ command: 'grants' }),
  fc.constantFrom<ControlRequest>({ command: 'status' }, { command: 'reload' }),
  fc.constant<ControlRequest>({ command: 'revoke', choice: { kind: 'all' } }),
  fc
    .record({ what: fc.string({ minLength: 1, maxLength: 100 }), as: fc.constantFrom(undefined, ...GRANT_TRAITS) })
    .map(({ what, as }): ControlRequest => {
      return { command: 'revoke', choice: { kind: 'some', what, ...(as === undefined ? {} : { as }) } };
    }),
  fc
    .record({ address, first: port, openFor: fc.integer({ min: 1, max: 365 * 86_400 }), udp: fc.boolean() })
    .map(({ first, openFor, udp, ...rest }): ControlRequest => {
      const ports = [{ protocol: udp ? 'udp' : 'tcp', first, last: first } as const];
      return { command: 'open', stanza: 'on.call', ports, openFor: seconds(openFor), ...rest };
    }),
  fc.constant<ControlRequest>({ command: 'confirm', proof: { kind: 'console' } }),
  fc
    .record({ connection, ways: fc.array(port, { maxLength: 20 }) })
    .map((proof): ControlRequest => ({ command: 'confirm', proof: { kind: 'connection', ...proof } })),
);

describe('a request', () => {
  test('is read as it was written, and fits', () => {
    fc.assert(
      fc.property(request, (value) => {
        const line = encodeRequest(value);
        expect(line).not.toContain('\n');
        expect(Buffer.byteLength(line)).toBeLessThan(MAX_REQUEST);
        expect(decodeRequest(line)).toEqual({ ok: true, value });
      }),
    );
  });

  test.each([
    ...['', '[]', 'null', '"grants"', '{', '{}', '{"command":5}', '{"command":"toString"}', '{"command":"__proto__"}'],
    ...['{"command":"revoke"}', '{"command":"revoke","what":5}', '{"command":"revoke","what":""}'],
    ...['{"command":"revoke","all":"yes"}', '{"command":"revoke","what":"a","as":"door"}', '{"command":"open"}'],
    '{"command":"open","address":"host","ports":["tcp/22"],"openFor":5}',
    '{"command":"open","address":"192.0.2.9","ports":[],"openFor":5}',
    '{"command":"open","address":"192.0.2.9","ports":["tcp/22","22"],"openFor":5}',
    ...['0', '1.5', '31536001', '"5"'].map(
      (time) => `{"command":"open","address":"192.0.2.9","ports":["tcp/22"],"openFor":${time}}`,
    ),
    '{"command":"open","address":"192.0.2.9","ports":["tcp/22"],"openFor":5,"stanza":"a b"}',
    ...['{"command":"confirm"}', '{"command":"confirm","console":"yes"}', '{"command":"grant"}'],
    '{"command":"confirm","client":"10.0.0.1","clientPort":0,"server":"10.0.0.2","serverPort":22,"ways":[]}',
    '{"command":"confirm","client":"10.0.0.1","clientPort":1,"server":"10.0.0.2","serverPort":22}',
    '{"command":"confirm","client":"10.0.0.1","clientPort":1,"server":"10.0.0.2","serverPort":22,"ways":[22.5]}',
    '{"command":"confirm","client":"x","clientPort":1,"server":"10.0.0.2","serverPort":22,"ways":[]}',
  ])('%s is refused in a sentence', (line) => {
    const read = decodeRequest(line);
    expect(read.ok ? '' : read.error).toMatch(/^[a-z][^\n]+$/);
  });

  test('what is unknown in one that is known does no harm', () => {
    expect(decodeRequest('{"command":"grants","more":1}')).toEqual({ ok: true, value: { command: 'grants' } });
  });
});

describe('a response', () => {
  test('is an answer or a refusal, and nothing else', () => {
    expect(decodeResponse(encodeResponse({ ok: true, value: { a: 1 } }))).toEqual({ ok: true, value: { a: 1 } });
    expect(decodeResponse(encodeResponse({ ok: false, error: 'no' }))).toEqual({ ok: false, error: 'no' });
    for (const line of ['', 'x', '{}', '[]', '{"error":5}']) expect(decodeResponse(line).ok).toBe(false);
  });

  const grants = [
    grantOf('192.0.2.9', 'tcp/22 udp/53', 35_000.5, { id: 'late' }),
    grantOf('2001:db8::1', 'tcp/2222', 7000, {
      id: 'soon',
      forwarding: { to: ip('10.0.0.5'), port: portOf(22), source: 'client' },
    }),
    grantOf('192.0.2.9', 'tcp/22', 5000, { id: 'over' }),
  ];

  test('a list of grants has those that are live, the soonest to end first, and is read as it was written', () => {
    const list = { via: 'nftables', firewall: { kind: 'agrees' }, grants: showGrants(grants, NOW) } as const;
    expect(list.grants).toEqual([
      {
        ...{ id: 'soon', stanza: 'alice', address: '2001:db8::1', ports: ['tcp/2222'], forward: '10.0.0.5:22' },
        ...{ until: '2026-01-01T00:00:02.000Z', left: 2000 },
      },
      {
        ...{ id: 'late', stanza: 'alice', address: '192.0.2.9', ports: ['tcp/22', 'udp/53'] },
        ...{ until: '2026-01-01T00:00:30.001Z', left: 30_001 },
      },
    ]);
    for (const firewall of [
      { kind: 'agrees' },
      { kind: 'repaired' },
      { kind: 'fault', detail: 'no such table' },
    ] as const) {
      const whole = { ...list, firewall, trialUntil: isoAt(steadyMs(6000), NOW) };
      const read = decodeResponse(encodeResponse({ ok: true, value: whole }));
      expect(read.ok && readGrantList(read.value)).toEqual(whole);
    }
  });

  test.each([
    undefined,
    null,
    [],
    {},
    { via: 'x', firewall: { kind: 'odd' }, grants: [] },
    { via: 'x', firewall: { kind: 'fault' }, grants: [] },
    { via: 'x', firewall: { kind: 'agrees' }, grants: [{}] },
    { via: 'x', firewall: { kind: 'agrees' } },
  ])('%j is no list of grants', (value) => {
    expect(readGrantList(value)).toBeUndefined();
  });

  test('as a table', () => {
    expect(grantTable(showGrants(grants, NOW))).toEqual([
      'STANZA  ADDRESS      PORTS           FORWARD      UNTIL                    LEFT',
      'alice   2001:db8::1  tcp/2222        10.0.0.5:22  2026-01-01 00:00:02 UTC  2s',
      'alice   192.0.2.9    tcp/22, udp/53  -            2026-01-01 00:00:30 UTC  31s',
    ]);
    const [plain] = grants.map((grant) => grantTable(showGrants([grant], NOW)));
    expect(plain?.[0]).toBe('STANZA  ADDRESS    PORTS           UNTIL                    LEFT');
  });

  test('a name that would trouble a terminal is made printable', () => {
    const [shown] = showGrants([grantOf('192.0.2.9', 'tcp/22', 9000, { stanza: 'a\u001b[2J' })], NOW);
    expect(grantTable(shown === undefined ? [] : [shown])[1]).toContain('a\\u{1b}[2J');
  });
});
