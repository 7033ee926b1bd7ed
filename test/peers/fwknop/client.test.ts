/** Our client with fwknop's command line, at the real server: what counts is the rule that appears. */
import { statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ExpectStatic } from 'vitest';
import type { ExecOptions, ExecResult } from '../../support/lab-process.ts';
import { builtFile } from '../../support/paths.ts';
import { waitUntil } from '../../support/wait.ts';
import { FWKNOP_ENVIRONMENT } from './harness/environment.ts';
import type { Variables } from './harness/fwknopd.ts';
import { scenario } from './harness/scenario.ts';
import type { Stage } from './harness/stage.ts';

const OURS = builtFile('bin/fwknop.cjs');
const PLAIN = ['--no-rc-file', '--no-save-args'];

/** A course of events with a real fwknopd in it, or with none where it is not started. */
function play(title: string, course: (stage: Stage, expect: ExpectStatic) => Promise<void>, ports = 0): void {
  scenario(title, course, { ports, without: ['access.conf', 'spad.conf'] });
}

function run(stage: Stage, words: readonly string[], options: ExecOptions = {}): Promise<ExecResult> {
  const env = { ...FWKNOP_ENVIRONMENT, HOME: stage.dir };
  const given = words.map((word) => stage.expand(word));
  return stage.client.exec(process.execPath, [OURS, ...given], { env, cwd: stage.dir, timeoutMs: 20_000, ...options });
}

/** Has our client send to the server, and says what is open once that has been dealt with. */
async function opens(stage: Stage, ...words: readonly string[]): Promise<readonly string[]> {
  const { code, stderr } = await run(stage, [...PLAIN, '-D', 'SERVER_IP', ...words]);
  if (code !== 0) throw new Error(`our client ended with ${code}: ${stderr}`);
  await stage.settle();
  return stage.open();
}

const CLIENT = '10.99.0.1 tcp/22';

const stanza = (...more: Variables): Variables => [['SOURCE', 'ANY'], ...more];

const KEY64 = 'AP8BAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4=';
const HMAC64 = 'gIGCg4SFhoeIiYqLjI2Oj5CRkpOUlZaXmJmam5ydnp+goaKjpKWmp6ipqqusra6vsLGys7S1tre4ubq7vL2+vw==';

const KEYED: Variables = stanza(['KEY', 'a passphrase'], ['HMAC_KEY', 'another one']);
const WORDS = ['--key-rijndael', 'a passphrase', '--key-hmac', 'another one'];
const ASK = ['-A', 'tcp/22', '-a', 'CLIENT_IP'];

play('every HMAC type, every digest and every mode is accepted by the real server', async (stage, expect) => {
  const types = ['md5', 'sha1', 'sha256', 'sha384', 'sha512', 'sha3_256', 'sha3_512'];
  const modes = ['cbc', 'ecb', 'cfb', 'ofb', 'ctr'];
  const key = (index: number): string => `key number ${index}`;
  const stanzas = [
    ...types.map((type, index) => stanza(['KEY', key(index)], ['HMAC_KEY_BASE64', HMAC64], ['HMAC_DIGEST_TYPE', type])),
    ...modes.map((mode, index) => stanza(['KEY', key(10 + index)], ['HMAC_KEY', 'h'], ['ENCRYPTION_MODE', mode])),
    stanza(['KEY', 'shorter'], ['ENCRYPTION_MODE', 'legacy']),
    stanza(['KEY_BASE64', KEY64], ['HMAC_KEY_BASE64', HMAC64], ['HMAC_DIGEST_TYPE', 'sha512']),
  ];
  await stage.start(stanzas);
  const lines = [
    ...types.map((type, index) => [
      '--key-rijndael',
      key(index),
      '--key-base64-hmac',
      HMAC64,
      '--hmac-digest-type',
      type,
      '-m',
      type,
    ]),
    ...modes.map((mode, index) => ['--key-rijndael', key(10 + index), '--key-hmac', 'h', '-M', mode]),
    ['--key-rijndael', 'shorter', '-M', 'legacy'],
    ['--key-base64-rijndael', KEY64, '--key-base64-hmac', HMAC64, '--hmac-digest-type', 'sha512'],
  ];
  for (const [index, line] of lines.entries()) {
    const { code, stderr } = await run(stage, [
      ...PLAIN,
      '-D',
      'SERVER_IP',
      '-A',
      `tcp/${1000 + index}`,
      '-a',
      'CLIENT_IP',
      ...line,
    ]);
    expect([code, stderr], line.join(' ')).toEqual([0, '']);
  }
  await stage.settle();
  expect(await stage.open()).toEqual(lines.map((_, index) => `10.99.0.1 tcp/${1000 + index}`));
});

