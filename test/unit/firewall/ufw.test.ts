import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { steadyMs, unixMs } from '../../../src/base/units.ts';
import type { Wanted } from '../../../src/firewall/desired.ts';
import { layOpenings } from '../../../src/firewall/opening.ts';
import { planUfw } from '../../../src/firewall/ufw-plan.ts';
import { ufwCall } from '../../../src/firewall/ufw-program.ts';
import {
  listsInOrder,
  parseUfwSettings,
  parseUserRules,
  type ShownUfwRule,
  ufwRuleKey,
  type WantedUfwRule,
  wantedUfwRules,
} from '../../../src/firewall/ufw-rule.ts';
import { grantOf, ports, present } from '../values.ts';

/** The wall time of an end: 2026-01-01T00:00:00Z and so many milliseconds. */
const START = Date.UTC(2026, 0, 1);

const rules = (fields: Partial<Wanted> = {}): readonly WantedUfwRule[] =>
  wantedUfwRules(
    {
      ...{ guard: ports('tcp/22 tcp/80 udp/53 tcp/8000-8010'), guardEnds: undefined, forwards: false },
      openings: layOpenings([grantOf('10.99.0.2', 'tcp/22 tcp/8000-8010', 30_001)]),
      ...fields,
    },
    (ends) => unixMs(START + ends),
  );

const steps = (wanted: readonly WantedUfwRule[], shown: readonly ShownUfwRule[] = []): readonly string[] =>
  planUfw(wanted, shown, [4, 6]).map((words) => words.join(' '));

/** The lists that ufw has once these have been prepended, the last first. */
const listsOf = (wanted: readonly WantedUfwRule[]): readonly ShownUfwRule[] =>
  ([4, 6] as const).flatMap((family) =>
    wanted
      .filter(({ source }) => source === undefined || source.includes(':') === (family === 6))
      .map(({ ends: _, ...rule }) => ({ ...rule, family })),
  );

const GRANT = 'allow in on + proto tcp from 10.99.0.2 to any port 22,8000:8010 comment spad until 2026-01-01T00:00:31Z';

describe('the rules', () => {
  test('of a start: the guard first, grants before it, as many ports in one as ufw takes', () => {
    expect(steps(rules())).toEqual([
      'prepend deny in on + proto tcp from any to any port 22,80,8000:8010 comment spad guard',
      'prepend deny in on + proto udp from any to any port 53 comment spad guard',
      `prepend ${GRANT}`,
    ]);
  });

  test('a rule has fifteen ports at most, a range being two', () => {
    const many = ports(Array.from({ length: 9 }, (_, index) => `tcp/${100 * index + 1}-${100 * index + 9}`).join(' '));
    const texts = rules({ guard: many, openings: [] }).map((rule) => rule.ports);
    expect(texts).toEqual(['1:9,101:109,201:209,301:309,401:409,501:509,601:609', '701:709,801:809']);
  });

  test('of a guard that ends by itself say so', () => {
    const [guard] = rules({ guard: ports('tcp/22'), guardEnds: steadyMs(60_000), openings: [] });
    expect(guard).toMatchObject({ comment: 'spad guard until 2026-01-01T00:01:00Z', ends: 60_000 });
  });
});

