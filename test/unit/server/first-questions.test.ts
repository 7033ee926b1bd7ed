import { describe, expect, test } from 'vitest';
import { parseAddress, parseCidr } from '../../../src/base/address.ts';
import { formatPortSpec } from '../../../src/base/port-spec.ts';
import type { ProposalFacts } from '../../../src/host/proposal.ts';
import { type Answers, askFirst, type Given } from '../../../server/first-questions.ts';

const HERE = parseAddress('0.0.0.0');
const EVERYWHERE = parseCidr('0.0.0.0/0');
if (HERE === undefined || EVERYWHERE === undefined) throw new Error('the test cannot be read');
const ssh = { protocol: 'tcp', address: HERE, takesBoth: true, port: 22, program: 'sshd', pid: 1 } as const;
const FACTS: ProposalFacts = {
  links: [{ name: 'eth0', isUp: true, isLoopback: false, addresses: [] }],
  routes: [{ to: EVERYWHERE, link: 'eth0' }],
  listeners: [ssh, { ...ssh, port: 80, program: 'web\u001b[31m' }],
  session: undefined,
};

interface Talk {
  readonly answers: Answers | string;
  readonly asked: readonly string[];
  readonly said: readonly string[];
}

const talk = async (given: Given, script: readonly string[], facts = FACTS, user = 'alice'): Promise<Talk> => {
  const left = [...script];
  const [asked, said]: [string[], string[]] = [[], []];
  const io = {
    say: (line: string): void => void said.push(line),
    ask: (question: string): Promise<string | undefined> => {
      asked.push(question);
      return Promise.resolve(left.shift());
    },
  };
  const answers = await askFirst(given, facts, user, io).catch((error: unknown) => String(error));
  return { answers, asked, said };
};

const plain = ({ answers }: Talk): unknown =>
  typeof answers === 'string' ? answers : { ...answers, guard: answers.guard.map(formatPortSpec).join() };

const PROPOSED = { interface: 'eth0', guard: 'tcp/22', client: 'alice' };

describe('askFirst', () => {
  test('asks three questions; the return key takes what is proposed', async () => {
    const result = await talk({}, ['', '', '']);
    expect(plain(result)).toEqual(PROPOSED);
    expect(result.asked).toEqual([
      'Interface that packets come in on [eth0]: ',
      'Ports to guard, with commas between [tcp/22]: ',
      'Name of the first client [alice]: ',
    ]);
    expect(result.said).toEqual([
      'These ports listen for others here:',
      '  tcp/22     sshd',
      '  tcp/80     web\\u{1b}[31m',
    ]);
  });

  test('says what is wrong with an answer, and asks again', async () => {
    const result = await talk({}, ['eth7', 'any', '22', 'tcp/80, tcp/22', 'al ice', 'bob']);
    expect(plain(result)).toEqual({ interface: 'any', guard: 'tcp/22,tcp/80', client: 'bob' });
    expect(result.asked).toHaveLength(6);
    expect(result.said.join('\n')).toMatch(/no interface "eth7"[^]*a port such as tcp\/22[^]*cannot be a name/);
  });

  test('asks nothing under --yes, nor what was given', async () => {
    const silent = await talk({ yes: true }, []);
    expect([plain(silent), silent.asked, silent.said]).toEqual([PROPOSED, [], []]);
    const given = await talk({ interface: 'any', guard: 'tcp/2022', client: 'bob' }, []);
    expect([plain(given), given.asked]).toEqual([{ interface: 'any', guard: 'tcp/2022', client: 'bob' }, []]);
  });

  test.each<[string, Given, readonly string[], RegExp]>([
    ['a wrong option', { interface: 'eth7' }, [], /--interface: there is no interface "eth7"/],
    ['no ports', { guard: '', yes: true }, [], /--guard: /],
    ['nobody there', {}, [''], /nobody answers: say it with --guard/],
  ])('throws for %s', async (_, given, script, sentence) => {
    expect((await talk(given, script)).answers).toMatch(sentence);
  });

  test('proposes no port where no SSH server listens, and asks until there is one', async () => {
    const bare = { ...FACTS, listeners: [] };
    expect((await talk({ yes: true }, [], bare)).answers).toMatch(/nothing to propose here: say it with --guard/);
    const result = await talk({}, ['', '', 'tcp/22', ''], bare);
    expect(plain(result)).toEqual(PROPOSED);
    expect(result.said[0]).toBe('Nothing listens on TCP for others here.');
  });

  test('does not propose a name that cannot be one', async () => {
    expect(plain(await talk({ yes: true }, [], FACTS, 'al ice'))).toEqual({ ...PROPOSED, client: 'client' });
  });
});
