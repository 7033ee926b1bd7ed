/** IPv6, several addresses, Target, and interfaces other than one Ethernet. */
import type { Run } from '../harness/run.ts';
import { lines, type Scenario } from '../harness/scenario.ts';

const door = (more: string, options = ''): string =>
  lines(`
[options]
	logfile = LOGFILE
	${options}
[A]
	sequence = 7000,8000
	tcpflags = syn
	command  = /bin/true %IP%
	${more}
`);

/** How many there are is a matter of chance. */
const ONE_COMPLAINT = [[/(IPv6 is not supported under this link-layer type\n)+/g, '$1']] as const;

/** No packet of IPv6 but those of the scenario, each of which knockd answers with a line. */
async function quietIpv6(run: Run): Promise<void> {
  const script = 'echo 1 > /proc/sys/net/ipv6/conf/all/disable_ipv6';
  await Promise.all([run.onServer(script), run.onClient(script)]);
}

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
  },
  {
    name: 'loopback',
    conf: door(''),
    options: '-i lo',
    async steps(run) {
      await run.onServer('knock 127.0.0.1 7000 8000; sleep 0.3; knock ::1 7000 8000');
      await run.onServer('knock 10.99.0.1 7000 8000');
      await run.knock('10.99.0.1 7000 8000');
    },
  },
  {
    name: 'any-interface',
    conf: door('', 'interface = any'),
    options: '',
    before: quietIpv6,
    masks: ONE_COMPLAINT,
    async steps(run) {
      await run.frames('src=fd99::2,dport=7000');
      await run.knock('10.99.0.1 7000 8000');
    },
  },
  {
    name: 'any-interface-with-a-target',
    conf: door('target = 10.99.0.1', 'interface = any'),
    options: '',
    before: quietIpv6,
    masks: ONE_COMPLAINT,
    async steps(run) {
      await run.knock('10.99.0.1 7000 8000');
    },
  },
  {
    name: 'interface-option-beats-the-file',
    conf: door('', 'Interface = nosuch0'),
    async steps(run) {
      await run.knock('10.99.0.1 7000 8000');
    },
  },
  {
    name: 'interface-of-the-file-and-the-default',
    conf: door('', 'Interface = lo'),
    options: '',
    async steps(run) {
      await run.onServer('knock 127.0.0.1 7000 8000');
      await run.stop();
      await run.attempt('eth0 by default', '-c CONF -v', door(''));
    },
  },
  {
    name: 'interface-missing-or-down',
    options: null,
    async steps(run) {
      await run.attempt('missing', '-i nosuch0 -c CONF', door(''));
      await run.onServer('ip link add down0 type veth peer name down1');
      await run.attempt('down', '-i down0 -c CONF');
      await run.attempt('two in one', '-i eth0,lo -c CONF');
    },
  },
  {
    name: 'link-goes-down-and-up',
    conf: door(''),
    async steps(run) {
      await run.server.linkDown();
      await run.sleep(0.5);
      await run.server.linkUp();
      await run.sleep(1);
      await run.knock('10.99.0.1 7000 8000');
    },
  },
  {
    name: 'interface-is-removed',
    conf: door(''),
    async steps(run) {
      await run.onServer('ip link del eth0');
      await run.ended(1500);
    },
  },
];
