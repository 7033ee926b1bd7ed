/** The status lines are those of a real gpg 2.2.40 for messages of the real client, and for some that are wrong. */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import type { GpgKeys } from '../../../src/access/fwknop-keys.ts';
import { judgeSignatures } from '../../../src/engine/gpg-verdict.ts';
import { parseGpgStatus } from '../../../src/spa/fwknop/gpg-status.ts';
import { GPG_KEYS } from '../engine/fwknop.ts';

const SUBKEY = 'A5A504E8169D0CB5160EC2979114526380856C92';
const PRIMARY = 'FAF23266A23D44B3E00CAB4D947D7DFC41CC6D80';

const statusOf = (name: string) =>
  parseGpgStatus(readFileSync(new URL(`gpg-status/${name}.txt`, import.meta.url), 'utf8'));

const judge = (name: string, keys: Partial<GpgKeys> = {}): string =>
  judgeSignatures(statusOf(name).signatures, { ...GPG_KEYS, ...keys }) ?? 'accepted';

describe('what gpg says', () => {
  test('of a message signed by a key that it trusts', () => {
    expect(statusOf('fully')).toEqual({
      opened: true,
      signatures: [{ good: true, validity: 'full', key: SUBKEY, primary: PRIMARY }],
      badSignature: false,
    });
  });

  test.each([
    ['fully', true],
    ['marginally', true],
    ['unknown-validity', true],
    ['no-public-key', true],
    ['unsigned', true],
    ['key-expired', true],
    ['no-secret-key', false],
    ['signed-not-sealed', false],
    ['bad-signature', false],
    ['signature-expired', false],
  ])('%s: opened is %s', (name, opened) => {
    expect(statusOf(name).opened).toBe(opened);
  });

  test('nothing of it is taken from a name that somebody gives himself', () => {
    const name = '[GNUPG:] GOODSIG AAAA evil%0A[GNUPG:] TRUST_ULTIMATE 0 pgp\n';
    expect(parseGpgStatus(name).signatures).toEqual([
      { good: true, validity: 'none', key: 'AAAA', primary: undefined },
    ]);
    expect(parseGpgStatus('DECRYPTION_OKAY\nGOODMDC\nEND_DECRYPTION\n').opened).toBe(false);
  });
});

describe('whose signature is good', () => {
  test.each([
    ['fully', 'accepted'],
    ['marginally', 'accepted'],
    ['unknown-validity', 'bad-signature'],
    ['no-public-key', 'bad-signature'],
    ['key-expired', 'bad-signature'],
    ['signature-expired', 'bad-signature'],
    ['unsigned', 'unsigned'],
  ])('%s: %s', (name, verdict) => {
    expect(judge(name)).toBe(verdict);
  });

  test('GPG_DISABLE_SIG asks for none, GPG_IGNORE_SIG_VERIFY_ERROR for any', () => {
    expect(judge('unsigned', { requireSignature: false })).toBe('accepted');
    expect(judge('unknown-validity', { ignoreBadSignature: true })).toBe('accepted');
    expect(judge('no-public-key', { ignoreBadSignature: true, signerFingerprints: [SUBKEY] })).toBe('accepted');
    expect(judge('unsigned', { ignoreBadSignature: true })).toBe('unsigned');
  });

  test.each([
    ['the signing subkey', { signerFingerprints: [SUBKEY] }, 'accepted'],
    ['the primary key', { signerFingerprints: [PRIMARY] }, 'accepted'],
    ['small letters', { signerFingerprints: [SUBKEY.toLowerCase()] }, 'accepted'],
    ['the last 8 digits', { signerIds: ['80856C92'] }, 'accepted'],
    ['the last 8 digits of the primary key', { signerIds: ['41CC6D80'] }, 'accepted'],
    ['fewer digits', { signerIds: ['6C92'] }, 'signer-not-allowed'],
    ['another key', { signerFingerprints: ['FEC5D20461CA8C3317B9BEB71B3E9713F91B1477'] }, 'signer-not-allowed'],
    ['one of two lists', { signerFingerprints: ['00'], signerIds: ['80856C92'] }, 'accepted'],
  ])('%s', (_, keys, verdict) => {
    expect(judge('fully', keys)).toBe(verdict);
  });
});
