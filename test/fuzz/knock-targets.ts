/** The decoders of port knocking: what operators write, and what the receiver and an earlier run say. */
import { parseKnockdConf } from '../../src/config/knockd-conf.ts';
import { decodeKnocks, encodeKnocks } from '../../src/engine/knock-handoff.ts';
import { MAX_STEPS } from '../../src/knock/door.ts';
import { decodeStopLog, encodeStopEvent } from '../../src/knock/stop-record.ts';
import { unixMs } from '../../src/base/units.ts';
import { knock } from '../unit/knock/doors.ts';

const ascii = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text, 'latin1'));

const CONF = `[options]
 UseSyslog
 LogFile = /var/log/knockd.log
 Interface = eth0
[openSSH]
 sequence = 7000:udp,8000,9000 : TCP
 seq_timeout = 5 # x
 tcpflags = syn,!ack
 start_command = /sbin/iptables -A INPUT -s %IP% -j ACCEPT
 command_6 =
 cmd_timeout = -1
 stop_command = x = y
 target = FD99:0::77
[O]
 one_time_sequences = /etc/knockd/sequences
`;

const knockdConf = (input: Uint8Array): string | undefined => {
  const text = Buffer.from(input).toString('latin1');
  const conf = parseKnockdConf(text, 'f');
  if (!conf.ok) return /^(?:config|error): [^\n]+$/.test(conf.error.message) ? undefined : 'an error that is no line';
  for (const door of conf.value.doors) {
    if (door.steps.length > MAX_STEPS || door.steps.some(({ port }) => port < 0 || port > 65_535)) return 'a bad step';
    if (door.steps.length === 0 && door.oneTimeFile === undefined) return 'a door without a sequence';
    if (door.tcpFlags !== undefined && (door.tcpFlags.value & ~door.tcpFlags.mask) !== 0) return 'flags that never fit';
    if (Object.values(door.lines).some((line) => line < door.line)) return 'a line above its section';
  }
  return undefined;
};

const knocks = (input: Uint8Array): string | undefined => {
  const list = decodeKnocks(input);
  return list === undefined || Buffer.from(encodeKnocks(list)).equals(input) ? undefined : 'a second encoding';
};

const stopLog = (input: Uint8Array): string | undefined => {
  const { pending } = decodeStopLog(Buffer.from(input).toString('utf8'));
  const again = decodeStopLog(pending.map((stop) => `${encodeStopEvent({ kind: 'pending', stop })}\n`).join(''));
  return again.unreadable === 0 && again.pending.length === pending.length ? undefined : 'stops that are lost';
};

const STOP = { id: 'a', door: 'd', source: '10.0.0.2', command: 'x', wait: 5000, due: unixMs(9000) };
const STOPS = `${encodeStopEvent({ kind: 'pending', stop: STOP })}\n${encodeStopEvent({ kind: 'done', id: 'a' })}\n`;

/** In the shape of the other targets. */
export const knockTargets = [
  { name: 'knockd-conf', seeds: [ascii(CONF), ascii('[]'), ascii('[d]\nsequence = ,,1:udp\n')], run: knockdConf },
  {
    name: 'knocks',
    seeds: [encodeKnocks([knock('7000')]), encodeKnocks([knock('7:udp', { from: 'fd99::2', to: 'fd99::1' })])],
    run: knocks,
  },
  { name: 'stop-log', seeds: [ascii(STOPS)], run: stopLog },
];
