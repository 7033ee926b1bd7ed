/** TCPFlags, and packets that are not what a kernel sends. */
import { lines, type Scenario } from '../harness/scenario.ts';

const conf = (flags: string, sequence = '7000,8000,9000'): string =>
  lines(`
[options]
	logfile = LOGFILE
[A]
	sequence = ${sequence}
	${flags}
	command  = /bin/true %IP%
`);

export const flags: readonly Scenario[] = [
  {
    name: 'flags-that-do-not-fit-are-ignored',
    conf: conf('tcpflags = syn,!ack'),
    async steps(run) {
      const hits = ['-S -p 7000', '-S -A -p 8000', '-A -p 9000', '-R -p 7000', '-S -P -U -p 8000', '-S -X -Y -p 9000'];
      for (const hit of hits) await run.onClient(`hping3 -q -c 1 ${hit} 10.99.0.1`);
    },
  },
  {
    name: 'every-flag-by-itself',
    conf: ['fin', 'syn', 'rst', 'PSH', 'Ack', 'urg']
      .map((flag, index) => `[${flag}]\nsequence=700${index}\ntcpflags=${flag}\ncommand=/bin/true ${flag}\n`)
      .reduce((all, door) => all + door, '[options]\nlogfile=LOGFILE\n'),
    async steps(run) {
      for (const port of [7000, 7001, 7002, 7003, 7004, 7005]) {
        await run.frames(...['-', 'F', 'S', 'R', 'P', 'A', 'U', 'EC'].map((flag) => `dport=${port},flags=${flag}`));
      }
    },
  },
  {
    name: 'every-flag-forbidden',
    conf: conf('tcpflags = !fin,!syn,!rst,!psh,!ack,!urg', '7000'),
    async steps(run) {
      await run.frames(...['-', 'F', 'S', 'R', 'P', 'A', 'U', 'EC'].map((flag) => `dport=7000,flags=${flag}`));
    },
  },
  {
    name: 'flags-accumulate-and-the-last-word-counts',
    conf: conf('tcpflags = syn,ack\n\ttcpflags = !ack\n\ttcpflags = psh', '7000,8000'),
    async steps(run) {
      await run.frames('dport=7000,flags=S', 'dport=7000,flags=SAP', 'dport=7000,flags=SP', 'dport=8000,flags=SA');
      await run.frames('dport=8000,flags=P', 'dport=8000,flags=SPU');
    },
  },
  {
    name: 'without-flags-any-tcp-packet-counts',
    conf: conf('', '7000,8000,9000,7001,8001'),
    async steps(run) {
      await run.frames('dport=7000,flags=-', 'dport=8000,flags=R', 'dport=9000,flags=F', 'dport=7001,flags=A');
      await run.frames('dport=8001,flags=FSRPAUEC');
    },
  },
  {
    name: 'flags-leave-udp-alone',
    conf: conf('tcpflags = syn,fin,rst', '7000:udp,8000:udp'),
    async steps(run) {
      await run.knock('-u 10.99.0.1 7000 8000');
    },
  },
  {
    name: 'flags-of-each-door-on-a-shared-port',
    conf: lines(`
[options]
	logfile = LOGFILE
[syn]
	sequence = 7000,8000
	tcpflags = syn,!ack
	command  = /bin/true syn
[ack]
	sequence = 7000,8000
	tcpflags = ack,!syn
	command  = /bin/true ack
`),
    async steps(run) {
      await run.frames('dport=7000,flags=S', 'dport=8000,flags=A', 'dport=8000,flags=S');
      await run.frames('dport=7000,flags=A', 'dport=8000,flags=S', 'dport=8000,flags=A');
    },
  },
  {
    name: 'listening-port-within-a-sequence',
    conf: lines(`
[options]
	logfile = LOGFILE
[any]
	sequence = 7000,7001,7002
	command  = /bin/true any
[syn]
	sequence = 6000,6001,6002
	tcpflags = syn
	command  = /bin/true syn
`),
    async steps(run) {
      for (const port of [7001, 6001]) run.server.spawn('nc', ['-lk', String(port)]);
      await run.sleep(0.3);
      await run.onClient('nc -z 10.99.0.1 7000; echo | nc -q 0 -w 1 10.99.0.1 7001; nc -z 10.99.0.1 7002');
      await run.onClient('nc -z 10.99.0.1 6000; echo | nc -q 0 -w 1 10.99.0.1 6001; nc -z 10.99.0.1 6002');
    },
  },
  {
    name: 'fragments-options-and-checksums',
    conf: conf('tcpflags = syn', '7000'),
    async steps(run) {
      await run.frames('src=10.99.0.10,dport=7000,frag=first');
      await run.frames('src=10.99.0.11,dport=7000,frag=later');
      await run.frames('src=10.99.0.12,dport=7000,opts=1');
      await run.frames('src=10.99.0.13,dport=7000,bad=1');
      await run.frames('src=10.99.0.14,dport=7000,vlan=7');
      await run.frames('src=10.99.0.15,dport=7000,data=hello');
      await run.frames('src=fd99::13,dport=7000,bad=1');
    },
  },
  {
    name: 'dropped-packets-count',
    conf: conf('tcpflags = syn', '7000,8000'),
    async steps(run) {
      await run.onServer('iptables -w -t raw -A PREROUTING -p tcp -j DROP; iptables -w -P INPUT DROP');
      await run.knock('10.99.0.1 7000 8000');
    },
  },
];
