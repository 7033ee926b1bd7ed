/** One_Time_Sequences: what is used up, what is marked in the file, and the end of it. */
import { lines, type Scenario } from '../harness/scenario.ts';

const conf = lines(`
[options]
	logfile = LOGFILE
[O]
	one_time_sequences = TMP/ots
	tcpflags = syn
	command  = /bin/true %IP%
[P]
	sequence = 5000,5001
	tcpflags = syn
	command  = /bin/true P
`);

export const oneTime: readonly Scenario[] = [
  {
    name: 'one-time-sequences',
    conf,
    files: {
      ots: '# a comment\n\n 7000,8000\n  # another\n\t7001 , 8001 # text\r\n7002:udp,8002\n 7003,8003\n',
    },
    async steps(run) {
      await run.knock('10.99.0.1 7000 8000');
      await run.look('after the first', 'cat TMP/ots');
      await run.knock('10.99.0.1 7000 8000');
      await run.knock('10.99.0.1 7001 7001');
      await run.knock('10.99.0.1 5000 5001');
      await run.frames('src=10.99.0.9,dport=7001', 'src=10.99.0.9,dport=8001');
      await run.look('after the second', 'cat TMP/ots');
      await run.knock('10.99.0.1 7002:udp 8002');
      await run.look('after the third', 'cat TMP/ots');
    },
  },
  {
    name: 'one-time-sequences-go-on-after-restart-and-reload',
    conf,
    files: { ots: ' 7000,8000\n 7001,8001\n 7002,8002\n 7003,8003\n' },
    async steps(run) {
      await run.knock('10.99.0.1 7000 8000');
      await run.stop();
      await run.start('-c CONF -i eth0');
      await run.knock('10.99.0.1 7001 8001');
      await run.reload();
      await run.knock('10.99.0.1 7002 8002');
      await run.look('file', 'cat TMP/ots');
    },
  },
  {
    name: 'one-time-sequences-run-out',
    conf,
    files: { ots: ' 7000,8000\n' },
    async steps(run) {
      await run.knock('10.99.0.1 7000 8000');
      await run.knock('10.99.0.1 5000 5001');
      await run.knock('10.99.0.1 7000 8000');
      await run.look('file', 'cat TMP/ots');
    },
    differs: {
      why: 'knockd crashes (double free)',
      spad: {
        stderr: lines(`
no more sequences left in the one time sequences file for door O --> disabling the door
`),
        exit: lines(`
alive, after SIGTERM: status 15
`),
        log: lines(`
[TS] starting up, listening on eth0
[TS] 10.99.0.2: O: Stage 1
[TS] 10.99.0.2: O: Stage 2
[TS] 10.99.0.2: O: OPEN SESAME
[TS] no more sequences left in the one time sequences file for door O --> disabling the door

[TS] O: running command: /bin/true 10.99.0.2

[TS] 10.99.0.2: P: Stage 1
[TS] 10.99.0.2: P: Stage 2
[TS] 10.99.0.2: P: OPEN SESAME
[TS] P: running command: /bin/true P

[TS] shutting down
`),
      },
    },
  },
  {
    name: 'one-time-file-with-an-invalid-line',
    conf,
    // knockd names the section from memory that is no longer its own.
    masks: [[/section .*: port/g, 'section O: port']],
    files: { ots: ' 7000,99999\n 7001,8001\n 7002,8002\n' },
    async steps(run) {
      await run.knock('10.99.0.1 7001 8001');
      await run.look('after the first', 'cat TMP/ots');
      await run.knock('10.99.0.1 7001 8001');
      await run.look('after the second', 'cat TMP/ots');
    },
    differs: {
      why: 'knockd marks the invalid line and leaves the used one valid',
      spad: {
        'after the first': lines(`
 7000,99999
#7001,8001
 7002,8002
`),
        'after the second': lines(`
 7000,99999
#7001,8001
 7002,8002
`),
        log: lines(`
[TS] starting up, listening on eth0
[TS] 10.99.0.2: O: Stage 1
[TS] 10.99.0.2: O: Stage 2
[TS] 10.99.0.2: O: OPEN SESAME
[TS] O: running command: /bin/true 10.99.0.2

[TS] shutting down
`),
      },
    },
  },
  {
    name: 'one-time-longer-successor',
    conf,
    files: { ots: ' 7000,8000\n 7001,8001,9001\n 7002,8002\n' },
    async steps(run) {
      await run.knock('10.99.0.1 7000 8000');
      await run.knock('10.99.0.1 9001');
      await run.look('file', 'cat TMP/ots');
    },
    differs: {
      why: 'knockd keeps the finished attempt at its stage',
      spad: {
        file: lines(`
#7000,8000
 7001,8001,9001
 7002,8002
`),
        log: lines(`
[TS] starting up, listening on eth0
[TS] 10.99.0.2: O: Stage 1
[TS] 10.99.0.2: O: Stage 2
[TS] 10.99.0.2: O: OPEN SESAME
[TS] O: running command: /bin/true 10.99.0.2

[TS] shutting down
`),
      },
    },
  },
  {
    name: 'one-time-over-ipv6',
    conf,
    files: { ots: ' 7000,8000\n 7001,8001\n 7002,8002\n' },
    async steps(run) {
      await run.knock('fd99::1 7000 8000');
      await run.knock('fd99::1 7001 8001');
      await run.look('file', 'cat TMP/ots');
    },
    differs: {
      why: 'knockd renews its filter for IPv4 only',
      spad: {
        file: lines(`
#7000,8000
#7001,8001
 7002,8002
`),
        log: lines(`
[TS] starting up, listening on eth0
[TS] fd99::2: O: Stage 1
[TS] fd99::2: O: Stage 2
[TS] fd99::2: O: OPEN SESAME
[TS] O: running command: /bin/true fd99::2

[TS] fd99::2: O: Stage 1
[TS] fd99::2: O: Stage 2
[TS] fd99::2: O: OPEN SESAME
[TS] O: running command: /bin/true fd99::2

[TS] shutting down
`),
      },
    },
  },
  {
    name: 'one-time-and-sequence-together',
    conf: conf.replace('tcpflags', 'sequence = 6000,6001\n\ttcpflags'),
    files: { ots: ' 7000,8000\n 7001,8001\n' },
    async steps(run) {
      await run.knock('10.99.0.1 7000 8000');
      await run.knock('10.99.0.1 6000 6001');
      await run.look('file', 'cat TMP/ots');
      await run.knock('10.99.0.1 7000 8000');
      await run.knock('10.99.0.1 7001 8001');
    },
    differs: {
      why: 'knockd crashes (double free)',
      spad: {
        stderr: lines(`
no more sequences left in the one time sequences file for door O --> disabling the door
`),
        exit: lines(`
alive, after SIGTERM: status 15
`),
        log: lines(`
[TS] starting up, listening on eth0
[TS] 10.99.0.2: O: Stage 1
[TS] 10.99.0.2: O: Stage 2
[TS] 10.99.0.2: O: OPEN SESAME
[TS] O: running command: /bin/true 10.99.0.2

[TS] 10.99.0.2: O: Stage 1
[TS] 10.99.0.2: O: Stage 2
[TS] 10.99.0.2: O: OPEN SESAME
[TS] O: running command: /bin/true 10.99.0.2

[TS] 10.99.0.2: O: Stage 1
[TS] 10.99.0.2: O: Stage 2
[TS] 10.99.0.2: O: OPEN SESAME
[TS] no more sequences left in the one time sequences file for door O --> disabling the door

[TS] O: running command: /bin/true 10.99.0.2

[TS] shutting down
`),
      },
    },
  },
  {
    name: 'one-time-file-of-words',
    conf,
    files: { ots: 'hello\n 7001,8001\n' },
    async steps(run) {
      await run.frames('dport=0');
      await run.look('file', 'cat TMP/ots');
    },
  },
  {
    name: 'one-time-files-that-cannot-be-used',
    options: null,
    async steps(run) {
      await run.attempt('missing', '-c CONF', conf);
      run.write('ots', '#7000,8000\n\n  # 7001\n');
      await run.attempt('all used', '-c CONF');
      run.write('ots', '');
      await run.attempt('empty', '-c CONF');
      run.write('ots', '7000,70000\n');
      await run.attempt('only an invalid line', '-c CONF');
      await run.attempt('a folder', '-c CONF', conf.replace('TMP/ots', 'TMP'));
      await run.attempt('no name', '-c CONF', conf.replace('TMP/ots', ''));
    },
  },
];
