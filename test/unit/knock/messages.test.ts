import { describe, expect, test } from 'vitest';
import { unixMs } from '../../../src/base/units.ts';
import {
  commandPair,
  commandTimeoutMessage,
  doorName,
  exhaustedMessage,
  expandCommand,
  openMessage,
  packetMessage,
  runningMessage,
  sequenceTimeoutMessage,
  stageMessage,
  START_TOO_LONG,
  statusMessage,
  STOP_TOO_LONG,
} from '../../../src/knock/messages.ts';
import { decodeStopLog, dueFrom, encodeStopEvent, remainingWait } from '../../../src/knock/stop-record.ts';
import { doorsOf, knock } from './doors.ts';

/** As the log of knockd 0.8 has them (test/peers/knockd/recorded). */
describe('lines of the log', () => {
  test.each([
    ['10.99.0.2: openSSH: Stage 1', stageMessage('10.99.0.2', 'openSSH', 1)],
    ['10.99.0.2: openSSH: OPEN SESAME', openMessage('10.99.0.2', 'openSSH')],
    ['10.99.0.2: openSSH: sequence timeout (stage 2)', sequenceTimeoutMessage('10.99.0.2', 'openSSH', 2)],
    ['10.99.0.2: openSSH: command timeout', commandTimeoutMessage('10.99.0.2', 'openSSH')],
    ['openSSH: running command: /bin/true', runningMessage('openSSH', '/bin/true')],
    ['openSSH: command returned non-zero status code (3)', statusMessage('openSSH', 3)],
    [
      'no more sequences left in the one time sequences file for door openSSH --> disabling the door',
      exhaustedMessage('openSSH'),
    ],
  ])('%s', (wanted, line) => {
    expect(line).toBe(wanted);
  });

  test('one packet, by the clock on the wall', () => {
    const wall = (time: number) => ({ day: '2026-11-20', time: `second ${String(time / 1000)}` });
    expect(packetMessage(knock('7000:udp', { at: 12 }), wall)).toBe(
      '2026-11-20 second 12: udp: 10.99.0.2:40000 -> 10.99.0.1:7000 74 bytes',
    );
  });

  test('the name of a door, while it is there', () => {
    const doors = doorsOf('[a]\nsequence = 1,2\n[b]\nsequence = 3,4\n');
    expect(doorName(doors, 1)).toBe('b');
    expect(doorName(doors, 2)).toBe('');
  });
});

describe('commands', () => {
  test('have the address put in as text, everywhere', () => {
    expect(expandCommand('a %IP%|%ip%|%IP%x $&', '10.0.0.2')).toBe('a 10.0.0.2|%ip%|10.0.0.2x $&');
  });

  test('pair up as knockd does it', () => {
    expect(commandPair(undefined, 'stop', 'a')).toEqual({ kind: 'nothing' });
    expect(commandPair('', 'stop', 'a')).toEqual({ kind: 'nothing' });
    expect(commandPair('s %IP%', undefined, 'a')).toEqual({ kind: 'run', start: 's a', stop: undefined });
    expect(commandPair('s', '', 'a')).toEqual({ kind: 'run', start: 's', stop: '' });
    expect(commandPair('x'.repeat(4095), 'x'.repeat(4095), 'a')).toMatchObject({ kind: 'run' });
    expect(commandPair(`${'x'.repeat(4092)}%IP%`, '', 'abcd')).toEqual({ kind: 'too-long', message: START_TOO_LONG });
    expect(commandPair('s', 'x'.repeat(4096), 'a')).toEqual({ kind: 'too-long', message: STOP_TOO_LONG });
  });
});

describe('the log of pending stop commands', () => {
  const stop = { id: 'a', door: 'd\u00e4', source: '10.0.0.2', command: 'x "\n', wait: 5000, due: unixMs(9000) };
  const lines = (...events: Parameters<typeof encodeStopEvent>[0][]): string =>
    events.map((event) => `${encodeStopEvent(event)}\n`).join('');

  test('gives back what is not done, as it was said last', () => {
    const later = dueFrom(stop, unixMs(7000));
    expect(later.due).toBe(12_000);
    const text = lines(
      { kind: 'pending', stop },
      { kind: 'pending', stop: { ...stop, id: 'b' } },
      { kind: 'pending', stop: later },
      { kind: 'done', id: 'b' },
    );
    expect(decodeStopLog(text)).toEqual({ pending: [later], unreadable: 0 });
  });

  test('is read as far as it can be: a line cut short by a crash is one stop less, not a daemon less', () => {
    const text = lines({ kind: 'pending', stop });
    expect(decodeStopLog(`${text}${text.slice(0, 20)}`)).toEqual({ pending: [stop], unreadable: 1 });
    for (const line of ['null', '[]', '{"stop":{}}', '{"done":1}', '{"stop":{"id":"a"}}'])
      expect(decodeStopLog(line)).toEqual({ pending: [], unreadable: 1 });
  });

  test('waits no longer than the door says, whatever the clock does', () => {
    expect(remainingWait(stop, unixMs(8000))).toBe(1000);
    expect(remainingWait(stop, unixMs(99_000))).toBe(0);
    expect(remainingWait(stop, unixMs(0))).toBe(5000);
  });
});
