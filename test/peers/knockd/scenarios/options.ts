/** The command line, and where the messages go. */
import { fileURLToPath } from 'node:url';
import type { Run } from '../harness/run.ts';
import { lines, type Scenario } from '../harness/scenario.ts';

const SYSLOG = fileURLToPath(new URL('../harness/syslog.py', import.meta.url));

const A = lines(`
[A]
	sequence = 7000,8000
	tcpflags = syn
	command  = echo out; echo err >&2
	cmd_timeout = 0
	stop_command = false
`);

/** /dev/log of the daemon alone: a link to the socket of the scenario's own system log. */
const OWN_SYSLOG = lines(`
mkdir TMP/dev
mount --bind /dev TMP/dev
mount -t tmpfs tmpfs /dev
for name in null zero full random urandom tty; do touch /dev/$name; mount --bind TMP/dev/$name /dev/$name; done
ln -s /proc/self/fd /dev/fd
ln -s TMP/syslog.socket /dev/log
`);

/** Names for the daemon alone: one address has one, all others end at a resolver that refuses. */
const OWN_NAMES = lines(`
mount --bind TMP/hosts /etc/hosts
mount --bind TMP/resolv.conf /etc/resolv.conf
`);

const HELP = ['-h', '--help', '-hV'];
const VERSION = ['-V', '--version', '--vers', '-vV', '-c TMP/none -V', 'word -V'];

