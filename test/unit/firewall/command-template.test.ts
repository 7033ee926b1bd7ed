import { describe, expect, test } from 'vitest';
import { OPENED } from '../../../src/firewall/command-journal.ts';
import {
  closeCall,
  type CommandPair,
  type CommandPurpose,
  commandPrograms,
  commandUnits,
  isTimed,
  openCall,
  parseCommand,
  unfitForCommands,
} from '../../../src/firewall/command-template.ts';
import { widen } from '../../../src/base/allow-address.ts';
import { decodePendingLog, encodePendingEvent } from '../../../src/base/pending-log.ts';
import { steadyMs, unixMs } from '../../../src/base/units.ts';
import type { Opening } from '../../../src/firewall/opening.ts';
import { ip, present, spec } from '../values.ts';

const opening = (address: string, port: string, ends = 30_000): Opening => ({
  ...spec(port),
  address: ip(address),
  ends: steadyMs(ends),
});

const NOW = { steady: steadyMs(0), wall: unixMs(Date.UTC(2027, 0, 2, 3, 4, 5)) };

const parse = (text: string, purpose: CommandPurpose = 'open_command', shell = false): CommandPair['open'] => {
  const command = parseCommand(text, purpose, shell);
  if (!command.ok) throw new Error(command.error);
  return command.value;
};

const pair = (open: string, shell = false): CommandPair => ({
  open: parse(open, 'open_command', shell),
  close: parse(shell ? 'true' : '/bin/true {address}', 'close_command', shell),
});

const argvOf = (text: string, of = opening('192.0.2.9', 'tcp/22')): readonly string[] =>
  openCall(pair(text), of, NOW).argv;

describe('words', () => {
  test.each([
    ['/bin/x a  b\t{address}', ['/bin/x', 'a', 'b', '192.0.2.9']],
    [`/bin/x 'a b' "c 'd'" {address}`, ['/bin/x', 'a b', "c 'd'", '192.0.2.9']],
    [`/bin/x a\\ b "\\"q\\\\" '\\' {address}`, ['/bin/x', 'a b', '"q\\', '\\', '192.0.2.9']],
    [`/bin/x '' "" {address}`, ['/bin/x', '', '', '192.0.2.9']],
    [`/bin/x --from={address}/32,{protocol}`, ['/bin/x', '--from=192.0.2.9/32,tcp']],
    [`/bin/x "{ {address} . {ports} }"`, ['/bin/x', '{ 192.0.2.9 . 22 }']],
    ['/bin/x {address} \\{port} $HOME `id` *', ['/bin/x', '192.0.2.9', '{port}', '$HOME', '`id`', '*']],
    [`/bin/x {address} '|' ">"`, ['/bin/x', '192.0.2.9', '|', '>']],
  ])('%s', (text, argv) => {
    expect(argvOf(text)).toEqual(argv);
  });
});

describe('a mistake is told with what would be right', () => {
  test.each([
    [`/bin/x 'a {address}`, "close the quote '"],
    [`/bin/x "a {address}`, 'close the quote "'],
    ['/bin/x {address} \\', 'a backslash at the end stands for nothing; take it away'],
    ['/bin/x {adress}', 'did you mean {address}?'],
    ['/bin/x {address} {nothing}', /^\{nothing\} stands for nothing; there are \{address\} \{family\}/],
    ['/bin/x {ports}', 'say whom it is for: {address}'],
    ['ipset add x {address}', /^begin with the path of a program/],
    ['{address}', /^begin with the path of a program/],
    ['/bin/{protocol} {address}', /^begin with the path of a program/],
    ['/bin/x {address} > /dev/null', /^> means something to a shell alone/],
    ['/bin/x {address} && /bin/y', /^&& means something to a shell alone.*command_shell = yes/],
  ])('%s', (text, told) => {
    const command = parseCommand(text, 'open_command', false);
    const error = command.ok ? 'good' : command.error;
    if (typeof told === 'string') expect(error).toBe(told);
    else expect(error).toMatch(told);
  });

  test('what closes has no time left', () => {
    const error = '{seconds} says how long something is open; close_command runs when that is over';
    expect(parseCommand('/bin/x {address} {seconds}', 'close_command', false)).toEqual({ ok: false, error });
    expect(parseCommand('x $SPAD_UNTIL', 'close_command', true)).toMatchObject({ ok: false });
  });

  test('values are not pasted into the text of a shell', () => {
    const told = { ok: false, error: `values are not pasted into a shell's text: write "$SPAD_ADDRESS"` };
    expect(parseCommand('nft add {address}', 'open_command', true)).toEqual(told);
    expect(parseCommand('echo $SPAD_ADRESS', 'open_command', true)).toMatchObject({ ok: false });
    expect(parseCommand('echo ${SPAD_ADDRESS} {}', 'open_command', true)).toMatchObject({ ok: true });
  });
});

