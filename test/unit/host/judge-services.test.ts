/** docs/check.md: what listens, what is published, and what of it the guard does not see. */
import { describe, expect, test } from 'vitest';
import type { HostFacts, Listener, Plan } from '../../../src/host/facts.ts';
import type { Finding } from '../../../src/host/finding.ts';
import { judgeServices } from '../../../src/host/judge-services.ts';
import { cidr, ip, ports } from '../values.ts';
import { facts, filter, plan, table } from './model.ts';

const found = (changes: Partial<HostFacts> = {}, wishes: Partial<Plan> = {}): readonly Finding[] =>
  judgeServices(facts(changes), plan(wishes));

const tags = (changes: Partial<HostFacts> = {}, wishes: Partial<Plan> = {}): string[] =>
  found(changes, wishes).map(({ severity, tag, port }) => `${severity} ${tag} ${port ?? ''}`);

const listener = (port: number, at: string, more: Partial<Listener> = {}): Listener => ({
  ...{ protocol: 'tcp', address: ip(at), takesBoth: true, port, program: 'httpd', pid: 8 },
  ...more,
});

const allow = (list: string, forwards = false): Partial<Plan> => ({
  allowances: [{ name: '[access alice]', ports: ports(list), sources: [cidr('0.0.0.0/0')], forwards }],
});

test('without rules nothing is said', () => {
  expect(tags({ ruleset: undefined, listeners: [] })).toEqual([]);
});

describe('a published port', () => {
  const toContainer = table('nat', 'PREROUTING -p tcp --dport 8080 -j DNAT --to-destination 172.17.0.2:80');
  const toGuarded = table('nat', 'PREROUTING -p tcp --dport 2222 -j REDIRECT --to-ports 22');

  test('that is not guarded is told, with where it leads', () => {
    const [one, ...more] = found({ ruleset: toContainer });
    expect(more).toEqual([]);
    expect(one).toMatchObject({ tag: 'published-unguarded', severity: 'warning', port: 'tcp/8080' });
    expect(one?.message).toContain('sends it to 172.17.0.2:80');
    expect(one?.rule).toContain('rule 1');
  });

  test('that is guarded is in order', () => {
    expect(tags({ ruleset: toContainer }, { guard: ports('tcp/22 tcp/8080') })).toEqual([]);
  });

  test('that leads to a guarded one is a way around the guard', () => {
    expect(tags({ ruleset: toGuarded })).toEqual(['error way-around tcp/2222']);
  });

  test('that leads to an open one of this host is told as such', () => {
    const ruleset = table('nat', 'PREROUTING -p tcp --dport 2222 -j REDIRECT --to-ports 8022');
    const [one] = found({ ruleset });
    expect(one).toMatchObject({ tag: 'published-unguarded', port: 'tcp/2222' });
    expect(one?.message).toContain('to port 8022 of this host');
  });

  test('that a rule of filter drops is not open', () => {
    const ruleset = [...toContainer, ...filter('FORWARD -d 172.17.0.2/32 -j DROP', ':FORWARD ACCEPT')];
    expect(tags({ ruleset })).toEqual([]);
  });

  test('is known by the ports that its rule names, not by those that it leaves out', () => {
    const not = table('nat', 'PREROUTING -p tcp ! --dport 8080 -j DNAT --to-destination 172.17.0.2:80');
    expect(tags({ ruleset: not })).toEqual([]);
    const both = table(
      'nat',
      'PREROUTING -p tcp -m multiport --dports 8080,8081 -j DNAT --to-destination 172.17.0.2:80',
    );
    expect(tags({ ruleset: both })).toEqual([
      'warning published-unguarded tcp/8080',
      'warning published-unguarded tcp/8081',
    ]);
    const zero = table('nat', 'PREROUTING -p tcp --dport 0 -j DNAT --to-destination 172.17.0.2:80');
    expect(tags({ ruleset: zero })).toEqual([]);
  });

  test('is looked at as it stands where the firewall guards nothing', () => {
    expect(tags({ ruleset: toContainer }, { guards: false })).toEqual(['warning published-unguarded tcp/8080']);
  });

  test('need not be listened on', () => {
    const both = { ruleset: toContainer, listeners: [] };
    expect(tags(both, { guard: ports('tcp/8080'), ...allow('tcp/8080') })).toEqual([]);
  });
});

describe('a port that a stanza allows', () => {
  test('where nothing listens', () => {
    expect(tags({ listeners: [] })).toEqual(['warning nothing-listens tcp/22']);
    expect(tags({ listeners: [listener(22, '0.0.0.0', { protocol: 'udp' })] })).toEqual([
      'warning nothing-listens tcp/22',
    ]);
  });

  test('where nothing need listen, for connections are sent elsewhere', () => {
    expect(tags({ listeners: [] }, allow('tcp/22', true))).toEqual([]);
  });

  test('is told of once, whoever may ask', () => {
    const twice = [...(allow('tcp/22').allowances ?? []), ...plan().allowances];
    expect(tags({ listeners: [] }, { allowances: twice })).toHaveLength(1);
  });

  test('where any port is allowed, none is looked for', () => {
    const [only] = plan().allowances;
    expect(tags({ listeners: [] }, { allowances: only === undefined ? [] : [{ ...only, ports: undefined }] })).toEqual(
      [],
    );
  });

  test('where a program listens at the loopback address alone', () => {
    const [one] = found({ listeners: [listener(22, '127.0.0.1')] });
    expect(one).toMatchObject({ tag: 'listens-elsewhere', severity: 'warning' });
    expect(one?.message).toContain('httpd listens on tcp/22 at 127.0.0.1, not at 192.0.2.1, 2001:db8::1');
    expect(one?.message).toContain('a grant opens nothing');
  });

  test('where a program listens for one family alone', () => {
    const [one] = found({ listeners: [listener(22, '0.0.0.0', { program: undefined })] });
    expect(one).toMatchObject({ tag: 'listens-elsewhere', severity: 'note' });
    expect(one?.message).toContain('a program listens on tcp/22 at 0.0.0.0, not at 2001:db8::1');
    expect(one?.message).toContain('clients that come there are refused');
  });
});

describe('a port that a stanza allows and nobody guards', () => {
  const wishes = allow('tcp/80 tcp/22');

  test('is open to everyone where a program listens', () => {
    const [one, ...more] = found({ listeners: [...facts().listeners, listener(80, '::')] }, wishes);
    expect(more).toEqual([]);
    expect(one).toMatchObject({ tag: 'allowed-open', severity: 'warning', port: 'tcp/80' });
    expect(one?.message).toContain('httpd listens on tcp/80, which [access alice] may ask for');
  });

  test.each<readonly [string, Partial<HostFacts>]>([
    ['nothing listens', {}],
    ['it listens at the loopback address', { listeners: [...facts().listeners, listener(80, '127.0.0.1')] }],
    [
      'a rule drops it',
      {
        listeners: [...facts().listeners, listener(80, '192.0.2.1')],
        ruleset: filter('INPUT -p tcp --dport 80 -j DROP'),
      },
    ],
  ])('is not where %s', (_, changes) => {
    expect(tags(changes, wishes)).toEqual([]);
  });
});
