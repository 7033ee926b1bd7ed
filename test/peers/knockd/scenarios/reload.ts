/** SIGHUP: good files, bad files, none. */
import { lines, type Scenario } from '../harness/scenario.ts';

const OPTIONS = '[options]\n\tlogfile = LOGFILE\n';
const A = lines(`
[A]
	sequence = 7000,8000
	tcpflags = syn
	command  = /bin/true A
`);
const B = lines(`
[B]
	sequence = 5000,5001:udp
	command  = /bin/true B
`);

export const reload: readonly Scenario[] = [
  {
    name: 'reload-with-other-doors',
    conf: OPTIONS + A,
    options: '-i eth0 -v',
    async steps(run) {
      await run.knock('10.99.0.1 7000');
      run.writeConf(OPTIONS + B);
      await run.reload();
      await run.knock('10.99.0.1 8000');
      await run.knock('10.99.0.1 7000 8000');
      await run.knock('10.99.0.1 5000 5001:udp');
      run.writeConf(OPTIONS + A + B);
      await run.reload();
      await run.knock('10.99.0.1 7000 8000');
      await run.knock('10.99.0.1 5000 5001:udp');
    },
  },
  {
    name: 'reload-forgets-attempts',
    conf: OPTIONS + A,
    async steps(run) {
      await run.knock('10.99.0.1 7000');
      await run.reload();
      await run.knock('10.99.0.1 8000');
      await run.knock('10.99.0.1 7000 8000');
    },
  },
  {
    name: 'reload-while-a-stop-command-waits',
    conf: `${OPTIONS}[t]\nsequence=7000\ncommand=echo start >> TMP/fx\ncmd_timeout=3\nstop_command=echo stop >> TMP/fx\n`,
    async steps(run) {
      await run.knock('10.99.0.1 7000');
      run.writeConf(OPTIONS + B);
      await run.reload();
      await run.look('before', 'cat TMP/fx');
      await run.logged('command timeout');
      await run.settle();
      await run.look('after', 'cat TMP/fx');
    },
  },
  {
    name: 'reload-of-a-bad-file',
    conf: OPTIONS + A,
    async steps(run) {
      run.writeConf(OPTIONS + A.replace('8000', '99999'));
      await run.reload();
      await run.knock('10.99.0.1 7000 8000');
    },
    differs: {
      why: 'knockd ends',
      spad: {
        exit: lines(`
alive, after SIGTERM: status 15
`),
        log: lines(`
[TS] starting up, listening on eth0
[TS] re-reading config file: CONF

[TS] config: section A: port 99999 is invalid --> keeping the old doors
[TS] 10.99.0.2: A: Stage 1
[TS] 10.99.0.2: A: Stage 2
[TS] 10.99.0.2: A: OPEN SESAME
[TS] A: running command: /bin/true A

[TS] shutting down
`),
      },
    },
  },
  {
    name: 'reload-of-a-file-with-a-syntax-error',
    conf: OPTIONS + A,
    async steps(run) {
      run.writeConf(`${OPTIONS}${A}nonsense\n`);
      await run.reload();
      run.writeConf(OPTIONS + B);
      await run.reload();
      await run.knock('10.99.0.1 5000 5001:udp');
    },
    differs: {
      why: 'knockd ends',
      spad: {
        exit: lines(`
alive, after SIGTERM: status 15
`),
        log: lines(`
[TS] starting up, listening on eth0
[TS] re-reading config file: CONF

[TS] config: line 7: syntax error --> keeping the old doors
[TS] re-reading config file: CONF

[TS] 10.99.0.2: B: Stage 1
[TS] 10.99.0.2: B: Stage 2
[TS] 10.99.0.2: B: OPEN SESAME
[TS] B: running command: /bin/true B

[TS] shutting down
`),
      },
    },
  },
  {
    name: 'reload-of-a-file-that-is-gone',
    conf: OPTIONS + A,
    async steps(run) {
      await run.onServer('rm CONF');
      await run.reload();
      await run.knock('10.99.0.1 7000 8000');
    },
    differs: {
      why: 'knockd ends',
      spad: {
        exit: lines(`
alive, after SIGTERM: status 15
`),
        log: lines(`
[TS] starting up, listening on eth0
[TS] re-reading config file: CONF

[TS] CONF: No such file or directory --> keeping the old doors
[TS] 10.99.0.2: A: Stage 1
[TS] 10.99.0.2: A: Stage 2
[TS] 10.99.0.2: A: OPEN SESAME
[TS] A: running command: /bin/true A

[TS] shutting down
`),
      },
    },
  },
  {
    name: 'reload-in-the-background-with-a-relative-path',
    options: null,
    async steps(run) {
      run.writeConf(`${OPTIONS}pidfile = TMP/pid\n${A}`);
      await run.start('-d -c knockd.conf');
      await run.adopt('pid');
      await run.reload();
      await run.knock('10.99.0.1 7000 8000');
    },
    differs: {
      why: 'knockd looks for the file in / and ends',
      spad: {
        exit: lines(`
alive, after SIGTERM: in the background
`),
        log: lines(`
[TS] starting up, listening on eth0
[TS] re-reading config file: knockd.conf

[TS] 10.99.0.2: A: Stage 1
[TS] 10.99.0.2: A: Stage 2
[TS] 10.99.0.2: A: OPEN SESAME
[TS] A: running command: /bin/true A

[TS] shutting down
`),
      },
    },
  },
  {
    name: 'reload-with-another-log-file',
    conf: OPTIONS + A,
    async steps(run) {
      run.writeConf(`[options]\nlogfile = TMP/other.log\n${A}`);
      await run.reload();
      await run.knock('10.99.0.1 7000 8000');
      await run.look('the other log', 'cat TMP/other.log');
    },
  },
  {
    name: 'reload-after-the-log-was-rotated',
    conf: OPTIONS + A,
    async steps(run) {
      await run.onServer('mv LOGFILE TMP/rotated.log');
      await run.knock('10.99.0.1 7000 8000');
      await run.reload();
      await run.knock('10.99.0.1 7000 8000');
      await run.look('the rotated log', 'cat TMP/rotated.log');
    },
  },
  {
    name: 'reload-without-a-log-file',
    conf: OPTIONS + A,
    async steps(run) {
      run.writeConf(A);
      await run.reload();
      await run.knock('10.99.0.1 7000 8000');
    },
  },
  {
    name: 'reload-where-there-never-was-a-log-file',
    conf: A,
    options: '-i eth0 -v',
    async steps(run) {
      await run.reload();
      await run.knock('10.99.0.1 7000 8000');
    },
  },
  {
    name: 'reload-with-no-doors-left',
    conf: OPTIONS + A,
    async steps(run) {
      run.writeConf(OPTIONS);
      await run.reload();
      await run.knock('10.99.0.1 7000 8000');
      run.writeConf(OPTIONS + A);
      await run.reload();
      await run.knock('10.99.0.1 7000 8000');
    },
  },
  {
    name: 'reload-with-an-address-more',
    conf: OPTIONS + A,
    async steps(run) {
      await run.onServer('ip addr add 10.99.0.50/24 dev eth0');
      await run.reload();
      await run.knock('10.99.0.50 7000 8000');
      await run.knock('10.99.0.1 7000 8000');
    },
    differs: {
      why: 'knockd knows only the addresses of its start',
      spad: {
        log: lines(`
[TS] starting up, listening on eth0
[TS] re-reading config file: CONF

[TS] 10.99.0.2: A: Stage 1
[TS] 10.99.0.2: A: Stage 2
[TS] 10.99.0.2: A: OPEN SESAME
[TS] A: running command: /bin/true A

[TS] 10.99.0.2: A: Stage 1
[TS] 10.99.0.2: A: Stage 2
[TS] 10.99.0.2: A: OPEN SESAME
[TS] A: running command: /bin/true A

[TS] shutting down
`),
      },
    },
  },
];
