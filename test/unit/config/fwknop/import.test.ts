/** Conversion: the report word for word, and the way back. */
import { describe, expect, test } from 'vitest';
import { type FwknopEntry, parseAccessConf } from '../../../../src/config/fwknop/access-conf.ts';
import { parseFwknopdConf } from '../../../../src/config/fwknop/fwknopd-conf.ts';
import { type Conversion, importFwknop } from '../../../../src/config/fwknop/import.ts';
import { fwknopWays } from '../../../../src/config/fwknop/ways.ts';
import { formatReportLine } from '../../../../src/config/report.ts';
import { parseSpadConf, type SpadConf } from '../../../../src/config/spad-conf.ts';
import { HEAD, HMAC, KEY, partsOver } from './files.ts';

const convert = (access: string, config = '', isFile = false): Conversion =>
  importFwknop({
    ...partsOver({ a: access, k: 'GPG_DECRYPT_PW b\n' }),
    access: { file: 'a' },
    config: [{ path: 'f', text: config }],
    name: 'gw1',
    isFile: () => isFile,
  });

const reread = ({ text, issues }: Conversion): SpadConf => {
  const reading = parseSpadConf(text ?? '', 's');
  if (reading.conf === undefined) throw new Error(JSON.stringify([issues, reading.issues, text]));
  return reading.conf;
};

/** The clients as the files themselves say them. */
const original = (access: string, config: string): readonly FwknopEntry[] => {
  const { conf } = parseFwknopdConf([{ path: 'f', text: config }]);
  if (conf === undefined) throw new Error(config);
  const { nat, gpgHomeDir, gpgProgram } = conf;
  const parts = partsOver(
    { a: access, k: 'GPG_DECRYPT_PW b\n' },
    { nat, gpgHomeDir, gpgProgram, allowUnauthenticated: true },
  );
  return parseAccessConf({ file: 'a' }, parts).entries;
};

describe('there and back: the same clients', () => {
  test.each<[string, string, string?]>([
    ['keys alone', HEAD],
    [
      'text keys',
      'SOURCE 10.1.2.3/255.0.0.0, 1.2.3.4\nKEY a #b; c\nHMAC_KEY d "e" \nHMAC_DIGEST_TYPE md5\nENCRYPTION_MODE ctr\n',
    ],
    ['no HMAC key', 'SOURCE ANY\nKEY a\nENCRYPTION_MODE legacy\n'],
    [
      'policy',
      `${HEAD}OPEN_PORTS tcp/22,tcp/23,udp/53\nRESTRICT_PORTS tcp/1,tcp/2\nFW_ACCESS_TIMEOUT 400\nMAX_FW_TIMEOUT 90\nREQUIRE_USERNAME bob # c\nREQUIRE_SOURCE Y\nACCESS_EXPIRE 12/31/2027\nDESTINATION ANY\n`,
    ],
    ['an epoch', `${HEAD}ACCESS_EXPIRE_EPOCH 1900000001\nDESTINATION 10.0.0.1\n`],
    ['several', `${HEAD}OPEN_PORTS tcp/22\n${HEAD}FW_ACCESS_TIMEOUT 0\n`],
    [
      'commands',
      `${HEAD}ENABLE_CMD_EXEC Y\nCMD_EXEC_USER bob\nENABLE_CMD_SUDO_EXEC Y\nCMD_SUDO_EXEC_USER al\nCMD_SUDO_EXEC_GROUP wheel\n`,
    ],
    ['a cycle', `${HEAD}CMD_CYCLE_OPEN /a "$IP" # x\nCMD_CYCLE_CLOSE /b\nCMD_CYCLE_TIMER 77\nCMD_EXEC_USER bob\n`],
    ['a cycle without an end', `${HEAD}CMD_CYCLE_OPEN /a\nCMD_CYCLE_CLOSE NONE\nFW_ACCESS_TIMEOUT 12\n`],
    ['NAT', `${HEAD}FORCE_NAT 10.0.0.1 22\nFORCE_SNAT 1.2.3.4\n`, 'ENABLE_IPT_FORWARDING Y\nENABLE_IPT_SNAT Y\n'],
    [
      'more NAT',
      `${HEAD}FORWARD_ALL Y\nDISABLE_DNAT Y\n`,
      'ENABLE_IPT_LOCAL_NAT Y\nENABLE_IPT_SNAT Y\nENABLE_NAT_DNS N\n',
    ],
    [
      'GnuPG',
      `SOURCE ANY\n${HMAC}\nGPG_DECRYPT_ID A B\n%include_keys k\nGPG_FINGERPRINT_ID ${'A0'.repeat(20)}\nGPG_REMOTE_ID 12345678\n`,
      'GPG_HOME_DIR /g h\n',
    ],
    ['GnuPG and a key', `${HEAD}GPG_ALLOW_NO_PW Y\nGPG_DISABLE_SIG Y\nGPG_IGNORE_SIG_VERIFY_ERROR Y\nGPG_EXE /x\n`],
  ])('%s', (_, access, config = '') => {
    const expected = original(access, config).map(({ client }) => client);
    expect(expected.length).toBeGreaterThan(0);
    expect(reread(convert(access, config)).fwknop.map(({ client }) => client)).toEqual(expected);
  });
});