export const options: readonly Scenario[] = [
  {
    name: 'help-and-version',
    options: null,
    async steps(run) {
      for (const option of [...HELP, ...VERSION]) await run.attempt(option, option);
    },
    differs: {
      why: 'the version tells whose program it is',
      spad: Object.fromEntries(
        VERSION.map((option) => [option, 'exit: status 0\nstdout: knockd 0.8\nas spad 0.1.0 does it\n\nstderr: \n']),
      ),
    },
  },
  {
    name: 'options-that-are-wrong',
    options: null,
    async steps(run) {
      const wrong = [
        '-x',
        '--nonsense',
        '-c',
        '--config',
        '-i',
        '--lo',
        '--help=now',
        '-g',
        '-p',
        '--only',
        '-6',
        '-vx',
      ];
      for (const option of wrong) await run.attempt(option, option);
    },
  },
  {
    name: 'options-in-any-order-and-short',
    options: null,
    async steps(run) {
      await run.attempt('abbreviated', '--conf CONF --inter lo --verb --logf LOGFILE', A);
      await run.attempt('joined', '-vilo -cCONF -gLOGFILE');
      await run.attempt('operands', 'one -v two -i lo -c CONF three -g LOGFILE');
      await run.attempt('the last one counts', '-c TMP/none -c CONF -i nosuch0 -i lo -v');
      await run.attempt('end of options', '-c CONF -i lo -v -- -i eth0');
    },
  },
  {
    name: 'file-beats-options-for-log-and-pid',
    conf: `[options]\nlogfile = LOGFILE\npidfile = TMP/pid\n${A}`,
    options: '-d -g TMP/option.log -p TMP/option.pid',
    async steps(run) {
      await run.adopt('pid');
      await run.stop();
      await run.look('files', 'ls TMP | grep -v -e conf -e var');
    },
  },
  {
    name: 'log-file-of-the-command-line',
    conf: A,
    options: '--logfile LOGFILE',
    async steps(run) {
      await run.knock('10.99.0.1 7000 8000');
    },
  },
  {
    name: 'log-file-that-cannot-be-opened',
    conf: `[options]\nlogfile = TMP/none/log\n${A}`,
    options: '-v',
    async steps(run) {
      await run.knock('10.99.0.1 7000 8000');
    },
  },
  {
    name: 'log-file-is-continued',
    conf: `[options]\nlogfile = LOGFILE\n${A}`,
    files: { 'knockd.log': 'kept\n' },
    async steps(run) {
      await run.look('mode', 'stat -c %a LOGFILE');
    },
  },
  {
    name: 'pid-file-that-cannot-be-written',
    conf: `[options]\nlogfile = LOGFILE\npidfile = TMP/none/pid\n${A}`,
    options: '-d',
    async steps(run) {
      await run.onServer('sleep 0.5');
      await run.look(
        'end',
        'pid=$(ip netns pids $(ip netns identify $$) | while read p; do grep -q knockd.conf ' +
          '/proc/$p/cmdline 2>/dev/null && grep -q "^PPid:.1$" /proc/$p/status && echo $p; done); kill $pid; sleep 1',
      );
    },
  },
  {
    name: 'verbose',
    conf: `[options]\nlogfile = LOGFILE\n${A.replace('tcpflags', 'seq_timeout = 1\n\ttcpflags')}`,
    options: '--verbose',
    async steps(run) {
      await run.knock('10.99.0.1 7000 8000');
      await run.frames('src=10.99.0.9,dport=7000,wait=2.1', 'src=10.99.0.9,dport=8000');
      await run.reload();
    },
  },
  {
    name: 'debug',
    conf: `[options]\nlogfile = LOGFILE\n${A}[B]\nsequence = 7000:udp,8001\n`,
    options: '-D -i eth0',
    masks: [[/fe80::[0-9a-f:]+/g, 'LINK-LOCAL']],
    async steps(run) {
      await run.frames('dport=7000', 'dport=8000,flags=A', 'dport=8000');
      await run.frames('src=10.99.0.9,dport=7000,proto=udp', 'src=10.99.0.9,dport=7000');
      await run.frames('src=fd99::9,dport=7000,proto=udp', 'src=fd99::9,dport=8001,flags=FA');
    },
  },
  {
    name: 'system-log',
    conf: `[options]\n\tUseSyslog\n\tlogfile = LOGFILE\n${A}`,
    mounts: OWN_SYSLOG,
    before: startSyslog,
    async steps(run) {
      await run.knock('10.99.0.1 7000 8000');
      await run.knock('fd99::1 7000');
      await run.stop();
      await run.look('system log', 'cat TMP/syslog');
    },
  },
  {
    name: 'system-log-alone-from-within-a-door',
    conf: `${A}UseSyslog\n`,
    mounts: OWN_SYSLOG,
    before: startSyslog,
    async steps(run) {
      await run.knock('10.99.0.1 7000 8000');
      await run.reload();
      await run.stop();
      await run.look('system log', 'cat TMP/syslog');
    },
  },
  {
    name: 'system-log-switched-on-by-reload',
    conf: `[options]\nlogfile = LOGFILE\n${A}`,
    mounts: OWN_SYSLOG,
    before: startSyslog,
    async steps(run) {
      run.writeConf(`[options]\nlogfile = LOGFILE\nUseSyslog\n${A}`);
      await run.reload();
      await run.knock('10.99.0.1 7000');
      await run.stop();
      await run.look('system log', 'cat TMP/syslog');
    },
    differs: {
      why: 'knockd names its facility, daemon, only at its start',
      spad: {
        'system log': lines(`
<29>TS knockd: re-opening log file: LOGFILE\\n
<29>TS knockd: 10.99.0.2: A: Stage 1
<29>TS knockd: shutting down
`),
      },
    },
  },
  {
    name: 'lookup-of-names',
    conf: `[options]\nlogfile = LOGFILE\n${A.replace('7000,8000', '7000,8000\n\tseq_timeout = 1')}`,
    files: { hosts: '10.99.0.2 friend.example friend\nfd99::2 friend6\n', 'resolv.conf': 'nameserver 127.0.0.1\n' },
    mounts: OWN_NAMES,
    options: '-i eth0 -l -v',
    // Where the commands' own output falls between the lines is nobody's promise while a lookup takes its time.
    unordered: ['stdout'],
    async steps(run) {
      await run.knock('10.99.0.1 7000 8000');
      await run.knock('fd99::1 7000 8000');
      await run.frames('src=10.99.0.9,dport=7000', 'src=10.99.0.9,dport=8000');
      await run.frames('src=10.99.0.2,dport=7000,wait=2.1', 'src=10.99.0.2,dport=8000');
    },
  },
];

/** A system log of this scenario alone: every datagram becomes a line of TMP/syslog. */
async function startSyslog(run: Run): Promise<void> {
  run.server.spawn('python3', [SYSLOG, `${run.dir}/syslog.socket`, `${run.dir}/syslog`]);
  await run.onServer('until [ -S TMP/syslog.socket ]; do sleep 0.05; done');
}
