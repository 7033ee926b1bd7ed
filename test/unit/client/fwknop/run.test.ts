import { describe, expect, test } from 'vitest';
import { runFwknop } from '../../../../client/fwknop/run.ts';
import { encodeUtf8 } from '../../../../src/bytes/encoding.ts';
import { unsealFwknop } from '../../../../src/spa/fwknop/unseal.ts';
import { type FakeFwknopWorld, fakeFwknopIo } from './fake-fwknop-io.ts';

const RC = '/h/me/.fwknoprc';
const RUN = '/h/me/.fwknop.run';
const KEYS = '--key-rijndael k1 --key-hmac h1';
const ASK = `-A tcp/22 -a 203.0.113.9 -D gw ${KEYS}`;

const fwknop = async (words: string, world: FakeFwknopWorld = {}) => {
  const io = fakeFwknopIo(world);
  const code = await runFwknop(words.split(' ').filter(Boolean), io);
  return { code, io, stdout: io.stdout(), stderr: io.stderr(), sent: io.sent[0] };
};

const read = (text = '') => {
  const found = unsealFwknop(
    encodeUtf8(text),
    { passphrase: encodeUtf8('k1'), mode: 'cbc' },
    { type: 'sha256', key: encodeUtf8('h1') },
  );
  return found.ok ? found.value.message : found.error;
};

describe('sending', () => {
  test('says nothing, and keeps the command line without its keys', async () => {
    const { code, stdout, stderr, sent, io } = await fwknop(ASK);
    expect([code, stdout, stderr]).toEqual([0, '', '']);
    expect(read(sent?.text)).toMatchObject({ type: 'access', user: 'me', command: '' });
    expect(sent).toMatchObject({ transport: 'udp', host: 'gw', port: 62_201, preferIpv4: true });
    expect(io.files.get(RUN)).toBe('fwknop -A tcp/22 -a 203.0.113.9 -D gw\n');
  });

  test('by another way, from another port and address', async () => {
    const { sent } = await fwknop(`${ASK} -P icmp --icmp-type 8 --icmp-code 1 -Q 192.0.2.1 -S 99 -p 53`);
    expect(sent).toMatchObject({ transport: 'icmp', icmp: { type: 8, code: 1 }, sourcePort: 99, port: 53 });
    expect(sent?.spoofSource?.bytes).toEqual(Uint8Array.of(192, 0, 2, 1));
    const random = await fwknop(`${ASK} -r`);
    expect(random.sent?.port).toBeGreaterThanOrEqual(10_000);
  });

  test('-l does the last command line again, and asks for the keys that were not kept', async () => {
    const first = await fwknop(`${ASK} -f 30`);
    const files = { [RUN]: first.io.files.get(RUN) ?? '' };
    const { code, sent } = await fwknop('-l', { files, typed: ['k1'] });
    expect(code).toBe(0);
    expect(sent?.text).toHaveLength((first.sent?.text.length ?? 0) - 43);
    expect(await fwknop('-l')).toMatchObject({ code: 1 });
    expect(await fwknop('-l', { files: { [RUN]: 'fwknop -l\n' } })).toMatchObject({ code: 1 });
  });

  test('a saved packet is sent as it is', async () => {
    const { io } = await fwknop(`${ASK} -T -B saved`);
    const saved = io.files.get('saved') ?? '';
    expect(saved).toMatch(/^[\w+/]{140,}\n$/);
    const again = await fwknop('--send-packet saved -D gw', { files: { saved } });
    expect(again.sent?.text).toBe(saved.trim());
    expect(await fwknop('--send-packet saved -D gw', { files: { saved: 'no packet\n' } })).toMatchObject({ code: 1 });
    expect(await fwknop('--send-packet saved -D gw')).toMatchObject({ code: 1 });
  });

  test('a packet that fwknopd takes for one of GPG is told', async () => {
    const many = Array.from({ length: 12 }, (_, index) => `tcp/${60_000 + index}`).join(',');
    const line = `-A ${many} -s -D gw ${KEYS} -m sha512`;
    expect((await fwknop(line)).stderr).toMatch(/from 400 on fwknopd takes it for a GPG packet/);
    expect((await fwknop(`${line} --to-spad`)).stderr).toBe('');
  });
});

describe('whom to open for', () => {
  test('the address that a web service tells', async () => {
    const { sent, io } = await fwknop(`-A tcp/22 -R -D gw ${KEYS}`, { body: '<b>203.0.113.7</b>\n' });
    expect(read(sent?.text)).toMatchObject({ allow: { bytes: Uint8Array.of(203, 0, 113, 7) } });
    expect(io.asked).toEqual(['https://www.cipherdyne.org/cgi-bin/myip as Fwknop/2.6.10']);
    expect(await fwknop(`-A tcp/22 -R -D gw ${KEYS}`, { body: 'none' })).toMatchObject({ code: 1 });
  });

  test('an address of IPv6 is for spad alone', async () => {
    const line = `-A tcp/22 -a 2001:db8::1 -D gw ${KEYS}`;
    expect((await fwknop(line)).stderr).toMatch(/^fwknop: .*--to-spad/);
    expect(read((await fwknop(`${line} --to-spad`)).sent?.text)).toMatchObject({ allow: { family: 6 } });
  });
});