play('every way to say whom to open for', async (stage, expect) => {
  await stage.start([KEYED]);
  expect(await opens(stage, '-A', 'tcp/1,udp/2', '-a', '192.0.2.1', ...WORDS)).toEqual([
    '192.0.2.1 tcp/1',
    '192.0.2.1 udp/2',
  ]);
  expect(await opens(stage, '-A', 'tcp/3', '-s', ...WORDS)).toContain('10.99.0.1 tcp/3');
  const script = `import http.server
class Tell(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(self.client_address[0].encode() + b"\\n")
http.server.HTTPServer(("0.0.0.0", 8000), Tell).serve_forever()
`;
  stage.other.spawn('python3', ['-c', script]);
  const isThere = 'ss -Hltn | grep -q ":8000 "';
  await waitUntil('a web server', async () => (await stage.other.exec('sh', ['-c', isThere])).code === 0);
  const url = 'http://OTHER_IP:8000/';
  expect(await opens(stage, '-A', 'tcp/4', '-R', '--resolve-http-only', '--resolve-url', url, ...WORDS)).toContain(
    '10.99.0.1 tcp/4',
  );
});

play(
  'spa-client: a stanza of .fwknoprc and a profile, and waiting for the port',
  async (stage, expect) => {
    await stage.start([KEYED]);
    const rc = [
      '[lab]',
      'SPA_SERVER SERVER_IP',
      'ACCESS tcp/9000',
      'ALLOW_IP source',
      `KEY_BASE64 ${base64('a passphrase')}`,
    ];
    rc.push(`HMAC_KEY_BASE64 ${base64('another one')}`, '');
    writeFileSync(join(stage.dir, '.fwknoprc'), stage.expand(rc.join('\n')), { mode: 0o600 });
    const profile = ['[office]', 'format = fwknop', 'host = SERVER_IP', 'key = a passphrase', 'hmac_key = another one'];
    const profiles = join(stage.dir, 'profiles.ini');
    writeFileSync(profiles, stage.expand(`${profile.join('\n')}\naccess = udp/53\n`), { mode: 0o600 });
    const env = { ...FWKNOP_ENVIRONMENT, HOME: stage.dir };
    const ask = (...words: string[]): Promise<ExecResult> =>
      stage.client.exec(process.execPath, [builtFile('bin/spa-client.cjs'), ...words], { env, timeoutMs: 30_000 });
    const waited = await ask('-n', 'lab', '--wait', '10s');
    expect([waited.code, waited.stdout], waited.stderr).toEqual([0, expect.stringMatching(/tcp\/9000 is open after/)]);
    expect((await ask('--profiles', profiles, 'office')).code).toBe(0);
    await stage.settle();
    expect(await stage.open()).toEqual(['10.99.0.1 tcp/9000', '10.99.0.1 udp/53']);
  },
  1,
);

const base64 = (text: string): string => Buffer.from(text).toString('base64');

play('for as long as is asked for', async (stage, expect) => {
  await stage.start([KEYED]);
  // Less than the 30 seconds of the server, and enough for a busy machine to see the rule.
  const { code, stderr } = await run(stage, [...PLAIN, '-D', 'SERVER_IP', ...ASK, '-f', '12', ...WORDS]);
  expect([code, stderr]).toEqual([0, '']);
  await waitUntil('the rule', async () => (await stage.open()).includes(CLIENT));
  await waitUntil('the port to close', async () => (await stage.open()).length === 0, 25_000);
});

