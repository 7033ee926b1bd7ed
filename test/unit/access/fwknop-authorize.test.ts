/** The rules of fwknopd's access.conf, as the real program (2.6.10) keeps them unless a comment says otherwise. */
import { describe, expect, test } from 'vitest';
import { authorizeFwknop, type FwknopAuthorized, type PacketFacts } from '../../../src/access/fwknop-authorize.ts';
import type { FwknopNat, FwknopStanza } from '../../../src/access/fwknop-stanza.ts';
import { formatAddress } from '../../../src/base/address.ts';
import { formatAllowed } from '../../../src/base/allow-address.ts';
import { formatPortSpec } from '../../../src/base/port-spec.ts';
import { seconds, unixMs } from '../../../src/base/units.ts';
import { formatForwarding } from '../../../src/grant/forwarding.ts';
import type { FwknopMessage } from '../../../src/spa/fwknop/message.ts';
import { moment } from '../engine/desk.ts';
import { fwknopStanza, messageOf, NO_NAT, ROOT } from '../engine/fwknop.ts';
import { cidr, ip, portOf, ports, specs } from '../values.ts';

const NOW = moment(0);
const FACTS: PacketFacts = {
  source: ip('192.0.2.1'),
  destination: ip('198.51.100.1'),
  forwardedFor: undefined,
  lookups: [],
};

const show = (authorized: FwknopAuthorized): string => {
  switch (authorized.kind) {
    case 'open': {
      const { addresses, ports: open, openFor, forwarding } = authorized;
      const to =
        forwarding === undefined ? '' : ` to ${formatForwarding(forwarding)} as ${sourceOf(forwarding.source)}`;
      return `${addresses.map(formatAllowed).join()} ${open.map(formatPortSpec).join()} ${String(openFor)}s${to}`;
    }
    case 'command':
      return `run ${JSON.stringify(authorized.run.argv)}`;
    case 'cycle':
      return `cycle ${String(authorized.openFor)}s`;
    case 'look-up':
      return `look up ${authorized.host}`;
  }
};

const sourceOf = (source: FwknopNat['source']): string => (typeof source === 'string' ? source : formatAddress(source));

/** What comes of a message: what is granted, or the reason. */
const ask = (
  message: Partial<FwknopMessage>,
  stanza: Partial<FwknopStanza> = {},
  facts: Partial<PacketFacts> = {},
): string => {
  const asked = messageOf(NOW, message);
  const verdict = authorizeFwknop(asked, { ...FACTS, ...facts }, fwknopStanza('alice', stanza), NOW.wall);
  return verdict.ok ? show(verdict.value) : verdict.error;
};

describe('who and where from', () => {
  test('SOURCE is held against the packet, not against the address inside', () => {
    const sources = [cidr('192.0.2.0/24')];
    expect(ask({ allow: ip('203.0.113.9') }, { sources })).toBe('203.0.113.9 tcp/22 30s');
    expect(ask({ allow: ip('192.0.2.7') }, { sources }, { source: ip('203.0.113.9') })).toBe('source-not-allowed');
  });

  test('DESTINATION; where nobody knows it, it is not that', () => {
    const destinations = [cidr('198.51.100.0/24')];
    expect(ask({}, { destinations })).toBe('192.0.2.1 tcp/22 30s');
    expect(ask({}, { destinations }, { destination: ip('203.0.113.1') })).toBe('destination-not-allowed');
    expect(ask({}, { destinations }, { destination: undefined })).toBe('destination-not-allowed');
  });

  test('0.0.0.0 is the packet’s source, or refused', () => {
    expect(ask({})).toBe('192.0.2.1 tcp/22 30s');
    expect(ask({}, { requireAddress: true })).toBe('address-required');
    expect(ask({ allow: ip('203.0.113.9') }, { requireAddress: true })).toBe('203.0.113.9 tcp/22 30s');
  });

  test('X-Forwarded-For stands for the source of 0.0.0.0 and for nothing else', () => {
    const facts = { forwardedFor: ip('203.0.113.50') };
    expect(ask({}, {}, facts)).toBe('203.0.113.50 tcp/22 30s');
    expect(ask({ allow: ip('203.0.113.9') }, {}, facts)).toBe('203.0.113.9 tcp/22 30s');
    expect(ask({}, { sources: [cidr('203.0.113.0/24')] }, facts)).toBe('source-not-allowed');
  });

  test.each(['127.0.0.1', '224.0.0.1', '255.255.255.255', '::1'])('nobody can come from %s', (address) => {
    expect(ask({ allow: ip(address) })).toBe('address-not-allowed');
    expect(ask({}, {}, { forwardedFor: ip(address) })).toBe('address-not-allowed');
  });

  test('REQUIRE_USERNAME is exact', () => {
    expect(ask({ user: 'alice' }, { username: 'alice' })).toBe('192.0.2.1 tcp/22 30s');
    expect(ask({ user: 'Alice' }, { username: 'alice' })).toBe('username-mismatch');
    expect(ask({ user: 'alice2' }, { username: 'alice' })).toBe('username-mismatch');
  });

  test('ACCESS_EXPIRE names the first instant that is too late', () => {
    expect(ask({}, { expires: NOW.wall })).toBe('stanza-expired');
    expect(ask({}, { expires: unixMs(NOW.wall + 1) })).toBe('192.0.2.1 tcp/22 30s');
  });
});

