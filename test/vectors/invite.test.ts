/** Invites: the vectors of the oracle, read and written. */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { formatPortSpec } from '../../src/base/port-spec.ts';
import { unixMs } from '../../src/base/units.ts';
import { decodeHex } from '../../src/bytes/encoding.ts';
import { Secret } from '../../src/crypto/secret.ts';
import type { Invite } from '../../src/invite/body.ts';
import type { InviteFault } from '../../src/invite/fault.ts';
import { formatInvite, type InviteReading, type InviteSeal, parseInvite } from '../../src/invite/invite.ts';
import { portOf, present, specs } from '../unit/values.ts';

interface Content {
  readonly secret: string;
  readonly server: string;
  readonly hosts: readonly string[];
  readonly port: number;
  readonly ports: readonly string[];
  readonly reply: boolean;
  readonly endSeconds: number;
  readonly replaces?: string;
}

interface GoodVector {
  readonly name: string;
  readonly invite: Content;
  readonly text: string;
  readonly passphrase?: string;
  readonly salt?: string;
  readonly cost?: number;
}

interface BadVector {
  readonly name: string;
  readonly text: string;
  readonly fault: InviteFault;
}

const load = (file: string): unknown => JSON.parse(readFileSync(new URL(`invite/${file}`, import.meta.url), 'utf8'));

const { vectors: good } = load('good.json') as { vectors: GoodVector[] };
const { vectors: bad } = load('bad.json') as { vectors: BadVector[] };

const inviteOf = ({ invite }: GoodVector): Invite => ({
  secret: present(Secret.fromBase64(invite.secret)),
  ...{ server: invite.server, hosts: invite.hosts, port: portOf(invite.port), reply: invite.reply },
  access: specs(invite.ports.join(' ')),
  end: unixMs(1000 * invite.endSeconds),
  replaces: invite.replaces,
});

const sealOf = ({ passphrase, salt, cost }: GoodVector): InviteSeal | undefined =>
  passphrase === undefined ? undefined : { passphrase, salt: present(decodeHex(salt ?? '')), cost: present(cost) };

const contentOf = (invite: Invite): Content => ({
  secret: invite.secret.revealBase64(),
  ...{ server: invite.server, hosts: invite.hosts, port: invite.port, reply: invite.reply },
  ports: invite.access.map(formatPortSpec),
  endSeconds: invite.end / 1000,
  ...(invite.replaces === undefined ? {} : { replaces: invite.replaces }),
});

const readingOf = (text: string): InviteReading => {
  const read = parseInvite(text);
  return read.ok ? read.value : expect.fail(read.error.kind);
};

const opened = (text: string, passphrase: string | undefined): Content => {
  const reading = readingOf(text);
  if (reading.kind === 'plain') {
    expect(passphrase).toBeUndefined();
    return contentOf(reading.invite);
  }
  const invite = reading.unseal(present(passphrase));
  return invite?.ok === true ? contentOf(invite.value) : expect.fail('it does not open');
};

describe('good ones', () => {
  test.each(good)('$name: read, as it is and as a QR code has it', (vector) => {
    expect(opened(vector.text, vector.passphrase)).toEqual(vector.invite);
    expect(opened(vector.text.toUpperCase(), vector.passphrase)).toEqual(vector.invite);
  });

  test.each(good)('$name: written', (vector) => {
    expect(formatInvite(inviteOf(vector), sealOf(vector))).toBe(vector.text);
  });

  test('what is sealed opens by no other passphrase', () => {
    const reading = readingOf(present(good.find(({ passphrase }) => passphrase === 'correct horse')).text);
    if (reading.kind !== 'sealed') expect.fail('it is not sealed');
    expect(reading.unseal('correct horse ')).toBeUndefined();
    expect(reading.unseal('')).toBeUndefined();
  });

  test('a passphrase that is typed in another form is the same', () => {
    const vector = present(good.find(({ name }) => name.includes('another form')));
    expect(opened(vector.text, 'fine A\u030a')).toEqual(vector.invite);
  });

  test('without a cost, what is written has the one of the specification', () => {
    const vector = present(good.find(({ cost }) => cost === 16));
    const { passphrase, salt } = present(sealOf(vector));
    expect(formatInvite(inviteOf(vector), { passphrase, salt })).toBe(vector.text);
  });
});

describe('bad ones', () => {
  test('there is one of every fault', () => {
    const kinds = ['empty', 'no-invite', 'newer', 'malformed', 'stray-letter', 'wrong-length', 'mistyped'];
    expect([...new Set(bad.map(({ fault }) => fault.kind))].sort()).toEqual(kinds.sort());
  });

  test.each(bad)('$name: $fault.kind', ({ text, fault }) => {
    expect(parseInvite(text)).toEqual({ ok: false, error: fault });
  });
});
