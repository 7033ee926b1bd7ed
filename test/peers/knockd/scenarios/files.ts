/** The configuration file: what is accepted, and how each mistake is told. */
import { lines, type Scenario } from '../harness/scenario.ts';

const d = (more: string): string => `[options]\n\tlogfile = LOGFILE\n[d]\n${more}\n`;

/** A title and a file that knockd refuses. */
const SYNTAX: readonly (readonly [string, string])[] = [
  ['empty section name', '[]\n'],
  ['directive outside a section', 'logfile = LOGFILE\n'],
  ['UseSyslog outside a section', 'UseSyslog\n'],
  ['UseSyslog = yes', '[options]\nUseSyslog = yes\n'],
  ['UseSyslog and a comment', '[options]\nUseSyslog # yes\n'],
  ['unknown option', '[options]\nlogfiles = x\n'],
  ['door key in options', '[options]\nsequence = 7000\n'],
  ['option key in a door', '[d]\nsequence = 7000\nlogfile = x\n'],
  ['semicolon', '; comment\n'],
  ['colon for equals', '[d]\nsequence: 7000\n'],
  ['section with a comment', '[d] # here\nsequence = 7000\n'],
  ['words', '[options]\n\n\n  hello world  \n'],
  ['byte order mark', '\u00ef\u00bb\u00bf[options]\n'],
  ['no equals in a door', '[d]\nsequence\n'],
  ['line longer than the buffer', `[d]\nsequence = 7000\ncommand = ${'x'.repeat(5000)}\n`],
];

const VALUES: readonly (readonly [string, string])[] = [
  ['door without sequence', d('command = true')],
  ['second door without sequence', `${d('sequence = 7000')}[ e ]\n`],
  ['Options is a door', '[Options]\n'],
  ['32 and 33 ports', d(`sequence = ${Array.from({ length: 33 }, (_, index) => 7000 + index).join(',')}`)],
  ['port too big', d('sequence = 7000,65536')],
  ['port too big with a protocol', d('sequence = 7000:udp,99999:udp')],
  ['unknown protocol', d('sequence = 7000:sctp')],
  ['empty protocol', d('sequence = 7000:')],
  ['blank in flags', d('sequence = 7000\ntcpflags = syn, ack')],
  ['empty flags', d('sequence = 7000\ntcpflags =')],
  ['trailing comma in flags', d('sequence = 7000\ntcpflags = syn,')],
  ['unknown flag', d('sequence = 7000\ntcpflags = syn,!cwr')],
  ['comment behind flags', d('sequence = 7000\ntcpflags = syn # only')],
  ['double negation', d('sequence = 7000\ntcpflags = !!syn')],
  ['first mistake counts', d('sequence = 70000\nnonsense')],
];

export const files: readonly Scenario[] = [
  {
    name: 'mistakes-in-the-lines',
    options: null,
    async steps(run) {
      for (const [title, conf] of SYNTAX) await run.attempt(title, '-c CONF -i eth0', conf);
    },
    timeoutMs: 120_000,
  },
  {
    name: 'mistakes-in-the-values',
    options: null,
    async steps(run) {
      for (const [title, conf] of VALUES) await run.attempt(title, '-c CONF -i eth0', conf);
      await run.attempt('no file', '-c TMP/none.conf');
      await run.attempt('a folder', '-c TMP');
    },
    timeoutMs: 120_000,
  },
  {
    name: 'spellings',
    conf:
      lines(`
  # indented comment
   [options]\u0020\u0020
USESYSLOGX=1
`).replace('USESYSLOGX=1\n', '\tLoGfIlE\t=\tLOGFILE\u0020\r\n') +
      lines(`
#[commented]
[ Door One ]
sequence=1
SEQUENCE = 7000 , 8000:TCP, 9000 : Udp :x # comment
timeout = 4
Seq_Timeout=15s
TcpFlags = SYN,!Ack
Start_Command = echo one
COMMAND = echo "a = b; c # d" >> TMP/fx # gone
Cmd_Timeout = 0
stop_COMMAND = echo stop >> TMP/fx
[options]
Interface = eth0
interface = lo
[last]
usesyslog
sequence = 7777`),
    options: '',
    async steps(run) {
      await run.knock('10.99.0.1 7000 8000 9000:udp');
      await run.look('effects', 'cat TMP/fx');
      await run.knock('10.99.0.1 7777');
    },
  },
  {
    name: 'carriage-returns-and-no-last-newline',
    conf: '[options]\r\nlogfile = LOGFILE\r\n\r\n[A]\r\nsequence = 7000,8000\r\ntcpflags = syn\r\ncommand = echo "%IP%" > TMP/fx',
    async steps(run) {
      await run.knock('10.99.0.1 7000 8000');
      await run.look('effects', 'cat TMP/fx');
    },
  },
  {
    name: 'port-numbers-that-are-none',
    conf: lines(`
[options]
	logfile = LOGFILE
[tail]
	sequence = 7000abc,8000 9
[wrap]
	sequence = 4294974297,-1
[quotes]
	sequence = "7002,8002"
[empty]
	sequence =
[comma]
	sequence = 7003,
[word]
	sequence = ssh,7004
[plus]
	sequence = +7005,0x10,7006.5
`),
    async steps(run) {
      await run.knock('10.99.0.1 7000 8000');
      await run.knock('10.99.0.1 7001 65535');
      await run.frames('dport=0', 'dport=8002');
      await run.sleep(0.2);
      await run.frames('dport=7003', 'dport=0');
      await run.frames('dport=7005', 'dport=0', 'dport=7006');
    },
    unordered: ['log'],
  },
  {
    name: 'bytes-that-are-no-text',
    conf: '[options]\nlogfile = LOGFILE\n[n\u00e9\u00ff]\nsequence = 7000\ncommand = printf "\u00e9\u00fe%IP%" | od -An -tx1 > TMP/fx\n',
    async steps(run) {
      await run.knock('10.99.0.1 7000');
      await run.look('effects', 'cat TMP/fx');
    },
  },
  {
    name: 'a-line-of-4095-bytes',
    conf: `[options]\nlogfile = LOGFILE\n[A]\nsequence = 7000\ncommand = :${'x'.repeat(4084)}\n[B]\nsequence = 7001\n`,
    async steps(run) {
      await run.knock('10.99.0.1 7000');
      await run.knock('10.99.0.1 7001');
    },
  },
  {
    name: 'no-doors-at-all',
    conf: '[options]\n\tlogfile = LOGFILE\n',
    async steps(run) {
      await run.knock('10.99.0.1 7000 8000 9000');
    },
  },
  {
    name: 'an-empty-file',
    conf: '',
    options: '-i eth0 -v',
    async steps(run) {
      await run.knock('10.99.0.1 7000 8000 9000');
    },
  },
];