describe('there and back: the same settings', () => {
  test.each([
    '',
    'PCAP_INTF eth1\nPCAP_FILTER udp port 5 or tcp port 80 or icmp\nMAX_SPA_PACKET_AGE 100000\n',
    'ENABLE_SPA_PACKET_AGING N\nENABLE_TCP_SERVER Y\nTCPSERV_PORT 99\n',
    'ENABLE_TCP_SERVER Y\nENABLE_SPA_OVER_HTTP Y\nENABLE_X_FORWARDED_FOR Y\n',
    'ENABLE_SPA_OVER_HTTP Y\nALLOW_ANY_USER_AGENT Y\nPCAP_FILTER udp port 7\n',
    'ENABLE_UDP_SERVER Y\nUDPSERV_PORT 1234\n',
  ])('%s', (config) => {
    const { conf } = parseFwknopdConf([{ path: 'f', text: config }]);
    const { daemon } = reread(convert(`${HEAD}OPEN_PORTS tcp/22`, config));
    expect(daemon).toMatchObject({ port: conf?.port, capture: conf?.capture, interface: conf?.interface });
    expect(fwknopWays(daemon, undefined)).toEqual(conf?.transports);
    expect((daemon.fwknop_max_age ?? 0) * 1000).toBe(conf?.maxAge);
    expect(daemon.guard).toEqual([{ protocol: 'tcp', first: 22, last: 22 }]);
  });

  test('what fwknopd has seen is refused from then on, where it has left a file', () => {
    expect(reread(convert(HEAD, 'DIGEST_FILE /d', true)).daemon.fwknop_digest_cache).toBe('/d');
    expect(reread(convert(HEAD, 'DIGEST_FILE /d')).daemon.fwknop_digest_cache).toBeUndefined();
  });
});

test('the report says what became of each line', () => {
  const access = `OPEN_PORTS tcp/1\nSOURCE ANY\n${KEY}\n%include_keys k\nOPEN_PORTS tcp/1\nOPEN_PORTS tcp/2\nGPG_REQUIRE_SIG Y\nOPEN_PORT tcp/1\nGPG_DISABLE_SIG Y\nREQUIRE_SOURCE Y\n`;
  const config = 'PCAP_INTF eth1\nPCAP_INTF eth0;\nVERBOSE 1\nENABLE_IPT_OUTPUT N\nNOPE 1\nDIGEST_FILE /d\n';
  expect(convert(access, config).report.map(formatReportLine)).toEqual([
    'f:1: PCAP_INTF: dropped: f:2 counts',
    'f:2: PCAP_INTF: kept as interface',
    'f:3: VERBOSE: dropped: spad writes to standard error, which systemd puts into its journal, and to its audit log',
    'f:4: ENABLE_IPT_OUTPUT: dropped: spad leaves outgoing packets alone',
    'f:5: NOPE: needs you: fwknopd passes over it; is it misspelt?',
    'f:6: DIGEST_FILE: kept as fwknop_digest_cache, where there is such a file',
    'a:1: OPEN_PORTS: dropped: it stands in no stanza',
    'a:2: SOURCE: kept as source in [access stanza-1]',
    'a:2: [access stanza-1]: needs you: it has no HMAC key; give it one, here and on its clients, and remove allow_unauthenticated',
    'a:3: KEY_BASE64: kept as key_base64 in [access stanza-1]',
    'a:4: %include_keys: kept as the keys that it includes',
    'a:5: OPEN_PORTS: dropped: a:6 counts',
    'a:6: OPEN_PORTS: kept as allow in [access stanza-1]',
    'a:7: GPG_REQUIRE_SIG: dropped: signatures are required unless GPG_DISABLE_SIG says Y, with fwknopd too',
    'a:8: OPEN_PORT: needs you: fwknopd passes over it; is it misspelt?',
    'a:9: GPG_DISABLE_SIG: kept as gpg_disable_sig in [access stanza-1]',
    'a:10: REQUIRE_SOURCE: kept as require_address in [access stanza-1]',
    'k:1: GPG_DECRYPT_PW: kept as gpg_decrypt_pw in [access stanza-1]',
  ]);
});

test('what cannot be read is told, and nothing is written', () => {
  expect(convert('SOURCE ANY\n').text).toBeUndefined();
  expect(convert(HEAD, 'ENABLE_IPT_OUTPUT Y')).toMatchObject({
    text: undefined,
    issues: [{ severity: 'error', file: 'f' }],
  });
});
