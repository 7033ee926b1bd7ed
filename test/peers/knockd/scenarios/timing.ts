/** Seq_Timeout in whole seconds, from the first knock, noticed late; the defaults. */
import { lines, type Scenario } from '../harness/scenario.ts';

const conf = (timeout: string, sequence = '7000,8000,9000'): string =>
  lines(`
[options]
	logfile = LOGFILE
[A]
	sequence    = ${sequence}
	${timeout}
	tcpflags    = syn
	command     = /bin/true %IP%
`);

const DEFAULTS = lines(`
[options]
	logfile = LOGFILE
[A]
	sequence      = 7000,8000
	start_command = /bin/true
`);

export const timing: readonly Scenario[] = [
  {
    name: 'default-sequence-timeout-in-time',
    conf: DEFAULTS,
    async steps(run) {
      await run.clock(0.1);
      await run.knock('10.99.0.1 7000');
      await run.sleep(23.8);
      await run.knock('10.99.0.1 8000');
    },
  },
  {
    name: 'default-sequence-timeout-too-late',
    conf: DEFAULTS,
    async steps(run) {
      await run.clock(0.6);
      await run.knock('10.99.0.1 7000');
      await run.sleep(24.5);
      await run.knock('10.99.0.1 8000');
    },
  },
  {
    name: 'default-command-timeout',
    conf: DEFAULTS.replace('/bin/true', '/bin/true start\n\tstop_command = /bin/true stop'),
    async steps(run) {
      await run.knock('10.99.0.1 7000 8000');
      await run.logged('running command');
      await run.sleep(8.5);
      await run.look('before 10 s', 'grep -c timeout LOGFILE');
      await run.logged('command timeout');
      await run.settle();
    },
  },
  {
    name: 'sequence-timeout-from-the-first-knock',
    conf: conf('seq_timeout = 3'),
    async steps(run) {
      await run.clock(0.1);
      await run.knock('10.99.0.1 7000');
      await run.sleep(1.4);
      await run.knock('10.99.0.1 8000');
      await run.sleep(1.4);
      await run.knock('10.99.0.1 9000');
      await run.clock(0.1);
      await run.knock('10.99.0.1 7000');
      await run.sleep(3.6);
      await run.knock('10.99.0.1 7000 8000 9000');
    },
  },
  {
    name: 'whole-seconds-decide',
    conf: conf('seq_timeout = 3', '7000,8000'),
    async steps(run) {
      // 2.6 s that are within three seconds by the clock, then 2.5 s that are not.
      await run.clock(0.1);
      await run.knock('10.99.0.1 7000');
      await run.clock(0.1);
      await run.clock(0.7);
      await run.sleep(1);
      await run.knock('10.99.0.1 8000');
      await run.clock(0.55);
      await run.knock('10.99.0.1 7000');
      await run.sleep(1.5);
      await run.clock(0.1);
      await run.knock('10.99.0.1 8000');
    },
  },
  {
    name: 'timeout-is-noticed-at-the-next-packet-of-anyone',
    conf: conf('timeout = 1'),
    async steps(run) {
      await run.frames('src=10.99.0.3,dport=7000', 'src=10.99.0.3,dport=8000');
      await run.sleep(2.2);
      await run.look('nothing by itself', 'grep -c timeout LOGFILE');
      await run.frames('src=10.99.0.4,dport=1234');
      await run.look('nothing by a foreign port', 'grep -c timeout LOGFILE');
      await run.frames('src=10.99.0.4,dport=9000');
      await run.look('by a port of a door', 'grep -c timeout LOGFILE');
    },
  },
  {
    name: 'timeouts-of-zero-and-below',
    conf: lines(`
[options]
	logfile = LOGFILE
[zero]
	sequence = 7000,7001
	seq_timeout = 0
[negative]
	sequence = 7100,7101
	seq_timeout = -5
[one]
	sequence = 7200
	seq_timeout = -1
[text]
	sequence = 7300,7301
	timeout = soon
`),
    async steps(run) {
      for (const first of [7000, 7100, 7200, 7300]) await run.knock(`10.99.0.1 ${first} ${first + 1}`);
    },
  },
  {
    name: 'timeouts-with-text-behind',
    conf: conf('seq_timeout = 2.9s # and a comment', '7000,8000'),
    async steps(run) {
      await run.clock(0.1);
      await run.knock('10.99.0.1 7000');
      await run.sleep(0.6);
      await run.knock('10.99.0.1 8000');
      await run.clock(0.1);
      await run.knock('10.99.0.1 7000');
      await run.sleep(1.8);
      await run.knock('10.99.0.1 8000');
    },
  },
];