describe('the plan', () => {
  test('is nothing where all is right', () => {
    expect(steps(rules(), listsOf(rules()))).toEqual([]);
  });

  test('of another end is another comment, in its place', () => {
    const later = rules({ openings: layOpenings([grantOf('10.99.0.2', 'tcp/22 tcp/8000-8010', 60_000)]) });
    expect(steps(later, listsOf(rules()))).toEqual([GRANT.replace('00:31Z', '01:00Z')]);
  });

  test('of a port that ends later than the others puts both in before it takes the old rule out', () => {
    const openings = [
      ...layOpenings([grantOf('10.99.0.2', 'tcp/22', 60_000)]),
      ...layOpenings([grantOf('10.99.0.2', 'tcp/8000-8010', 30_001)]),
    ];
    expect(steps(rules({ openings }), listsOf(rules())).map((step) => step.split(' ')[0])).toEqual([
      ...['prepend', 'prepend', 'delete'],
    ]);
  });

  test('of an end deletes by the text of the rule, comment included', () => {
    expect(steps(rules({ openings: [] }), listsOf(rules()))).toEqual([`delete ${GRANT}`]);
  });

  test('of nothing deletes each rule once, though it is in both lists', () => {
    expect(steps([], listsOf(rules()))).toHaveLength(3);
  });

  test('where somebody has taken a part of the guard, it comes back first, and grants before it', () => {
    const shown = listsOf(rules()).filter(({ family, protocol }) => family === 4 || protocol === 'tcp');
    expect(steps(rules(), shown)).toEqual([
      'prepend deny in on + proto udp from any to any port 53 comment spad guard',
      `delete ${GRANT}`,
      `prepend ${GRANT}`,
    ]);
  });

  test('where a grant stands behind the guard, it is put before it', () => {
    const [grant, ...guard] = listsOf(rules());
    expect(steps(rules(), [...guard, present(grant)])).toEqual([`delete ${GRANT}`, `prepend ${GRANT}`]);
  });

  test('leads from any lists to the wanted ones, grants before the guard, by what ufw does for each step', () => {
    const pool = [
      ...rules(),
      ...rules({ guard: ports('tcp/22'), openings: layOpenings([grantOf('fd99::2', 'tcp/22', 30_001)]) }),
      ...rules({
        guardEnds: steadyMs(90_000),
        openings: layOpenings([grantOf('10.99.0.2', 'tcp/22 tcp/8000-8010', 1)]),
      }),
    ];
    const some = fc.shuffledSubarray(pool);
    fc.assert(
      fc.property(some, some, (before, after) => {
        const [shown, wanted] = [listsOf(unique(before)), unique(after)];
        const lists = planUfw(wanted, shown, [4, 6]).reduce(ufwDoes, shown);
        expect(planUfw(wanted, lists, [4, 6])).toEqual([]);
        const expected = listsOf(wanted).map(describeRule).sort();
        expect(lists.map(describeRule).sort()).toEqual(expected);
      }),
    );
  });
});

const describeRule = (rule: ShownUfwRule): string => `${rule.family} ${ufwRuleKey(rule)} ${rule.comment}`;

const unique = (wanted: readonly WantedUfwRule[]): readonly WantedUfwRule[] => [
  ...new Map(wanted.map((rule) => [ufwRuleKey(rule), rule])).values(),
];

/** What ufw 0.36 was seen to do: a rule that is there is not prepended, one with another comment is not deleted. */
const ufwDoes = (lists: readonly ShownUfwRule[], words: readonly string[]): readonly ShownUfwRule[] => {
  const verb = words[0] === 'prepend' || words[0] === 'delete' ? words[0] : 'add';
  const rule = ruleOf(verb === 'add' ? words : words.slice(1));
  return listsOf([rule]).reduce<readonly ShownUfwRule[]>((list, each) => {
    const at = list.findIndex((other) => other.family === each.family && ufwRuleKey(other) === ufwRuleKey(each));
    const found = list[at];
    if (verb === 'prepend') return found === undefined ? [each, ...list] : list;
    if (verb === 'delete') return found?.comment === each.comment ? list.toSpliced(at, 1) : list;
    return found === undefined ? [...list, each] : list.with(at, each);
  }, lists);
};

const ruleOf = ([
  action,
  ,
  ,
  ,
  ,
  protocol,
  ,
  source,
  ,
  ,
  ,
  text = '',
  ,
  comment = '',
]: readonly string[]): WantedUfwRule => ({
  ...{ action: action === 'allow' ? 'allow' : 'deny', protocol: protocol === 'tcp' ? 'tcp' : 'udp', ports: text },
  ...{ source: source === 'any' ? undefined : source, comment, ends: 'never' },
});

