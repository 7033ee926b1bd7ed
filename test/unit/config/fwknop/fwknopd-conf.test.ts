/** fwknopd.conf. What is said about fwknopd was seen of version 2.6.10. */
import { describe, expect, test } from 'vitest';
import { formatAddress } from '../../../../src/base/address.ts';
import { formatPortSpec } from '../../../../src/base/port-spec.ts';
import { DAEMON_FATES } from '../../../../src/config/fwknop/daemon-variables.ts';
import { type FwknopdConf, parseFwknopdConf } from '../../../../src/config/fwknop/fwknopd-conf.ts';
import { formatIssue } from '../../../../src/config/issue.ts';

const conf = (...texts: string[]): FwknopdConf => {
  const reading = parseFwknopdConf(texts.map((text, index) => ({ path: `f${String(index)}`, text })));
  if (reading.conf === undefined) throw new Error(reading.issues.map(formatIssue).join());
  return reading.conf;
};

const told = (...texts: string[]): string[] =>
  parseFwknopdConf(texts.map((text, index) => ({ path: `f${String(index)}`, text }))).issues.map(formatIssue);

test('no file at all: fwknopd’s defaults, on every interface', () => {
  expect(conf()).toEqual({
    capture: 'pcap',
    captureFile: undefined,
    interface: 'any',
    port: 62_201,
    transports: { ports: [], http: undefined, icmp: false, tcpServer: undefined },
    maxAge: 120_000,
    nat: { forward: false, local: false, targets: undefined, source: 'client', names: true },
    access: { file: '/etc/fwknop/access.conf' },
    digestFile: '/run/fwknop/digest.cache',
    gpgHomeDir: '/root/.gnupg',
    gpgProgram: '/usr/bin/gpg',
  });
});

describe('values', () => {
  test.each<[string, Partial<FwknopdConf>]>([
    ['PCAP_INTF   eth1  ; # x', { interface: 'eth1' }],
    ['MAX_SPA_PACKET_AGE 5;', { maxAge: 5000 }],
    ['ENABLE_SPA_PACKET_AGING N', { maxAge: Number.POSITIVE_INFINITY }],
    ['ENABLE_UDP_SERVER Y\nUDPSERV_PORT 99', { capture: 'udp', port: 99 as FwknopdConf['port'] }],
    ['PCAP_FILE /a.pcap', { capture: 'file', captureFile: '/a.pcap', maxAge: Number.POSITIVE_INFINITY }],
    ['PCAP_FILE /a.pcap\nENABLE_SPA_PACKET_AGING Y', { maxAge: 120_000 }],
    ['FWKNOP_CONF_DIR /c', { access: { file: '/c/access.conf' } }],
    ['ACCESS_FILE /x\nACCESS_FOLDER /d', { access: { folder: '/d' } }],
    ['DIGEST_FILE /x', { digestFile: '/x' }],
    ['PCAP_INTF a\nPCAP_INTF b', { interface: 'b' }],
  ])('%s', (text, expected) => {
    expect(conf(text)).toMatchObject(expected);
  });

  test('NAT, under the names of builds for firewalld, too', () => {
    const { nat } = conf('ENABLE_FIREWD_FORWARDING Y\nENABLE_IPT_SNAT Y\nSNAT_TRANSLATE_IP 1.2.3.4\nENABLE_NAT_DNS N');
    expect(nat).toMatchObject({ forward: true, local: false, names: false });
    expect(typeof nat.source === 'string' ? nat.source : formatAddress(nat.source)).toBe('1.2.3.4');
    expect(conf('ENABLE_IPT_SNAT Y').nat.source).toBe('masquerade');
  });

  test('a file overrides those before it', () => {
    expect(conf('PCAP_INTF a\nMAX_SPA_PACKET_AGE 9', 'PCAP_INTF b')).toMatchObject({ interface: 'b', maxAge: 9000 });
  });
});

describe('the ways of packets', () => {
  test.each([
    ['PCAP_FILTER udp port 1234', '1234 '],
    ['PCAP_FILTER udp dst port 1234;', '1234 '],
    ['PCAP_FILTER tcp port 80', '62201 tcp/80'],
    ['PCAP_FILTER udp port 5 or (tcp port 80) or icmp', '5 tcp/80 icmp'],
    ['PCAP_FILTER port 5', '5 tcp/5'],
    ['PCAP_FILTER udp port 5 or udp port 6', '5 udp/6'],
    ['PCAP_FILTER udp portrange 10000-65535', '62201 udp/10000-65535'],
    ['PCAP_FILTER udp portrange 10000-20000 or udp port 5', '5 udp/10000-20000'],
    ['PCAP_FILTER udp dst portrange 1000-2000', '1000 udp/1000-2000'],
    ['ENABLE_TCP_SERVER Y', '62201 tcp/62201 server 62201'],
    ['ENABLE_TCP_SERVER Y\nTCPSERV_PORT 80\nPCAP_FILTER tcp port 80', '62201 tcp/80 server 80'],
    ['ENABLE_SPA_OVER_HTTP Y', '62201 tcp/62201 http'],
    ['ENABLE_SPA_OVER_HTTP Y\nPCAP_FILTER tcp port 80\nENABLE_X_FORWARDED_FOR Y', '62201 tcp/80 http forwarded'],
    ['ENABLE_SPA_OVER_HTTP Y\nALLOW_ANY_USER_AGENT Y', '62201 tcp/62201 http any'],
  ])('%s', (text, expected) => {
    const { port, transports } = conf(text);
    const { ports, http, icmp, tcpServer } = transports;
    const words = [
      ...[icmp ? 'icmp' : '', tcpServer === undefined ? '' : `server ${String(tcpServer)}`],
      ...[http === undefined ? '' : 'http', http?.anyUserAgent ? 'any' : '', http?.forwardedFor ? 'forwarded' : ''],
    ];
    const found = [`${String(port)} ${ports.map(formatPortSpec).join()}`, ...words.filter((word) => word !== '')];
    expect(found.join(' ')).toBe(expected);
  });

  test.each([
    'udp',
    'udp port 62201 and src host 1.2.3.4',
    'not udp port 1',
    'udp portrange 9-1',
    'udp portrange 0-9',
    'udp port ssh',
    'host 1.2.3.4',
  ])('a filter that says more or less is refused: %s', (filter) => {
    expect(told(`PCAP_FILTER ${filter}`)).toEqual([
      expect.stringContaining(`f0:1: error: PCAP_FILTER ${filter} (udp port`),
    ]);
  });
});

