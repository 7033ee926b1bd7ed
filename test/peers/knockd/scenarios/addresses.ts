/** IPv6, several addresses, Target. */
import { lines, type Scenario } from '../harness/scenario.ts';

const door = (more: string): string =>
  lines(`
[options]
	logfile = LOGFILE
[A]
	sequence = 7000,8000
	tcpflags = syn
	command  = /bin/true %IP%
	${more}
`);

export const addresses: readonly Scenario[] = [
  {
    name: 'ipv6-commands',
    conf: lines(`
[options]
	logfile = LOGFILE
[six]
	sequence        = 7000,8000
	tcpflags        = syn
	start_command   = echo v4 start %IP% >> TMP/fx
	start_command_6 = echo v6 start %IP% >> TMP/fx
	cmd_timeout     = 1
	stop_command    = echo v4 stop %IP% >> TMP/fx
[fallback]
	sequence        = 7100,7200
	tcpflags        = syn
	command         = echo fallback %IP% >> TMP/fx
[none6]
	sequence        = 7300,7400
	tcpflags        = syn
	command         = echo none6 %IP% >> TMP/fx
	command_6       =
[stop6]
	sequence        = 7500
	command         = echo both start >> TMP/fx
	cmd_timeout     = 0
	stop_command    = echo v4 stop >> TMP/fx
	stop_command_6  = echo v6 stop >> TMP/fx
[only6]
	sequence        = 7600
	command_6       = echo only6 %IP% >> TMP/fx
`),
    async steps(run) {
      for (const address of ['fd99::1', '10.99.0.1']) {
        await run.knock(`${address} 7000 8000`);
        await run.sleep(1.2);
        await run.settle();
        for (const ports of ['7100 7200', '7300 7400', '7500', '7600']) await run.knock(`${address} ${ports}`);
      }
      await run.look('effects', 'cat TMP/fx');
    },
  },
  {
    name: 'ipv6-rules',
    conf: lines(`
[options]
	logfile = LOGFILE
[ssh]
	sequence       = 7000,8000:udp
	start_command  = iptables -w -A INPUT -s %IP% -p tcp --dport 22 -j ACCEPT
	start_command_6= ip6tables -w -A INPUT -s %IP% -p tcp --dport 22 -j ACCEPT
	cmd_timeout    = 1
	stop_command   = iptables -w -D INPUT -s %IP% -p tcp --dport 22 -j ACCEPT
	stop_command_6 = ip6tables -w -D INPUT -s %IP% -p tcp --dport 22 -j ACCEPT
`),
    async steps(run) {
      await run.knock('fd99::1 7000 8000:udp');
      await run.look('open', 'ip6tables -S INPUT; iptables -S INPUT');
      await run.logged('-D INPUT');
      await run.settle();
      await run.look('closed', 'ip6tables -S INPUT; iptables -S INPUT');
    },
  },
  {
    name: 'ipv4-and-ipv6-are-two-sources',
    conf: door(''),
    async steps(run) {
      await run.knock('fd99::1 7000');
      await run.knock('10.99.0.1 8000');
      await run.knock('fd99::1 8000');
      await run.onClient('nmap -6 -n -Pn -sS -r --max-retries 0 --min-rate 2000 -p 6990-8010 fd99::1');
    },
  },
  {
    name: 'only-ipv4',
    conf: door(''),
    options: '-i eth0 -4',
    async steps(run) {
      await run.knock('fd99::1 7000 8000');
      await run.knock('10.99.0.1 7000 8000');
    },
  },
  {
    name: 'link-local-source',
    conf: door(''),
    async steps(run) {
      await run.frames('src=fe80::99,dport=7000', 'src=fe80::99,dport=8000');
      await run.onServer('ip addr show dev eth0 scope link | grep -o "fe80::[^/]*" > TMP/local');
      await run.onClient(
        'address=$(cat TMP/local); ip addr add fe80::42/64 dev eth0 nodad; sleep 0.2; ' +
          'for port in 7000 8000; do nc -z -w 1 -s fe80::42%eth0 $address%eth0 $port; done',
      );
    },
  },
  {
    name: 'ipv6-extension-headers',
    conf: door(''),
    async steps(run) {
      await run.frames('src=fd99::5,dport=7000,opts=1', 'src=fd99::5,dport=8000,opts=1');
      await run.frames('src=fd99::6,dport=7000,frag=first', 'src=fd99::6,dport=8000,frag=first');
      await run.frames('src=fd99::7,dport=7000,frag=later', 'src=fd99::7,dport=8000,frag=later');
    },
    differs: {
      why: 'knockd does not look behind extension headers',
      spad: {
        log: lines(`
[TS] starting up, listening on eth0
[TS] fd99::5: A: Stage 1
[TS] fd99::5: A: Stage 2
[TS] fd99::5: A: OPEN SESAME
[TS] A: running command: /bin/true fd99::5

[TS] fd99::6: A: Stage 1
[TS] fd99::6: A: Stage 2
[TS] fd99::6: A: OPEN SESAME
[TS] A: running command: /bin/true fd99::6

[TS] shutting down
`),
      },
    },
  },
  {
    name: 'flags-over-ipv6',
    conf: door('tcpflags = !ack'),
    async steps(run) {
      const [from, hits] = ['src=fd99::5', ['dport=7000,flags=SA', 'dport=7000,flags=SP', 'dport=8000,flags=A']];
      await run.frames(...[...hits, 'dport=7000,flags=SA', 'dport=8000,flags=SU'].map((hit) => `${from},${hit}`));
    },
  },
  {
    name: 'knocks-spread-over-several-addresses',
    conf: door(''),
    async before(run) {
      await run.onServer('ip addr add 10.99.0.50/24 dev eth0; ip addr add 10.98.0.1/24 dev eth0');
      await run.onClient('ip addr add 10.98.0.2/24 dev eth0');
    },
    async steps(run) {
      await run.knock('10.99.0.1 7000');
      await run.knock('10.99.0.50 8000');
      await run.knock('10.98.0.1 7000 8000');
    },
  },
  {
    name: 'labelled-address-by-its-label',
    conf: door(''),
    options: '-i eth0:1',
    async before(run) {
      await run.onServer('ip addr add 10.99.0.50/24 dev eth0 label eth0:1');
    },
    async steps(run) {
      await run.knock('10.99.0.1 7000 8000');
      await run.knock('10.99.0.50 7000 8000');
    },
  },
  {
    name: 'address-added-later',
    conf: door(''),
    async steps(run) {
      await run.onServer('ip addr add 10.99.0.50/24 dev eth0');
      await run.sleep(1);
      await run.knock('10.99.0.50 7000 8000');
      await run.knock('10.99.0.1 7000 8000');
    },
    differs: {
      why: 'knockd knows only the addresses of its start',
      spad: {
        log: lines(`
[TS] starting up, listening on eth0
[TS] 10.99.0.2: A: Stage 1
[TS] 10.99.0.2: A: Stage 2
[TS] 10.99.0.2: A: OPEN SESAME
[TS] A: running command: /bin/true 10.99.0.2

[TS] 10.99.0.2: A: Stage 1
[TS] 10.99.0.2: A: Stage 2
[TS] 10.99.0.2: A: OPEN SESAME
[TS] A: running command: /bin/true 10.99.0.2

[TS] shutting down
`),
      },
    },
  },
  {
    name: 'target-of-another-host',
    conf: door('target = 10.99.0.77\n[own]\nsequence=7000,9000\ntcpflags=syn\ncommand=/bin/true own'),
    async steps(run) {
      await run.frames('dst=10.99.0.77,dport=7000', 'dst=10.99.0.77,dport=8000');
      await run.knock('10.99.0.1 7000 9000');
      await run.frames('dst=10.99.0.78,dport=7000', 'dst=10.99.0.78,dport=8000');
    },
  },
  {
    name: 'target-in-ipv6',
    conf: door('target = fd99::77'),
    async steps(run) {
      await run.frames('src=fd99::2,dst=fd99::77,dport=7000', 'src=fd99::2,dst=fd99::77,dport=8000');
      await run.knock('fd99::1 7000 8000');
    },
  },
  {
    name: 'target-that-is-no-address',
    options: null,
    async steps(run) {
      await run.attempt('a network', '-c CONF', door('target = 10.99.0.0/24'));
      await run.attempt('IPv6 with -4', '-c CONF -4', door('target = fd99::77'));
    },
  },
  {
    name: 'target-in-another-spelling',
    conf: door('target = FD99:0::77'),
    async steps(run) {
      await run.frames('src=fd99::2,dst=fd99::77,dport=7000', 'src=fd99::2,dst=fd99::77,dport=8000');
    },
    differs: {
      why: 'knockd compares the text of the address',
      spad: {
        log: lines(`
[TS] starting up, listening on eth0
[TS] fd99::2: A: Stage 1
[TS] fd99::2: A: Stage 2
[TS] fd99::2: A: OPEN SESAME
[TS] A: running command: /bin/true fd99::2

[TS] shutting down
`),
      },
    },
  },
];