// As ufw 0.36.2 writes them, and iptables 1.8.9 lists them.
const USER_RULES = `*filter
### RULES ###

### tuple ### allow tcp 22 0.0.0.0/0 any 10.99.0.2 in_+ comment=7370616420756e74696c20323032352d31312d32355431343a30333a32325a
-A ufw-user-input -i + -p tcp --dport 22 -s 10.99.0.2 -j ACCEPT

### tuple ### allow tcp 22 0.0.0.0/0 any 10.99.0.3 in comment=7370616420756e74696c20323032352d31312d32355431343a30333a32325a
-A ufw-user-input -p tcp --dport 22 -s 10.99.0.3 -j ACCEPT

### tuple ### deny tcp 22,23 0.0.0.0/0 any 0.0.0.0/0 in_+ comment=73706164206775617264
-A ufw-user-input -i + -p tcp -m multiport --dports 22,23 -j DROP

### tuple ### allow tcp 22 0.0.0.0/0 any 0.0.0.0/0 in_+ comment=73706164206775617264732075
-A ufw-user-input -p tcp --dport 22 -j ACCEPT

### tuple ### allow tcp 22 0.0.0.0/0 any 0.0.0.0/0 in
`;
const LISTING = `-N ufw-user-input
-A ufw-user-input -s 10.99.0.2/32 -p tcp -m tcp --dport 22 -j ACCEPT
-A ufw-user-input -p tcp -m multiport --dports 22,23 -j DROP
-A ufw-user-input -p tcp -m tcp --dport 22 -j ACCEPT
`;

describe('the files', () => {
  test('say which rules are ours, by comment and interface', () => {
    const shared = { family: 4, protocol: 'tcp' };
    expect(parseUserRules(USER_RULES, 4)).toEqual([
      { ...shared, action: 'allow', ports: '22', source: '10.99.0.2', comment: 'spad until 2025-11-25T14:03:22Z' },
      { ...shared, action: 'deny', ports: '22,23', source: undefined, comment: 'spad guard' },
    ]);
  });

  test('are held against the kernel, in their order', () => {
    const shown = parseUserRules(USER_RULES, 4);
    expect(listsInOrder(LISTING, shown)).toBe(true);
    expect(listsInOrder(LISTING, shown.toReversed())).toBe(false);
    expect(listsInOrder('-N ufw-user-input\n', shown)).toBe(false);
  });

  test('of IPv6 have a chain and a prefix of their own', () => {
    const text =
      '### tuple ### allow udp 53 ::/0 any 2001:db8::9 in_+ comment=7370616420756e74696c20323032352d31312d32355431343a30333a32325a\n';
    const [rule, ...more] = parseUserRules(text, 6);
    expect(more).toEqual([]);
    expect(rule).toMatchObject({ family: 6, action: 'allow', protocol: 'udp', ports: '53', source: '2001:db8::9' });
    expect(parseUserRules(text, 4)).toEqual([]);
    const listing = '-A ufw6-user-input -s 2001:db8::9/128 -p udp -m udp --dport 53 -j ACCEPT\n';
    expect(listsInOrder(listing, rule === undefined ? [] : [rule])).toBe(true);
  });

  test('say whether ufw is enabled, and knows IPv6', () => {
    expect(parseUfwSettings('# ENABLED=no\nENABLED=yes\n', 'IPV6=no\n')).toEqual({ isEnabled: true, hasIpv6: false });
    expect(parseUfwSettings('ENABLED=no\nLOGLEVEL=low\n', '#\nIPV6="yes"\n')).toEqual({
      isEnabled: false,
      hasIpv6: true,
    });
  });
});

test('commands go to one process, as lists of words', () => {
  const [program, ...args] = ufwCall([['delete', 'allow', '22'], ['reload']]);
  expect(program).toBe('python3');
  expect(args.slice(0, 2)).toEqual(['-I', '-c']);
  expect(args.slice(3)).toEqual(['["delete","allow","22"]', '["reload"]']);
});
