/** What a program makes of the daemon's answers: of another version's it makes nothing. */
import { describe, expect, test } from 'vitest';
import { readGrants } from '../../../src/control/response.ts';
import { readMetrics, readReloadOutcome } from '../../../src/control/status.ts';
import { reloadLines } from '../../../src/control/status-page.ts';

const OUTCOME = { taken: true, problems: [], clients: 2, added: ['bob'], removed: ['carol', 'dave'] };

describe('a reload', () => {
  test('is read as it was written', () => {
    expect(readReloadOutcome(OUTCOME)).toEqual(OUTCOME);
    expect(readReloadOutcome({ ...OUTCOME, clients: '2' })).toBeUndefined();
    expect(readReloadOutcome(undefined)).toBeUndefined();
  });

  test('that was taken tells who came and went', () => {
    expect(reloadLines(OUTCOME)).toEqual([
      'new: bob',
      'gone: carol, dave',
      'the new configuration is in force: 2 clients',
    ]);
  });

  test('that was refused tells what is wrong, and what to do', () => {
    const problems = ['spad.conf:3: error: unknown key "\u001b"'];
    const lines = reloadLines({ taken: false, problems, clients: 1, added: [], removed: [] });
    expect(lines).toHaveLength(2);
    expect(lines[0]).toBe('spad.conf:3: error: unknown key "\\u{1b}"');
    expect(lines[1]).toMatch(/^the configuration before it stands: 1 client; .*"spad reload" again$/);
  });
});

test('metrics are a text', () => {
  expect(readMetrics({ openmetrics: '# EOF\n' })).toEqual({ openmetrics: '# EOF\n' });
  expect(readMetrics({ openmetrics: 5 })).toBeUndefined();
  expect(readMetrics({})).toBeUndefined();
});

test('grants are read under the name that was asked for', () => {
  const grant = { id: 'g1', stanza: 'a', address: '192.0.2.9', ports: ['tcp/22'], until: 'x', left: 5 };
  expect(readGrants({ revoked: [grant] }, 'revoked')).toEqual([grant]);
  expect(readGrants({ opened: [] }, 'opened')).toEqual([]);
  expect(readGrants({ revoked: [grant] }, 'opened')).toBeUndefined();
  expect(readGrants({ revoked: [{ ...grant, left: '5' }] }, 'revoked')).toBeUndefined();
  expect(readGrants(7, 'revoked')).toBeUndefined();
});