describe('keys', () => {
  test('are asked for, one after the other', async () => {
    const { io, sent } = await fwknop('-A tcp/22 -s -D gw --use-hmac', { typed: ['k1', 'h1'] });
    expect(io.asked).toEqual(['Enter encryption key: ', 'Enter HMAC key: ']);
    expect(read(sent?.text)).toMatchObject({ allow: undefined });
    const piped = await fwknop('-A tcp/22 -s -D gw --use-hmac --fd 7', { lines: ['k1\r', 'h1'] });
    expect(read(piped.sent?.text)).toMatchObject({ allow: undefined });
    expect(await fwknop('-A tcp/22 -s -D gw --stdin')).toMatchObject({ code: 1 });
    expect(await fwknop('-A tcp/22 -s -D gw --fd x')).toMatchObject({ code: 1 });
  });

  test('from a file of hosts, with a word about its mode', async () => {
    const files = { keys: 'other: x\ngw: k1\n', hmac: 'gw h1\n' };
    const line = '-A tcp/22 -s -D gw -G keys --get-hmac-key hmac';
    const { sent, stderr } = await fwknop(line, { files, isOpen: true });
    expect(read(sent?.text)).toMatchObject({ type: 'access' });
    expect(stderr).toMatch(/keys is open to other users/);
    expect((await fwknop(line.replace('gw', 'gx'), { files })).stderr).toMatch(/keys has no key for gx/);
  });

  test('new ones, as long as the HMAC wants', async () => {
    const lengths = async (words: string): Promise<number[]> =>
      [...(await fwknop(words)).stdout.matchAll(/: (\S+)/g)].map(([, text = '']) => Buffer.from(text, 'base64').length);
    expect(await lengths('-k')).toEqual([32, 64]);
    expect(await lengths('-k --hmac-digest-type sha3_256')).toEqual([32, 128]);
    expect(await lengths('-k --hmac-digest-type sha3_512')).toEqual([32, 72]);
    expect(await lengths('-k --key-len 1 --hmac-key-len 2')).toEqual([1, 2]);
    for (const bad of ['--key-len 33', '--key-len 0', '--hmac-key-len 129', '--key-len x']) {
      expect(await fwknop(`-k ${bad}`)).toMatchObject({ code: 1, stdout: '' });
    }
    const { io, stdout } = await fwknop('-K new');
    expect(io.files.get('new')).toMatch(/^KEY_BASE64: \S{44}\nHMAC_KEY_BASE64: \S{88}\n$/);
    expect(stdout).toBe('[+] Wrote Rijndael and HMAC keys to: new\n');
  });
});