test('a shell must be told something', () => {
  expect(parseCommand(' ', 'open_command', true)).toEqual({ ok: false, error: 'say what the shell is to do' });
});

test('the programs that are started are known by their paths, each once', () => {
  const same = { open: parse('/bin/x {address}'), close: parse('/bin/x -d {address}', 'close_command') };
  expect(commandPrograms(same)).toEqual(['/bin/x']);
  expect(commandPrograms(pair('/bin/x {address}'))).toEqual(['/bin/x', '/bin/true']);
  expect(commandPrograms(pair('nft add "$SPAD_ADDRESS"', true))).toEqual(['/bin/sh']);
});

test('networks are not opened by commands', () => {
  const network: Opening = { ...opening('2001:db8::', 'tcp/22'), address: widen(ip('2001:db8::9')) };
  expect(unfitForCommands(network, pair('/bin/x {address}'))).toBe(
    '2001:db8::/64 cannot be opened: commands take single addresses',
  );
});

describe('values', () => {
  test('are those of the opening', () => {
    const text = '/bin/x {address} {family} {protocol} {first} {last} {ports} {seconds} {until}';
    expect(argvOf(text, opening('2001:db8::9', 'udp/8000-8010', 29_100)).slice(1)).toEqual([
      ...['2001:db8::9', '6', 'udp', '8000', '8010', '8000-8010', '30', '2027-01-02T03:04:35Z'],
    ]);
  });

  test('of a shell are in its environment', () => {
    const call = openCall(pair('nft add "$SPAD_ADDRESS"', true), opening('192.0.2.9', 'tcp/22'), NOW);
    expect(call.argv).toEqual(['/bin/sh', '-c', 'nft add "$SPAD_ADDRESS"']);
    expect(call.env).toMatchObject({ SPAD_ADDRESS: '192.0.2.9', SPAD_PORT: '22', SPAD_SECONDS: '30' });
    const closing = closeCall(pair('true', true), opening('192.0.2.9', 'tcp/1-2'));
    expect(Object.keys(closing.env).sort()).toEqual([
      ...['SPAD_ADDRESS', 'SPAD_FAMILY', 'SPAD_FIRST', 'SPAD_LAST', 'SPAD_PORTS', 'SPAD_PROTOCOL'],
    ]);
  });

  test('{port} is one port: a range is as many openings, to a limit', () => {
    const single = pair('/bin/x {address} {port}');
    const units = commandUnits([opening('192.0.2.9', 'tcp/80-82')], single);
    expect(units.map(({ first, last }) => [first, last])).toEqual([
      ...[
        [80, 80],
        [81, 81],
        [82, 82],
      ],
    ]);
    expect(unfitForCommands(opening('192.0.2.9', 'tcp/1-64'), single)).toBeUndefined();
    expect(unfitForCommands(opening('192.0.2.9', 'tcp/1-65'), single)).toContain('let the commands say {ports}');
    const ranges = pair('/bin/x {address} {ports}');
    expect(commandUnits([opening('192.0.2.9', 'tcp/80-82')], ranges)).toHaveLength(1);
    expect(unfitForCommands(opening('192.0.2.9', 'tcp/1-65535'), ranges)).toBeUndefined();
  });

  test('who says how long is told when that changes', () => {
    expect(isTimed(parse('/bin/x {address} {seconds}'))).toBe(true);
    expect(isTimed(parse('/bin/x {address} {until}'))).toBe(true);
    expect(isTimed(parse('/bin/x {address}'))).toBe(false);
    expect(isTimed(parse('x $SPAD_SECONDS', 'open_command', true))).toBe(true);
  });
});

test('a line of the journal is read as it was written, and a line of another make is not', () => {
  const entry = {
    ...{ id: '192.0.2.9 tcp/22', isSure: true, by: '/bin/x {address}', boot: 'b', due: unixMs(1), user: undefined },
    close: { argv: ['/bin/y', '192.0.2.9'], env: { SPAD_ADDRESS: '192.0.2.9' } },
  };
  const line = encodePendingEvent({ kind: 'pending', stop: entry }, OPENED);
  expect(line).toBe(
    '{"stop":{"id":"192.0.2.9 tcp/22","by":"/bin/x {address}","boot":"b","due":1,"sure":true,"argv":["/bin/y","192.0.2.9"],"env":{"SPAD_ADDRESS":"192.0.2.9"}}}',
  );
  expect(decodePendingLog(line, OPENED)).toEqual({ pending: [entry], unreadable: 0 });
  for (const [key, value] of [
    ['argv', []],
    ['argv', [1]],
    ['env', null],
    ['due', 'x'],
    ['sure', 1],
    ['boot', 7],
  ] as const) {
    const broken = { ...present(JSON.parse(line) as { stop: object }).stop, [key]: value };
    expect(decodePendingLog(JSON.stringify({ stop: broken }), OPENED).unreadable).toBe(1);
  }
});