describe('which ports', () => {
  test('OPEN_PORTS must list all of them; without it any may be asked for', () => {
    expect(ask({ ports: specs('tcp/22 udp/53') }, { openPorts: ports('tcp/22 udp/53') })).toMatch(/tcp\/22,udp\/53/);
    expect(ask({ ports: specs('tcp/22 udp/53') }, { openPorts: ports('tcp/22 tcp/53') })).toBe('port-not-allowed');
    expect(ask({ ports: specs('tcp/1 udp/65535') })).toBe('192.0.2.1 tcp/1,udp/65535 30s');
  });

  test('one of RESTRICT_PORTS refuses the rest', () => {
    const restrictPorts = specs('tcp/23 tcp/8000-8010');
    expect(ask({ ports: specs('tcp/22 tcp/23') }, { restrictPorts })).toBe('port-restricted');
    expect(ask({ ports: specs('tcp/8005') }, { restrictPorts, openPorts: specs('tcp/8005') })).toBe('port-restricted');
    expect(ask({ ports: specs('udp/23') }, { restrictPorts })).toBe('192.0.2.1 udp/23 30s');
  });
});

describe('for how long', () => {
  const type = 'timeout-access' as const;
  test.each([
    [undefined, 30],
    [0, 30],
    [1, 1],
    [300, 300],
    [301, 300],
    [65_536, 300],
  ])('a wish of %s gives %s seconds', (wish, length) => {
    expect(ask({ type, timeout: wish === undefined ? undefined : seconds(wish) })).toBe(
      `192.0.2.1 tcp/22 ${String(length)}s`,
    );
  });

  test('MAX_FW_TIMEOUT is for the client’s wish, not for FW_ACCESS_TIMEOUT', () => {
    expect(ask({}, { openFor: seconds(3600) })).toBe('192.0.2.1 tcp/22 3600s');
  });
});

describe('NAT', () => {
  const nat = (host: string, inner = 80): Partial<FwknopMessage> => ({
    type: 'nat-access',
    nat: { host, port: portOf(inner) },
  });
  const forward = (fields: Partial<FwknopNat> = {}): Partial<FwknopStanza> => ({
    nat: { ...NO_NAT, forward: true, ...fields },
  });

  test('each kind needs its switch', () => {
    expect(ask(nat('10.0.0.5'))).toBe('nat-not-allowed');
    expect(ask({ ...nat('10.0.0.5'), type: 'local-nat-access' }, forward())).toBe('nat-not-allowed');
    expect(ask(nat('10.0.0.5'), { nat: { ...NO_NAT, local: true } })).toBe('nat-not-allowed');
    expect(ask(nat('10.0.0.5'), forward())).toBe('192.0.2.1 tcp/22 30s to 10.0.0.5:80 as client');
  });

  test('all external ports open, with the client’s timeout', () => {
    const message = { ...nat('10.0.0.5'), type: 'timeout-nat-access', timeout: seconds(60) } as const;
    expect(ask({ ...message, ports: specs('udp/53 tcp/22') }, forward({ source: 'masquerade' }))).toBe(
      '192.0.2.1 tcp/22,udp/53 60s to 10.0.0.5:80 as masquerade',
    );
  });

  test('local NAT goes to another port of this host, whatever address the client writes', () => {
    const stanza = { nat: { ...NO_NAT, local: true } };
    expect(ask({ ...nat('203.0.113.7', 8022), type: 'local-nat-access' }, stanza)).toBe(
      '192.0.2.1 tcp/22 30s to local:8022 as client',
    );
  });

  test('FORCE_NAT sends every request there, also one that asks for no NAT', () => {
    const stanza = { nat: { ...NO_NAT, forced: { to: ip('10.0.0.9'), port: portOf(443) }, source: ip('10.0.0.1') } };
    expect(ask({}, stanza)).toBe('192.0.2.1 tcp/22 30s to 10.0.0.9:443 as 10.0.0.1');
    const asked = ask(nat('10.0.0.5'), { nat: { ...stanza.nat, forward: true } });
    expect(asked).toBe('192.0.2.1 tcp/22 30s to 10.0.0.9:443 as 10.0.0.1');
  });

  test('FORWARD_ALL forwards all ports as they are; DISABLE_DNAT none, and opens what was asked for', () => {
    expect(ask(nat('10.0.0.5'), forward({ forwardAll: true }))).toBe(
      '192.0.2.1 tcp/1-65535,udp/1-65535 30s to 10.0.0.5 as client',
    );
    expect(ask(nat('10.0.0.5'), forward({ disableDnat: true }))).toBe('192.0.2.1 tcp/22 30s');
    expect(ask(nat('10.0.0.5'), forward({ disableDnat: true, forwardAll: true }))).toBe('192.0.2.1 tcp/22 30s');
  });

  test('ports are held against OPEN_PORTS before they are forwarded', () => {
    expect(ask(nat('10.0.0.5'), { ...forward(), openPorts: specs('tcp/80') })).toBe('port-not-allowed');
  });

  test('where to may be limited, and is a host of the client’s family', () => {
    const targets = [cidr('10.0.0.0/24')];
    expect(ask(nat('10.0.0.5'), forward({ targets }))).toMatch(/10\.0\.0\.5:80/);
    expect(ask(nat('10.0.1.5'), forward({ targets }))).toBe('nat-target-not-allowed');
    expect(ask(nat('127.0.0.1'), forward())).toBe('nat-target-not-allowed');
    expect(ask(nat('fd00::5'), forward())).toBe('nat-target-not-allowed');
    expect(ask({ ...nat('fd00::5'), allow: ip('2001:db8::1') }, forward())).toBe(
      '2001:db8::1 tcp/22 30s to [fd00::5]:80 as client',
    );
  });

  test('a name is looked up where names are allowed, and then judged like an address', () => {
    const found = (...addresses: string[]): Partial<PacketFacts> => ({
      lookups: [{ host: 'inner.example', addresses: addresses.map(ip) }],
    });
    expect(ask(nat('inner.example'), forward({ names: false }))).toBe('nat-target-not-allowed');
    expect(ask(nat('inner.example'), forward())).toBe('look up inner.example');
    expect(ask(nat('inner.example'), forward(), found('fd00::5', '10.0.0.7'))).toMatch(/to 10\.0\.0\.7:80/);
    expect(ask(nat('inner.example'), forward(), found())).toBe('nat-target-unknown');
    expect(ask(nat('inner.example'), forward({ targets: [cidr('10.0.9.0/24')] }), found('10.0.0.7'))).toBe(
      'nat-target-not-allowed',
    );
  });
});