play('the user, the clock and a saved packet', async (stage, expect) => {
  await stage.start([[...KEYED, ['REQUIRE_USERNAME', 'alice']]]);
  expect(await opens(stage, ...ASK, '-U', 'bob', ...WORDS)).toEqual([]);
  expect(await opens(stage, ...ASK, '-U', 'alice', '--time-offset-minus', '10min', ...WORDS)).toEqual([]);
  expect(await opens(stage, ...ASK, '-U', 'alice', '--time-offset-minus', '60s', ...WORDS)).toEqual([CLIENT]);
  const packet = join(stage.dir, 'packet');
  await run(stage, [...PLAIN, '-A', 'tcp/23', '-a', 'CLIENT_IP', '-U', 'alice', ...WORDS, '-T', '-B', packet]);
  expect(statSync(packet).mode & 0o777).toBe(0o600);
  expect(await opens(stage, '--send-packet', packet)).toEqual([CLIENT, '10.99.0.1 tcp/23']);
});

play('udp, to another port or any port, and from another source', async (stage, expect) => {
  await stage.start([KEYED], [['PCAP_FILTER', 'udp port 53 or udp dst portrange 10000-65535']]);
  expect(await opens(stage, '-A', 'tcp/1', '-s', '-p', '53', ...WORDS)).toEqual(['10.99.0.1 tcp/1']);
  expect(await opens(stage, '-A', 'tcp/2', '-s', '-r', ...WORDS)).toContain('10.99.0.1 tcp/2');
  expect(await opens(stage, '-A', 'tcp/3', '-s', '-P', 'udpraw', ...WORDS)).toContain('10.99.0.1 tcp/3');
  expect(await opens(stage, '-A', 'tcp/4', '-s', '-P', 'udpraw', '-Q', '192.0.2.9', ...WORDS)).toContain(
    '192.0.2.9 tcp/4',
  );
});

play('tcp, a SYN, icmp and http', async (stage, expect) => {
  const filter = 'icmp or port 62201 or tcp port 80';
  const more: Variables = [
    ['PCAP_FILTER', filter],
    ['ENABLE_TCP_SERVER', 'Y'],
    ['ENABLE_SPA_OVER_HTTP', 'Y'],
  ];
  stage.server.spawn('python3', ['-m', 'http.server', '80', '--bind', '0.0.0.0', '-d', stage.effectsDir]);
  const script = 'ss -Hltn | grep -q ":80 "';
  await waitUntil('a web server', async () => (await stage.server.exec('sh', ['-c', script])).code === 0);
  await stage.start([KEYED], more);
  expect(await opens(stage, '-A', 'tcp/1', '-s', '-P', 'tcp', ...WORDS)).toEqual(['10.99.0.1 tcp/1']);
  expect(await opens(stage, '-A', 'tcp/2', '-s', '-P', 'tcpraw', '-Q', '192.0.2.8', ...WORDS)).toContain(
    '192.0.2.8 tcp/2',
  );
  expect(await opens(stage, '-A', 'tcp/3', '-s', '-P', 'icmp', ...WORDS)).toContain('10.99.0.1 tcp/3');
  expect(await opens(stage, '-A', 'tcp/4', '-s', '-P', 'icmp', '--icmp-type', '8', ...WORDS)).toContain(
    '10.99.0.1 tcp/4',
  );
  expect(await opens(stage, '-A', 'tcp/5', '-s', '-P', 'http', '-p', '80', ...WORDS)).toContain('10.99.0.1 tcp/5');
});

