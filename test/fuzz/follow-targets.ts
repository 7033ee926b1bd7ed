/** What a client that follows the audit log reads from the control socket, line by line. */
import { paint } from '../../src/base/styled.ts';
import { decodeFollowed, isWanted } from '../../src/control/audit-record.ts';
import { auditWords } from '../../src/control/audit-words.ts';
import { RefusalBook } from '../../src/control/refusal-book.ts';
import { ascii, cidr } from '../unit/values.ts';

const refusals = new RefusalBook();
const NOBODY = { events: ['nothing'], reasons: [], clients: [], sources: [] };
const ANYBODY = { events: [], reasons: [], clients: [], sources: [] };
const NEAR = { ...ANYBODY, sources: [cidr('192.0.2.0/24')] };

const followed = (input: Uint8Array): string | undefined => {
  const line = decodeFollowed(Buffer.from(input).toString('utf8'));
  if (line === undefined) return undefined;
  const text = paint(auditWords(line), false);
  if (text === '' || /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u.test(text)) return 'a line that moves the cursor';
  if (line.kind === 'lost') return undefined;
  refusals.add(line.record);
  if (refusals.list().length > 256) return 'more refusals than there is room for';
  if (!isWanted(line.record, ANYBODY)) return 'a record that nobody wants, unfiltered';
  if (isWanted(line.record, NEAR) && line.record.source?.startsWith('192.0.2.') !== true)
    return 'a record from elsewhere';
  return isWanted(line.record, NOBODY) && line.record.event !== 'nothing' ? 'a record of another event' : undefined;
};

const LINES = [
  '{"lost":12}',
  '{"time":"2026-11-20T14:13:28.136Z","event":"started","detail":"eth0"}',
  '{"time":"2026-11-20T14:13:28.136Z","event":"granted","stanza":"alice","format":"native","key":"old","source":"192.0.2.9","allow":["192.0.2.9","2001:db8::/64"],"ports":["tcp/22"],"forward":"10.0.0.2:22","until":"2026-11-20T14:13:58.136Z"}',
  '{"time":"2026-11-20T14:13:28.136Z","event":"rejected","stanza":"alice","user":"root","code":3,"source":"192.0.2.9","reason":"stale","skew":-300}',
  '{"time":"2026-11-20T14:13:28.136Z","event":"counted","counts":{"unknown-hint":7,"sieved":3}}',
];

export const followTargets = [{ name: 'followed-line', seeds: LINES.map(ascii), run: followed }];