describe('commands', () => {
  const command = (text: string): Partial<FwknopMessage> => ({ type: 'command', command: text, ports: [] });
  const commands = ROOT;

  test('only where ENABLE_CMD_EXEC is, and not with a command cycle', () => {
    expect(ask(command('id'))).toBe('command-not-allowed');
    expect(ask(command('id'), { commands })).toBe('run ["id"]');
    const cycle = { open: '/bin/true', close: undefined, timer: seconds(5), runAs: ROOT };
    expect(ask(command('id'), { commands, cycle })).toBe('command-not-allowed');
  });

  test('words are cut at spaces, and nothing else means anything', () => {
    const text = '/bin/sh -c "echo  $HOME; id" \'x y\' > /tmp/f';
    const argv = ['/bin/sh', '-c', '"echo', '$HOME;', 'id"', "'x", "y'", '>', '/tmp/f'];
    expect(ask(command(text), { commands })).toBe(`run ${JSON.stringify(argv)}`);
  });

  test('30 words at most, and one at least', () => {
    const words = (count: number): string => Array.from({ length: count }, (_, index) => `a${String(index)}`).join(' ');
    expect(ask(command(words(30)), { commands })).toMatch(/^run/);
    expect(ask(command(words(31)), { commands })).toBe('bad-command');
    expect(ask(command('   '), { commands })).toBe('bad-command');
  });

  test('through sudo', () => {
    const sudo = { user: 'bob', group: undefined };
    expect(ask(command('id -u'), { commands: { ...ROOT, sudo } })).toBe(
      `run ${JSON.stringify(['sudo', '-n', '-u', 'bob', '-g', 'root', 'id', '-u'])}`,
    );
  });

  test('the rest of the stanza holds for them, too', () => {
    expect(ask(command('id'), { commands, requireAddress: true })).toBe('address-required');
    expect(ask(command('id'), { commands, username: 'bob' })).toBe('username-mismatch');
  });
});

describe('command cycles', () => {
  const cycle = { open: '/bin/open $IP', close: '/bin/close $IP', timer: seconds(10), runAs: ROOT };

  test('the timer, or the client’s wish under the ceiling, which fwknopd does not have here', () => {
    expect(ask({}, { cycle })).toBe('cycle 10s');
    expect(ask({ type: 'timeout-access', timeout: seconds(60) }, { cycle })).toBe('cycle 60s');
    expect(ask({ type: 'timeout-access', timeout: seconds(65_536) }, { cycle })).toBe('cycle 300s');
    expect(ask({ type: 'timeout-access', timeout: seconds(0) }, { cycle })).toBe('cycle 10s');
  });

  test('OPEN_PORTS and RESTRICT_PORTS are held, which fwknopd does not ask here', () => {
    expect(ask({ ports: specs('tcp/80') }, { cycle, openPorts: ports('tcp/22') })).toBe('port-not-allowed');
    expect(ask({ ports: specs('tcp/80') }, { cycle, restrictPorts: ports('tcp/80') })).toBe('port-restricted');
    expect(ask({ ports: specs('tcp/80') }, { cycle })).toBe('cycle 10s');
  });
});
