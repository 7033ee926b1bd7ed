/** Which packets open which door: order, repeats, foreign ports, several doors, several sources. */
import { lines, type Scenario } from '../harness/scenario.ts';

const ABC = lines(`
[options]
	logfile = LOGFILE
[A]
	sequence = 7000,8000,9000
	tcpflags = syn
	command  = /bin/true %IP%
`);

const IPTABLES = 'iptables -w -S INPUT';

export const sequences: readonly Scenario[] = [
  {
    name: 'debian-default',
    conf: lines(`
[options]
	logfile = LOGFILE

[openSSH]
	sequence    = 7000,8000,9000
	seq_timeout = 5
	command     = /sbin/iptables -A INPUT -s %IP% -p tcp --dport 22 -j ACCEPT
	tcpflags    = syn

[closeSSH]
	sequence    = 9000,8000,7000
	seq_timeout = 5
	command     = /sbin/iptables -D INPUT -s %IP% -p tcp --dport 22 -j ACCEPT
	tcpflags    = syn

[openHTTPS]
	sequence    = 12345,54321,24680,13579
	seq_timeout = 5
	command     = /usr/local/sbin/knock_add -i -c INPUT -p tcp -d 443 -f %IP%
	tcpflags    = syn
`),
    async steps(run) {
      await run.look('rules before', IPTABLES);
      await run.knock('10.99.0.1 7000 8000 9000');
      await run.look('rules after opening', IPTABLES);
      await run.knock('10.99.0.1 9000 8000 7000');
      await run.look('rules after closing', IPTABLES);
      await run.knock('10.99.0.1 12345 54321 24680 13579');
    },
  },
  {
    name: 'timed-door-with-nmap-before-and-after',
    conf: lines(`
[options]
	logfile = LOGFILE
[opencloseSMTP]
	sequence      = 7000:tcp,8000:tcp
	seq_timeout   = 15
	tcpflags      = syn
	start_command = /sbin/iptables -I INPUT -s %IP% -p tcp --dport 25 -j ACCEPT
	cmd_timeout   = 2
	stop_command  = /sbin/iptables -D INPUT -s %IP% -p tcp --dport 25 -j ACCEPT
`),
    async steps(run) {
      await run.onServer('iptables -w -A INPUT -p tcp --dport 25 -j DROP');
      const scan = 'nmap -n -Pn -sS --max-retries 1 -p 25 10.99.0.1 | grep ^25/ > TMP/scan';
      await run.onClient(scan);
      await run.look('port before', 'cat TMP/scan');
      await run.knock('10.99.0.1 7000 8000');
      await run.onClient(scan);
      await run.look('port while open', 'cat TMP/scan');
      await run.logged('command timeout');
      await run.settle();
      await run.onClient(scan);
      await run.look('port after', 'cat TMP/scan');
    },
  },
  {
    name: 'overlapping-opens-of-one-address',
    conf: lines(`
[options]
	logfile = LOGFILE
[t]
	sequence      = 7000,8000
	tcpflags      = syn
	start_command = iptables -w -I INPUT -s %IP% -p tcp --dport 22 -j ACCEPT
	cmd_timeout   = 3
	stop_command  = iptables -w -D INPUT -s %IP% -p tcp --dport 22 -j ACCEPT
`),
    async steps(run) {
      await run.knock('10.99.0.1 7000 8000');
      await run.sleep(1);
      await run.knock('10.99.0.1 7000 8000');
      await run.look('two opens', IPTABLES);
      await run.logged('command timeout', 1);
      await run.settle();
      await run.look('after the first stop', IPTABLES);
      await run.logged('command timeout', 2);
      await run.settle();
      await run.look('after the last stop', IPTABLES);
    },
  },
  {
    name: 'wrong-order-resets-and-is-consumed',
    conf: ABC,
    async steps(run) {
      await run.knock('10.99.0.1 7000 9000 8000 9000');
      await run.knock('10.99.0.1 7000 7000 8000 9000');
      await run.knock('10.99.0.1 7000 7000 7000 8000 9000');
      await run.knock('10.99.0.1 7000 8000 8000 9000');
    },
  },
  {
    name: 'last-port-twice-and-start-over',
    conf: ABC,
    async steps(run) {
      await run.knock('10.99.0.1 7000 8000 9000 9000');
      await run.knock('10.99.0.1 8000 9000');
      await run.knock('10.99.0.1 7000 8000 7000');
      await run.knock('10.99.0.1 7000 8000 9000');
    },
  },
  {
    name: 'foreign-ports-are-invisible',
    conf: ABC,
    async steps(run) {
      await run.knock('10.99.0.1 7000 1234 8000 4321 9000');
      await run.knock('-u 10.99.0.1 7000 8000 9000');
      await run.knock('10.99.0.1 7000 8000:udp 7000:udp 8000 9000:udp 9000');
    },
  },
  {
    name: 'ascending-scan-opens-an-ascending-sequence',
    conf: ABC,
    async steps(run) {
      await run.onClient('nmap -n -Pn -sS -r --max-retries 0 --min-rate 2000 -p 6990-9010 10.99.0.1');
    },
  },
  {
    name: 'ascending-scan-opens-no-other-order',
    conf: ABC.replace('7000,8000,9000', '9000,8000,7000'),
    async steps(run) {
      await run.onClient('nmap -n -Pn -sS -r --max-retries 0 --min-rate 2000 -p 6990-9010 10.99.0.1');
      await run.knock('10.99.0.1 8000 7000');
    },
  },
  {
    name: 'connect-scan-and-udp-scan',
    conf: lines(`
[options]
	logfile = LOGFILE
[u]
	sequence = 7001:udp,7003:udp
	command  = /bin/true u
[t]
	sequence = 7001,7003
	command  = /bin/true t
`),
    async steps(run) {
      await run.onClient('nmap -n -Pn -sT -r --max-retries 0 -p 7000-7004 10.99.0.1');
      await run.onClient('nmap -n -Pn -sU -r --max-retries 0 --min-rate 200 -p 7000-7004 10.99.0.1');
    },
  },
  {
    name: 'tcp-and-udp-mixed',
    conf: lines(`
[options]
	logfile = LOGFILE
[U]
	sequence = 7000:udp,8000:tcp,9000 : UDP
	tcpflags = syn
	command  = /bin/true %IP%
`),
    async steps(run) {
      await run.knock('-v 10.99.0.1 7000:udp 8000:tcp 9000:udp');
      await run.knock('10.99.0.1 7000 8000 9000');
      await run.knock('10.99.0.1 7000:udp 8000:udp 8000 9000:udp');
      await run.knock('10.99.0.1 7000:udp 9000:udp 8000 9000:udp');
      await run.onClient('echo x | nc -u -w 1 -q 0 10.99.0.1 7000; nc -z -w 1 10.99.0.1 8000');
      await run.onClient('hping3 -q -c 1 -2 -p 9000 10.99.0.1');
    },
  },
  {
    name: 'one-port-number-in-both-protocols',
    conf: lines(`
[options]
	logfile = LOGFILE
[B]
	sequence = 7000:tcp,7000:udp,7000:tcp
	tcpflags = syn
	command  = /bin/true
`),
    async steps(run) {
      await run.knock('10.99.0.1 7000:tcp 7000:udp 7000:tcp');
      await run.knock('10.99.0.1 7000:udp 7000:tcp 7000:tcp 7000:udp');
    },
  },
  {
    name: 'single-port-door',
    conf: lines(`
[options]
	logfile = LOGFILE
[one]
	sequence = 7000:udp
	command  = /bin/true %IP%
`),
    async steps(run) {
      for (let time = 0; time < 3; time++) await run.knock('-u 10.99.0.1 7000');
    },
  },
  {
    name: 'many-single-hits-at-once',
    conf: lines(`
[options]
	logfile = LOGFILE
[one]
	sequence = 7000:udp
	command  = echo x >> TMP/hits
`),
    async steps(run) {
      await run.knock(`-u 10.99.0.1 ${'7000 '.repeat(40)}`);
      await run.look('commands run', 'sleep 1; grep -c x TMP/hits');
    },
    unordered: ['log'],
  },
  {
    name: 'repeated-ports',
    conf: ABC.replace('7000,8000,9000', '7000,7000,7000'),
    async steps(run) {
      await run.knock('10.99.0.1 7000 7000');
      await run.knock('10.99.0.1 7000');
      await run.knock('10.99.0.1 7000 7000');
      await run.knock('10.99.0.1 7000');
    },
  },
  {
    name: 'thirty-two-ports',
    conf: ABC.replace('7000,8000,9000', Array.from({ length: 32 }, (_, index) => 7000 + index).join(',')),
    async steps(run) {
      await run.knock(`10.99.0.1 ${Array.from({ length: 32 }, (_, index) => 7000 + index).join(' ')}`);
    },
  },
  {
    name: 'door-open-again-at-once',
    conf: ABC,
    async steps(run) {
      await run.knock('10.99.0.1 7000 8000 9000');
      await run.knock('10.99.0.1 7000 8000 9000');
    },
  },
];