play(
  'forwarding, and commands',
  async (stage, expect) => {
    const stanzas = [KEYED, stanza(['KEY', 'commands'], ['HMAC_KEY', 'hc'], ['ENABLE_CMD_EXEC', 'Y'])];
    await stage.start(stanzas, [
      ['ENABLE_IPT_FORWARDING', 'Y'],
      ['ENABLE_IPT_LOCAL_NAT', 'Y'],
    ]);
    await opens(stage, '-A', 'tcp/25001', '-a', 'CLIENT_IP', '-N', 'INNER_IP:30000', '-f', '60', ...WORDS);
    await waitUntil('the host behind', async () => {
      const script = `exec 3<>/dev/tcp/${stage.server.address4}/25001`;
      return (await stage.client.exec('timeout', ['2', 'bash', '-c', script])).code === 0;
    });
    const { stdout } = await run(stage, [
      ...PLAIN,
      '-D',
      'SERVER_IP',
      '-A',
      'tcp/9000',
      '-a',
      'CLIENT_IP',
      '--nat-local',
      '--nat-rand-port',
      ...WORDS,
    ]);
    const [, outer = ''] =
      /^\[\+\] Randomly assigned port '(\d+)' on: '10\.99\.0\.1,tcp\/\1' will grant access to: '10\.99\.0\.3,9000'\n$/.exec(
        stdout,
      ) ?? [];
    await stage.settle();
    expect(
      (await stage.client.exec('timeout', ['2', 'bash', '-c', `exec 3<>/dev/tcp/${stage.server.address4}/${outer}`]))
        .code,
    ).toBe(0);
    await opens(stage, '-C', 'touch EFFECTS/ran', '-s', '--key-rijndael', 'commands', '--key-hmac', 'hc');
    await waitUntil('the command', () => stage.hasEffect('ran'));
  },
  1,
);

play('GnuPG: signed and with an HMAC; an elliptic curve is refused', async (stage, expect) => {
  const home = join(stage.dir, 'gpg');
  const script = `mkdir -m 700 ${home} && export GNUPGHOME=${home} &&
gpg --batch --quiet --passphrase '' --quick-gen-key server@lab rsa2048 encr &&
gpg --batch --quiet --passphrase 'sesame' --quick-gen-key client@lab rsa2048 sign &&
gpg --batch --quiet --passphrase '' --quick-gen-key curve@lab ed25519 sign &&
gpg --batch --quiet --passphrase '' --quick-add-key $(gpg --list-keys --with-colons curve@lab | grep ^fpr | cut -d: -f10) cv25519 encr`;
  const made = await stage.client.exec('sh', ['-c', script], { timeoutMs: 60_000 });
  expect(made.code, made.stderr).toBe(0);
  await stage.start([
    stanza(
      ...([
        ['GPG_HOME_DIR', home],
        ['GPG_DECRYPT_ID', 'server@lab'],
        ['GPG_ALLOW_NO_PW', 'Y'],
      ] as const),
      ...([
        ['GPG_REQUIRE_SIG', 'Y'],
        ['GPG_REMOTE_ID', await signerId(stage, home)],
        ['HMAC_KEY', 'gpg hmac'],
      ] as const),
    ),
  ]);
  const words = ['--gpg-home-dir', home, '--key-hmac', 'gpg hmac', '--gpg-signer-key', 'client@lab'];
  const input = { input: 'sesame\n' };
  const line = [...PLAIN, '-D', 'SERVER_IP', ...ASK, ...words, '--stdin', '--gpg-recipient-key'];
  const sent = await run(stage, [...line, 'server@lab'], input);
  expect([sent.code, sent.stderr]).toEqual([0, '']);
  await waitUntil('the rule', async () => (await stage.open()).includes(CLIENT));
  const refused = await run(stage, [...line, 'curve@lab'], input);
  expect([refused.code, refused.stderr]).toEqual([1, expect.stringMatching(/elliptic-curve key/)]);
  // Else gpg-agent remembers the right one.
  const forget = (): Promise<ExecResult> => stage.client.exec('gpgconf', ['--homedir', home, '--kill', 'all']);
  await forget();
  const wrong = await run(stage, [...line, 'server@lab'], { input: 'wrong\n' });
  expect([wrong.code, wrong.stderr]).toEqual([1, expect.stringMatching(/check the passphrase/)]);
  await forget();
});

/** The eight digits by which fwknopd knows the key that signs. */
async function signerId(stage: Stage, home: string): Promise<string> {
  const text = await stage.client.run('gpg', ['--homedir', home, '--list-keys', '--with-colons', 'client@lab']);
  return /^fpr:+[0-9A-F]{32}([0-9A-F]{8}):/m.exec(text)?.[1] ?? '';
}
