/** What is run, with what, when, and what is said about it. */
import { lines, type Scenario } from '../harness/scenario.ts';

export const commands: readonly Scenario[] = [
  {
    name: 'status-shell-and-address',
    conf: lines(`
[options]
	logfile = LOGFILE
[f]
	sequence = 7000
	command  = exit 3
	stop_command = echo stop-anyway
	cmd_timeout = 0
[k]
	sequence = 7001
	command  = kill -9 $$
[m]
	sequence = 7002
	command  = /nonexistent %IP%
[q]
	sequence = 7003
	command  = echo "%IP%|%ip%|%IP%x%IP%" '$HOME' $0 \\
[n]
	sequence = 7004
[o]
	sequence = 7005
	stop_command = echo never
	cmd_timeout = 0
[e]
	sequence = 7006
	command  =
`),
    options: '-i eth0 -v',
    async steps(run) {
      for (let port = 7000; port <= 7006; port++) await run.knock(`10.99.0.1 ${port}`);
    },
  },
  {
    name: 'command-timeouts',
    conf: lines(`
[options]
	logfile = LOGFILE
[zero]
	sequence = 7000
	command  = /bin/true
	cmd_timeout = 0
	stop_command = /bin/true stop
[slow]
	sequence = 7001
	command  = sleep 3; false
	cmd_timeout = 3
	stop_command = /bin/true stop
[empty]
	sequence = 7002
	command  = /bin/true
	cmd_timeout = 1.9
	stop_command =
[text]
	sequence = 7003
	command  = /bin/true
	cmd_timeout = later
	stop_command = false
`),
    async steps(run) {
      await run.knock('10.99.0.1 7000');
      await run.knock('10.99.0.1 7001');
      await run.sleep(3.5);
      await run.look('the time runs from the end of the start command', 'grep -c "slow: command timeout" LOGFILE');
      await run.logged('command timeout', 2);
      await run.knock('10.99.0.1 7002');
      await run.logged('command timeout', 3);
      await run.knock('10.99.0.1 7003');
      await run.settle();
    },
  },
  {
    name: 'negative-command-timeout',
    conf: lines(`
[options]
	logfile = LOGFILE
[t]
	sequence = 7000
	command  = /bin/true start
	cmd_timeout = -1
	stop_command = /bin/true stop
`),
    async steps(run) {
      await run.knock('10.99.0.1 7000');
      await run.sleep(2);
      await run.stop('SIGKILL');
    },
  },
  {
    name: 'commands-that-become-too-long',
    conf: lines(`
[options]
	logfile = LOGFILE
[fits]
	sequence = 7000
	command  = : ${'%IP% '.repeat(400)}
[start]
	sequence = 7001
	command  = : ${'%IP% '.repeat(500)}
	cmd_timeout = 0
	stop_command = echo stop > TMP/fx
[stop]
	sequence = 7002
	command = echo start > TMP/fx
	cmd_timeout = 0
	stop_command = : ${'%IP% '.repeat(500)}
`),
    async steps(run) {
      for (const port of [7000, 7001, 7002]) await run.knock(`10.99.0.1 ${port}`);
      await run.look('effects', 'cat TMP/fx');
    },
  },
  {
    name: 'the-longest-command',
    conf: [4094, 4095, 4096]
      .map((length, index) => `[n${length}]\nsequence=700${index}\ncommand=: ${'%IP%'.repeat(300)}${padding(length)}\n`)
      .reduce((all, section) => all + section, '[options]\nlogfile=LOGFILE\n'),
    async steps(run) {
      for (const port of [7000, 7001, 7002]) await run.knock(`10.99.0.1 ${port}`);
    },
  },
  {
    name: 'surroundings-of-a-command',
    conf: lines(`
[options]
	logfile = LOGFILE
[t]
	sequence = 7000
	command  = (pwd; umask; echo $LC_ALL; tty; env | grep ^KNOCK; cat) > TMP/fx 2>&1
`),
    async steps(run) {
      await run.knock('10.99.0.1 7000');
      await run.look('effects', 'cat TMP/fx');
    },
  },
  {
    name: 'order-of-two-timed-doors',
    conf: lines(`
[options]
	logfile = LOGFILE
[long]
	sequence = 7000
	command  = echo long start >> TMP/fx
	cmd_timeout = 3
	stop_command = echo long stop >> TMP/fx
[short]
	sequence = 7001
	command  = echo short start >> TMP/fx
	cmd_timeout = 1
	stop_command = echo short stop >> TMP/fx
`),
    async steps(run) {
      await run.knock('10.99.0.1 7000');
      await run.knock('10.99.0.1 7001');
      await run.logged('long stop');
      await run.settle();
      await run.look('effects', 'cat TMP/fx');
    },
  },
];

/** What is missing from two bytes and 300 times 9 ("10.99.0.2") to a command of `length` bytes. */
function padding(length: number): string {
  return 'x'.repeat(length - 2 - 300 * 9);
}
