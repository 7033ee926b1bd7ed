import { describe, expect, test } from 'vitest';
import { steadyMs } from '../../../src/base/units.ts';
import type { Wanted } from '../../../src/firewall/desired.ts';
import {
  addCall,
  explainRefusal,
  isGone,
  parseActiveZones,
  parseStrings,
  removeCall,
} from '../../../src/firewall/firewalld-call.ts';
import {
  formatRule,
  parseRule,
  planFirewalld,
  type StandingRule,
  timeoutOf,
  wantedRules,
} from '../../../src/firewall/firewalld-rule.ts';
import { layOpenings } from '../../../src/firewall/opening.ts';
import { grantOf, ip, ports, present } from '../values.ts';

const NOW = steadyMs(1000);

const wanted = (fields: Partial<Wanted> = {}): Wanted => ({
  ...{ guard: ports('tcp/22 udp/8000-8010'), guardEnds: undefined, forwards: false },
  openings: [
    ...layOpenings([grantOf('10.99.0.2', 'tcp/22', 31_000)]),
    ...layOpenings([grantOf('fd99::2', 'tcp/22 tcp/8000-8010', 61_000)]),
  ],
  ...fields,
});

const CLIENT = 'family="ipv4" source address="10.99.0.2" port port="22" protocol="tcp" accept';

/** As from a start, in one zone. */
const fresh = (fields: Partial<Wanted> = {}): readonly StandingRule[] =>
  planFirewalld(wantedRules(wanted(fields)), ['public'], [], []).add;

test('the rules of a start: grants before the guard, both before what the zone allows', () => {
  expect(fresh().map(formatRule)).toEqual([
    `rule priority="-32216" ${CLIENT}`,
    'rule priority="-32216" family="ipv6" source address="fd99::2" port port="22" protocol="tcp" accept',
    'rule priority="-32216" family="ipv6" source address="fd99::2" port port="8000-8010" protocol="tcp" accept',
    'rule priority="-32208" port port="22" protocol="tcp" drop',
    'rule priority="-32208" port port="8000-8010" protocol="udp" drop',
  ]);
});

test('what goes elsewhere does not open a port of this host', () => {
  const forwarding = { to: ip('10.99.4.2'), port: undefined, source: 'client' as const };
  const openings = layOpenings([grantOf('10.99.0.2', 'tcp/22', 31_000, { forwarding })]);
  expect(openings).toHaveLength(1);
  expect(wantedRules(wanted({ openings, guard: [] }))).toEqual([]);
});

test('a guard that ends by itself has the timeout of its end, and one that stays has none', () => {
  const ends = (guardEnds: Wanted['guardEnds']): readonly unknown[] =>
    wantedRules(wanted({ openings: [], guardEnds })).map((rule) => rule.ends);
  expect(ends(undefined)).toEqual(['never', 'never']);
  expect(ends(steadyMs(61_000))).toEqual([61_000, 61_000]);
});

test('timeouts are whole seconds, never less than what is left, and never none', () => {
  expect([61_000, 60_001, 1001, 1000, 500].map((ends) => timeoutOf(steadyMs(ends), NOW))).toEqual([60, 60, 1, 1, 1]);
  expect(timeoutOf('never', NOW)).toBe(0);
});

describe('the plan', () => {
  const plan = (
    fields: Partial<Wanted>,
    standing: readonly StandingRule[],
    { shown = standing, zones = ['public'] }: { shown?: readonly StandingRule[]; zones?: readonly string[] } = {},
  ): { readonly add: readonly string[]; readonly remove: readonly string[] } => {
    const { add, remove } = planFirewalld(wantedRules(wanted(fields)), zones, shown, standing);
    return { add: add.map(formatRule), remove: remove.map(formatRule) };
  };
  const later = [
    ...layOpenings([grantOf('10.99.0.2', 'tcp/22', 91_000)]),
    ...layOpenings([grantOf('fd99::2', 'tcp/22 tcp/8000-8010', 61_000)]),
  ];

  test('is nothing where all is right', () => {
    expect(plan({}, fresh())).toEqual({ add: [], remove: [] });
  });

  test('of another end adds a rule in the next place before it takes the old one', () => {
    expect(plan({ openings: later }, fresh())).toEqual({
      add: [`rule priority="-32215" ${CLIENT}`],
      remove: [`rule priority="-32216" ${CLIENT}`],
    });
  });

  test('of a guard that stays after all is the same', () => {
    expect(plan({ guard: ports('tcp/22') }, fresh({ guard: ports('tcp/22'), guardEnds: steadyMs(61_000) }))).toEqual({
      add: ['rule priority="-32207" port port="22" protocol="tcp" drop'],
      remove: ['rule priority="-32208" port port="22" protocol="tcp" drop'],
    });
  });

  test('puts back what a reload has thrown away in another place, because of the timer that it has left', () => {
    const { add, remove } = plan({}, fresh(), { shown: [] });
    expect(add[0]).toBe(`rule priority="-32215" ${CLIENT}`);
    expect(add).toHaveLength(5);
    expect(remove).toEqual([]);
  });

  test('takes the places in turn', () => {
    let standing = fresh();
    const places = Array.from({ length: 9 }, (_, turn) => {
      const openings = layOpenings([grantOf('10.99.0.2', 'tcp/22', 91_000 + turn)]);
      const { add, keep } = planFirewalld(wantedRules(wanted({ openings })), ['public'], standing, standing);
      standing = [...add, ...keep];
      return present(add[0]).place;
    });
    expect(places).toEqual([1, 2, 3, 4, 5, 6, 7, 0, 1]);
  });

  test('does not trust the timers of rules that it has not added', () => {
    const found = fresh().map((rule) => present(parseRule('public', formatRule(rule))));
    const { add, remove, keep } = planFirewalld(wantedRules(wanted()), ['public'], found, []);
    expect(keep).toEqual([]);
    expect(add.map(({ place }) => place)).toEqual([1, 1, 1, 1, 1]);
    expect(remove).toEqual(found);
  });

  test('covers zones that have come, and leaves those that have gone', () => {
    const { add, remove } = plan({}, fresh(), { zones: ['work'] });
    expect(add).toHaveLength(5);
    expect(remove).toHaveLength(5);
  });

  test('of nothing takes all away', () => {
    expect(plan({ guard: [], openings: [] }, fresh())).toEqual({ add: [], remove: fresh().map(formatRule) });
  });
});

