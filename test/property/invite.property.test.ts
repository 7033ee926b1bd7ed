/** Invites: whatever is written is read, and whatever is mistyped is noticed. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { normalizePorts } from '../../src/base/port-spec.ts';
import { unixMs } from '../../src/base/units.ts';
import type { Invite } from '../../src/invite/body.ts';
import { formatInvite, parseInvite } from '../../src/invite/invite.ts';
import { formatLetters, parseLetters } from '../../src/invite/letters.ts';
import { portOf, secretOf } from '../unit/values.ts';

const LETTERS = '0123456789abcdefghjkmnpqrstvwxyz';

const portNumber = fc.integer({ min: 1, max: 65_535 });

const access = fc
  .array(fc.record({ protocol: fc.constantFrom('tcp' as const, 'udp' as const), first: portNumber }), { maxLength: 16 })
  .map((list) =>
    normalizePorts(list.map(({ protocol, first }) => ({ protocol, first: portOf(first), last: portOf(first) }))),
  );

const invite: fc.Arbitrary<Invite> = fc.record({
  secret: fc.integer({ min: 1, max: 1000 }).map(secretOf),
  server: fc.stringMatching(/^[a-zü -]{1,30}$/),
  hosts: fc.uniqueArray(fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9.:_-]{0,40}$/), { minLength: 1, maxLength: 4 }),
  port: portNumber.map(portOf),
  access,
  reply: fc.boolean(),
  end: fc.integer({ min: 0, max: 0xffff_ffff }).map((seconds) => unixMs(1000 * seconds)),
});

const payload = fc
  .integer({ min: 10, max: 254 })
  .chain((groups) => fc.uint8Array({ minLength: 5 * groups, maxLength: 5 * groups }));

test('what is written is read', () => {
  fc.assert(
    fc.property(invite, (value) => {
      expect(parseInvite(formatInvite(value))).toEqual({ ok: true, value: { kind: 'plain', invite: value } });
    }),
  );
});

test('letters are read as they were meant, whatever a mail has made of the line', () => {
  fc.assert(
    fc.property(payload, fc.constantFrom('\r\n', ' ', '-', '\u200b'), fc.boolean(), (bytes, gap, capitals) => {
      const line = formatLetters(bytes).replace(/(.{1,60})(?=.)/gu, (part, _, at) =>
        at === 0 ? part : `${part}${gap}`,
      );
      const alike = line.replace(/0/g, 'o').replace(/1(?!-)/g, 'l');
      const typed = `spa1-${alike.slice(5)}`;
      expect(parseLetters(` ${capitals ? typed.toUpperCase() : typed}\n`)).toEqual({ ok: true, value: bytes });
    }),
  );
});

const chosenLetters = (most: number): fc.Arbitrary<[number, number][]> =>
  fc.uniqueArray(fc.tuple(fc.nat(100_000), fc.integer({ min: 1, max: 31 })), {
    ...{ minLength: 1, maxLength: most },
    selector: ([place]) => place,
  });

/** The line with these letters moved on in the alphabet; and the places, from 1 after the prefix. */
const mistype = (line: string, changes: readonly [number, number][]): { text: string; places: number[] } => {
  const letters = Array.from(line.slice(5));
  const places = new Set<number>();
  for (const [number, step] of changes) {
    const index = number % letters.length;
    if (places.has(index + 1)) continue;
    places.add(index + 1);
    letters[index] = LETTERS.charAt((LETTERS.indexOf(letters[index] ?? '') + step) % 32);
  }
  return { text: `spa1-${letters.join('')}`, places: [...places] };
};

test('one mistyped letter is found, and what it should be', () => {
  fc.assert(
    fc.property(payload, chosenLetters(1), (bytes, changes) => {
      const line = formatLetters(bytes);
      const { text, places } = mistype(line, changes);
      const letters = line.charAt(4 + (places[0] ?? 0));
      expect(parseLetters(text)).toEqual({ ok: false, error: { kind: 'mistyped', places, letters } });
    }),
  );
});

test('up to four mistyped letters are always noticed', () => {
  fc.assert(
    fc.property(payload, chosenLetters(4), (bytes, changes) => {
      const { text } = mistype(formatLetters(bytes), changes);
      expect(parseLetters(text)).toMatchObject({ ok: false, error: { kind: 'mistyped' } });
    }),
  );
});
