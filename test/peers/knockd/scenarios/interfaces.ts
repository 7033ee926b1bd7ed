/** Interfaces other than one Ethernet, and what may happen to one. */
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

export const interfaces: readonly Scenario[] = [
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
    differs: {
      why: 'knockd has no addresses for this interface, and no IPv6',
      spad: {
        stderr: '',
        log: lines(`
[TS] starting up, listening on any
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
    name: 'any-interface-with-a-target',
    conf: door('target = 10.99.0.1', 'interface = any'),
    options: '',
    before: quietIpv6,
    masks: ONE_COMPLAINT,
    async steps(run) {
      await run.frames('src=fd99::2,dport=7000');
      await run.knock('10.99.0.1 7000 8000');
    },
    differs: {
      why: 'knockd has no IPv6 here',
      spad: {
        stderr: '',
      },
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
      await run.attempt('with a comment', '-c CONF', door('', 'interface = eth0 # the only one'));
      await run.attempt('a name too long', `-c CONF -i ${'lo'.repeat(20)}`);
      await run.attempt('two in one', '-i eth0,lo -c CONF');
    },
    differs: {
      why: 'knockd ends; and takes two names for one',
      spad: {
        missing: waiting('nosuch0', 'No such device exists'),
        down: waiting('down0', 'That device is not up'),
        'with a comment': waiting('eth0 # the only one', 'No such device exists'),
        'a name too long': waiting('lololololololololololololololol', 'No such device exists'),
        'two in one': 'exit: alive, after SIGTERM: status 15\nstdout: \nstderr: \n',
        log: lines(`
[TS] could not open nosuch0: No such device exists; trying again until it works
[TS] shutting down
[TS] could not open down0: That device is not up; trying again until it works
[TS] shutting down
[TS] could not open eth0 # the only one: No such device exists; trying again until it works
[TS] shutting down
[TS] could not open lololololololololololololololol: No such device exists; trying again until it works
[TS] shutting down
[TS] starting up, listening on eth0,lo
[TS] shutting down
`),
      },
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
      await run.sleep(3);
    },
    differs: {
      why: 'knockd ends',
      spad: {
        stderr:
          'interface eth0 is now missing\ncould not open eth0: No such device exists; trying again until it works\n',
        exit: 'alive, after SIGTERM: status 15\n',
        log: lines(`
[TS] starting up, listening on eth0
[TS] interface eth0 is now missing
[TS] could not open eth0: No such device exists; trying again until it works
[TS] shutting down
`),
      },
    },
  },
  {
    name: 'interface-without-link-layer',
    conf: door('tcpflags = !ack\n[U]\nsequence=7000:udp\ncommand=/bin/true udp %IP%'),
    options: '-i tun0',
    async before(run) {
      await run.onServer('ip tuntap add tun0 mode tun; ip link set tun0 up; ip addr add 10.98.0.1/24 dev tun0');
      await run.onServer('ip addr add fd98::1/64 dev tun0 nodad');
      await run.framesThrough(run.server, 'tun0');
    },
    async steps(run) {
      await run.frames(...to('10.98.0.1', '10.98.0.2'), ...to('10.99.0.1', '10.98.0.2'), ...to('fd98::1', 'fd98::2'));
    },
    masks: ONE_COMPLAINT,
    differs: {
      why: 'knockd has no IPv6 here',
      spad: {
        stderr: '',
        log: lines(`
[TS] starting up, listening on tun0
[TS] 10.98.0.2: A: Stage 1
[TS] 10.98.0.2: A: Stage 2
[TS] 10.98.0.2: A: OPEN SESAME
[TS] A: running command: /bin/true 10.98.0.2

[TS] 10.98.0.2: U: Stage 1
[TS] 10.98.0.2: U: OPEN SESAME
[TS] U: running command: /bin/true udp 10.98.0.2

[TS] fd98::2: A: Stage 1
[TS] fd98::2: A: Stage 2
[TS] fd98::2: A: OPEN SESAME
[TS] A: running command: /bin/true fd98::2

[TS] fd98::2: U: Stage 1
[TS] fd98::2: U: OPEN SESAME
[TS] U: running command: /bin/true udp fd98::2

[TS] shutting down
`),
      },
    },
  },
];

/** What a start shows that waits for its interface. */
function waiting(name: string, why: string): string {
  const stderr = `could not open ${name}: ${why}; trying again until it works`;
  return `exit: alive, after SIGTERM: status 15\nstdout: \nstderr: ${stderr}\n\n`;
}

function to(dst: string, src: string): readonly string[] {
  const hits = ['dport=7000,wait=0.3', 'dport=8000,flags=A', 'dport=8000,wait=0.3', 'dport=7000,proto=udp,wait=0.3'];
  return hits.map((hit) => `dst=${dst},src=${src},${hit}`);
}