describe('.fwknoprc', () => {
  const RC_TEXT = '[default]\nSPA_SERVER gw\n[a]\nACCESS tcp/1\nALLOW_IP source\nKEY k1\nHMAC_KEY h1\nNAT_LOCAL Y\n';

  test('is made on the first run', async () => {
    const io = fakeFwknopIo();
    io.files.delete(RC);
    await runFwknop(ASK.split(' '), io);
    expect(io.files.get(RC)).toContain('\n[default]\n');
    expect(io.stderr()).toBe(`[*] Creating initial rc file: ${RC}.\n`);
  });

  test('a stanza over [default], the command line over both', async () => {
    const { sent } = await fwknop('-n a', { files: { [RC]: RC_TEXT } });
    expect(read(sent?.text)).toMatchObject({ type: 'local-nat-access', nat: { host: 'gw', port: 1 } });
    const over = await fwknop('-n a -A udp/2 -U bob', { files: { [RC]: RC_TEXT } });
    expect(read(over.sent?.text)).toMatchObject({ user: 'bob', ports: [{ protocol: 'udp', first: 2 }] });
  });

  test('N in a stanza takes back the Y of [default]', async () => {
    const text = RC_TEXT.replace('[a]', 'NAT_LOCAL Y\n[a]')
      .replace('NAT_LOCAL Y\n', 'NAT_LOCAL Y\n')
      .replace(/NAT_LOCAL Y\n$/, 'NAT_LOCAL N\n');
    const { sent } = await fwknop('-n a', { files: { [RC]: text } });
    expect(read(sent?.text)).toMatchObject({ type: 'access' });
  });

  test('what is wrong names file, line and what would be right, and never a key', async () => {
    const bad = await fwknop('-n b', {
      files: { [RC]: '[b]\nFW_TIMEOUT 70000\nALLOW_IP source\nACCESS tcp/1\nSPA_SERVER gw\n' },
    });
    expect(bad.stderr).toBe(
      `fwknop: FW_TIMEOUT in ${RC}, line 2 70000: a time is 0 to 65536 seconds; servers refuse a longer one, so ask again when it has run out\n`,
    );
    const key = await fwknop('-n b', {
      files: { [RC]: '[b]\nKEY_BASE64 no!base64\nALLOW_IP source\nACCESS tcp/1\nSPA_SERVER gw\n' },
    });
    expect([key.code, key.stderr.includes('no!base64')]).toEqual([1, false]);
  });

  test('a stanza is saved as it was asked for, and used again', async () => {
    const { io } = await fwknop(
      `-A tcp/22,udp/53 -s -D gw ${KEYS} --time-offset-minus 5 -f 9 -n new --save-rc-stanza`,
      {
        files: { [RC]: '# mine\n[default]\n' },
      },
    );
    const text = io.files.get(RC) ?? '';
    expect(text).toMatch(/^# mine\n\[default\]\n\n\[new\]\n/);
    expect(read((await fwknop('-n new', { files: { [RC]: text } })).sent?.text)).toMatchObject({
      type: 'timeout-access',
      timeout: 9,
      allow: undefined,
      time: Date.UTC(2026, 0, 1) - 5000,
    });
  });

  test('a key in a stanza is kept unless it is agreed to, and -k asks too', async () => {
    const files = { [RC]: RC_TEXT };
    const line = '-k -n a -A tcp/9 --save-rc-stanza';
    const kept = await fwknop(line, { files, lines: ['n', ''] });
    expect(kept.io.files.get(RC)).toMatch(/\[a\]\nACCESS +tcp\/9\nKEY +k1\nHMAC_KEY +h1\n/);
    expect(kept.stdout).toContain("Variable 'KEY' found in stanza 'a'. Overwrite [N/y] ? ");
    const fresh = await fwknop(line, { files, lines: ['y', 'Y'] });
    expect(fresh.io.files.get(RC)).toMatch(/\[a\]\nACCESS +tcp\/9\nKEY_BASE64 +\S{44}\nHMAC_KEY_BASE64 +\S{88}\n/);
    expect((await fwknop(`${line} --force-stanza`, { files })).stdout).not.toContain('Overwrite');
  });
});

describe('GnuPG', () => {
  test('the passphrase of the signer is asked for, unless told otherwise', async () => {
    const line = '-A tcp/22 -s -D gw --gpg-recipient-key R --gpg-signer-key S --gpg-home-dir /g --gpg-exe gpg2';
    const { io } = await fwknop(line, { typed: ['pass'] });
    expect(io.asked).toEqual(['Enter passphrase for signing: ']);
    expect(io.sealed).toEqual([
      { program: 'gpg2', home: '/g', recipient: 'R', signer: 'S', passphrase: encodeUtf8('pass') },
    ]);
    expect((await fwknop(`${line} --gpg-agent`)).io.sealed[0]?.passphrase).toBe('agent');
    expect((await fwknop(`${line} --gpg-no-signing-pw`)).io.sealed[0]?.passphrase).toBe('none');
  });

  test('what is sealed for an elliptic curve is refused', async () => {
    const openPgp = Uint8Array.of(0x84, 0x5e, 3, ...new Uint8Array(200));
    const { code, stderr, sent } = await fwknop('-A tcp/22 -s -D gw -g --gpg-recipient-key R', { openPgp });
    expect([code, sent]).toEqual([1, undefined]);
    expect(stderr).toMatch(/elliptic-curve key: use an RSA key .* --to-spad/);
  });
});

describe('what else it prints', () => {
  test('version, help, history and stanzas', async () => {
    expect((await fwknop('-V')).stdout).toMatch(/^fwknop client \(spad\) \S+, FKO protocol version 3\.0\.0\n$/);
    expect(await fwknop('-h')).toMatchObject({ code: 0, stderr: '' });
    expect(await fwknop('--show-last', { files: { [RUN]: 'fwknop -s\n' } })).toMatchObject({
      stdout: 'Last fwknop client command line: fwknop -s\n\n',
    });
    expect(await fwknop('--stanza-list', { files: { [RC]: '[default]\n[a]\n[b]\n' } })).toMatchObject({
      stdout: `The following stanzas are configured in ${RC} :\n - a\n - b\n`,
    });
    expect((await fwknop(`stray ${ASK}`)).stderr).toMatch(/"stray" belongs to no option/);
    expect(await fwknop('--nonsense')).toMatchObject({ code: 1 });
  });
});