test.each([
  'rule priority="-32216" port port="22" protocol="tcp" accept',
  'rule priority="-32217" family="ipv4" source address="10.99.0.2" port port="22" protocol="tcp" accept',
  'rule priority="-32200" port port="22" protocol="tcp" drop',
  'rule port port="22" protocol="tcp" drop',
  'rule priority="-32208" port port="22" protocol="tcp" log prefix="x" drop',
  'rule priority="-32208" service name="ssh" drop',
])('is not ours: %s', (text) => {
  expect(parseRule('public', text)).toBeUndefined();
});

describe('dbus-send', () => {
  const rule: StandingRule = { zone: 'public', body: CLIENT, place: 1, ends: steadyMs(31_000) };
  const HEAD = [
    '--system',
    '--print-reply',
    '--reply-timeout=15000',
    '--dest=org.fedoraproject.FirewallD1',
    '/org/fedoraproject/FirewallD1',
  ];

  test('is asked to add and to remove', () => {
    expect(addCall(rule, NOW)).toEqual([
      ...HEAD,
      'org.fedoraproject.FirewallD1.zone.addRichRule',
      'string:public',
      `string:rule priority="-32215" ${CLIENT}`,
      'int32:30',
    ]);
    expect(removeCall(rule)).toEqual([
      ...HEAD,
      'org.fedoraproject.FirewallD1.zone.removeRichRule',
      'string:public',
      `string:rule priority="-32215" ${CLIENT}`,
    ]);
  });

  // As dbus-send 1.14 prints what firewalld 1.3.3 answers.
  test('lists rules', () => {
    const reply = `method return time=1795614848.616777 sender=:1.0 -> destination=:1.8 serial=1886 reply_serial=2
   array [
      string "rule priority="-32215" ${CLIENT}"
      string "rule service name="ssh" accept"
   ]
`;
    expect(parseStrings(reply)).toEqual([`rule priority="-32215" ${CLIENT}`, 'rule service name="ssh" accept']);
  });

  test('lists active zones', () => {
    const reply = `method return time=1795614840.814213 sender=:1.0 -> destination=:1.4 serial=974 reply_serial=2
   array [
      dict entry(
         string "public"
         array [
            dict entry(
               string "interfaces"
               array [
                  string "eth0"
               ]
            )
         ]
      )
      dict entry(
         string "work"
         array [
            dict entry(
               string "sources"
               array [
                  string "10.6.0.0/16"
               ]
            )
         ]
      )
   ]
`;
    expect(parseActiveZones(reply)).toEqual(['public', 'work']);
  });

  test.each([
    [
      'Error org.freedesktop.DBus.Error.ServiceUnknown: The name org.fedoraproject.FirewallD1 was not provided by any .service files',
      'firewalld is not running: systemctl start firewalld',
    ],
    [
      'Failed to open connection to "system" message bus: Failed to connect to socket /run/dbus/system_bus_socket: No such file or directory',
      'D-Bus, by which firewalld is spoken to, is not running: systemctl start dbus',
    ],
    [
      'Error org.fedoraproject.FirewallD1.Exception: PANIC_MODE: panic mode enabled',
      'firewalld is in panic mode, which drops everything: firewall-cmd --panic-off',
    ],
    ['Error org.fedoraproject.FirewallD1.Exception: INVALID_RULE: x\n', 'firewalld refused: INVALID_RULE: x'],
  ])('fails: %s', (message, sentence) => {
    expect(explainRefusal(message)).toBe(sentence);
    expect(isGone(message)).toBe(false);
  });

  test('finds a rule gone, or its zone', () => {
    const says = (words: string): string => `Error org.fedoraproject.FirewallD1.Exception: ${words}`;
    expect(isGone(says("NOT_ENABLED: 'rule' not in 'public'"))).toBe(true);
    expect(isGone(says('INVALID_ZONE: nosuch'))).toBe(true);
  });
});