describe('what does not go together is told', () => {
  test.each([
    ['SNAT_TRANSLATE_IP 1.2.3.4', 'warning: SNAT_TRANSLATE_IP without ENABLE_IPT_SNAT (set ENABLE_IPT_SNAT to Y)'],
    ['ENABLE_SPA_OVER_HTTP Y\nENABLE_UDP_SERVER Y', 'warning: ENABLE_UDP_SERVER with another way for packets'],
    ['ENABLE_TCP_SERVER Y\nENABLE_UDP_SERVER Y', 'warning: ENABLE_UDP_SERVER with another way for packets'],
    ['PCAP_FILE /a.pcap\nENABLE_UDP_SERVER Y', 'error: PCAP_FILE and ENABLE_UDP_SERVER (remove one of them)'],
    ['ENABLE_SPA_PACKET_AGING N', 'warning: packets of any age are taken'],
  ])('%s', (text, expected) => {
    expect(told(text).filter((line) => line.startsWith(`f0:1: ${expected}`))).toHaveLength(1);
  });
});

describe('variables within values', () => {
  test.each([
    ['FWKNOP_RUN_DIR /x/y;\nDIGEST_FILE $FWKNOP_RUN_DIR/d', '/x/y/d'],
    ['DIGEST_FILE $FWKNOP_RUN_DIR/d\nFWKNOP_RUN_DIR /x/y;', '/x/y/d'],
    ['DIGEST_FILE $FWKNOP_CONF_DIR/d\nFWKNOP_CONF_DIR $FWKNOP_RUN_DIR/c\nFWKNOP_RUN_DIR /x', '/x/c/d'],
    ['DIGEST_FILE $FWKNOP_RUN_DIR/d', '/run/fwknop/d'],
    ['DIGEST_FILE /a/$FWKNOP_RUN_DIR', '/a/$FWKNOP_RUN_DIR'],
  ])('%s', (text, expected) => {
    expect(conf(text).digestFile).toBe(expected);
  });

  test.each(['$NOPE/d', '$LOCALE/d', '$DIGEST_FILE/d'])('%s is told', (value) => {
    expect(told(`DIGEST_FILE ${value}`)).toEqual([
      `f0:1: error: DIGEST_FILE ${value} (a variable behind "$" must be set, and not by itself)`,
    ]);
  });
});

describe('what is not had', () => {
  test('every variable is honoured, or told with what to do', () => {
    for (const [name, fate] of Object.entries(DAEMON_FATES)) {
      const lines = told(`${name} Y`).filter((line) => !line.includes('SNAT_TRANSLATE_IP without'));
      const expected = { honoured: undefined, 'not-needed': 'warning', refused: 'error' }[fate.kind];
      if (expected !== undefined) expect(lines).toEqual([expect.stringMatching(`^f0:1: ${expected}: ${name} `)]);
      else expect(lines.every((line) => !line.includes('changes nothing') && !line.includes('unknown'))).toBe(true);
    }
  });

  test.each([
    [
      'ENABLE_IPT_OUTPUT Y',
      'f0:1: error: ENABLE_IPT_OUTPUT Y: spad leaves outgoing packets alone (remove it, and let the answers of established connections pass where your OUTPUT policy drops)',
    ],
    [
      'EXIT_AT_INTF_DOWN Y',
      'f0:1: warning: EXIT_AT_INTF_DOWN changes nothing (spad waits for the interface and goes on)',
    ],
    ['PCAP_INT eth0', 'f0:1: warning: unknown variable "PCAP_INT" is passed over (did you mean PCAP_INTF?)'],
    ['pcap_intf eth0', 'f0:1: warning: unknown variable "pcap_intf" is passed over (did you mean PCAP_INTF?)'],
    ['PCAP_INTF', 'f0:1: error: "PCAP_INTF" has no value (write "VARIABLE value", or put # in front of the line)'],
    ['MAX_SPA_PACKET_AGE 0', 'f0:1: error: MAX_SPA_PACKET_AGE 0 (a whole number from 1 to 100000)'],
    ['ENABLE_UDP_SERVER maybe', 'f0:1: error: ENABLE_UDP_SERVER maybe (Y or N)'],
    ['FWKNOP_RUN_DIR run', 'f0:1: error: FWKNOP_RUN_DIR run (a path that begins with /)'],
  ])('%s', (text, expected) => {
    expect(told(text)).toEqual([expected]);
  });

  test.each(['ENABLE_IPT_OUTPUT N', 'ENABLE_DESTINATION_RULE N', 'ENABLE_NFQ_CAPTURE N'])(
    '%s asks for nothing',
    (text) => {
      expect(told(text)).toEqual([]);
    },
  );
});
