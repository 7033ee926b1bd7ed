/** The ends of a daemon, the pid file, and what becomes of stop commands that are still to run. */
import { lines, type Scenario } from '../harness/scenario.ts';

const timed = (seconds: number): string =>
  lines(`
[options]
	logfile = LOGFILE
[t]
	sequence      = 7000
	tcpflags      = syn
	start_command = echo start %IP% >> TMP/fx
	cmd_timeout   = ${seconds}
	stop_command  = echo stop %IP% >> TMP/fx
`);

export const signals: readonly Scenario[] = [
  {
    name: 'interrupt',
    conf: timed(0),
    options: '-i eth0 -v',
    async steps(run) {
      await run.stop('SIGINT');
    },
  },
  {
    name: 'term-with-stop-commands-to-come',
    conf: timed(5),
    async steps(run) {
      await run.knock('10.99.0.1 7000');
      await run.sleep(2);
      await run.knock('10.99.0.1 7000');
      await run.stop();
      await run.sleep(4);
      await run.look('effects', 'cat TMP/fx');
    },
    differs: {
      why: 'knockd waits for one stop command and leaves the others behind',
      spad: {
        log: lines(`
[TS] starting up, listening on eth0
[TS] 10.99.0.2: t: Stage 1
[TS] 10.99.0.2: t: OPEN SESAME
[TS] t: running command: echo start 10.99.0.2 >> TMP/fx

[TS] 10.99.0.2: t: Stage 1
[TS] 10.99.0.2: t: OPEN SESAME
[TS] t: running command: echo start 10.99.0.2 >> TMP/fx

[TS] 10.99.0.2: t: command timeout
[TS] t: running command: echo stop 10.99.0.2 >> TMP/fx

[TS] 10.99.0.2: t: command timeout
[TS] t: running command: echo stop 10.99.0.2 >> TMP/fx

[TS] shutting down
`),
      },
    },
  },
  {
    name: 'term-while-a-start-command-runs',
    conf: `[options]\nlogfile = LOGFILE\n[t]\nsequence = 7000\ncommand = sleep 2; echo done >> TMP/fx\n`,
    async steps(run) {
      await run.knock('10.99.0.1 7000');
      await run.stop();
      await run.sleep(2.5);
      await run.look('effects', 'cat TMP/fx');
    },
  },
  {
    name: 'term-within-the-group',
    conf: timed(2),
    async steps(run) {
      await run.knock('10.99.0.1 7000');
      await run.signalAll('SIGTERM');
      await run.ended();
      await run.sleep(2.5);
      await run.look('effects', 'cat TMP/fx');
    },
    differs: {
      why: 'knockd forgets the stop command, and the door stays open',
      spad: {
        effects: lines(`
start 10.99.0.2
stop 10.99.0.2
`),
        log: lines(`
[TS] starting up, listening on eth0
[TS] 10.99.0.2: t: Stage 1
[TS] 10.99.0.2: t: OPEN SESAME
[TS] t: running command: echo start 10.99.0.2 >> TMP/fx

[TS] 10.99.0.2: t: command timeout
[TS] t: running command: echo stop 10.99.0.2 >> TMP/fx

[TS] shutting down
`),
      },
    },
  },
  {
    name: 'kill-with-stop-commands-to-come',
    conf: timed(2),
    async steps(run) {
      await run.knock('10.99.0.1 7000');
      await run.stop('SIGKILL');
      await run.sleep(2.5);
      await run.look('effects', 'cat TMP/fx');
      await run.start('-c CONF -i eth0');
      await run.sleep(1);
      await run.look('effects after the next start', 'cat TMP/fx');
    },
    differs: {
      why: 'a child of knockd waits; ours are written down, and run after the next start',
      spad: {
        effects: lines(`
start 10.99.0.2
`),
        log: lines(`
[TS] starting up, listening on eth0
[TS] 10.99.0.2: t: Stage 1
[TS] 10.99.0.2: t: OPEN SESAME
[TS] t: running command: echo start 10.99.0.2 >> TMP/fx

[TS] 10.99.0.2: t: command timeout
[TS] t: running command: echo stop 10.99.0.2 >> TMP/fx

[TS] starting up, listening on eth0
[TS] shutting down
`),
      },
    },
  },
  {
    name: 'background-and-pid-file',
    conf: lines(`
[options]
	logfile = LOGFILE
	pidfile = TMP/pid
[t]
	sequence = 7000
	command  = pwd > TMP/fx; umask >> TMP/fx; echo to nowhere
`),
    options: '-d -i eth0',
    async steps(run) {
      await run.adopt('pid');
      await run.look('pid file', 'cat TMP/pid; stat -c %a TMP/pid');
      await run.knock('10.99.0.1 7000');
      await run.look('effects', 'cat TMP/fx');
      await run.stop();
      await run.look('pid file afterwards', 'ls TMP/pid');
    },
  },
  {
    name: 'no-pid-file-in-the-foreground',
    conf: '[options]\nlogfile=LOGFILE\npidfile=TMP/pid\n',
    async steps(run) {
      await run.look('pid file', 'ls TMP/pid');
    },
  },
  {
    name: 'pid-file-of-the-command-line',
    conf: '[options]\nlogfile=LOGFILE\n[t]\nsequence=7000\n',
    options: '--daemon --pidfile TMP/pid2 --interface=eth0',
    async steps(run) {
      await run.adopt('pid2');
      await run.knock('10.99.0.1 7000');
      await run.stop('SIGINT');
      await run.look('pid file afterwards', 'ls TMP/pid2');
    },
  },
];
