import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { bytesKey } from '../../../src/bytes/encoding.ts';
import { textDigest } from '../../../src/engine/fwknop-admit.ts';
import { parseFwknopCache } from '../../../src/replay/fwknop-cache.ts';
import { ascii } from '../values.ts';

const TEXT = 'A'.repeat(150);
const DIGEST = createHash('sha256').update(TEXT).digest('base64').replace('=', '');
const line = (digest: string): string => `${digest} 17 10.99.0.2 38119 0.0.0.0 62201 1795175632`;

describe('digest.cache', () => {
  test('holds what we would hold of the same text', () => {
    const text = `# <digest> <proto> <src_ip> <src_port> <dst_ip> <dst_port> <time>\n${line(DIGEST)}\n`;
    const { digests, unreadable, dropped } = parseFwknopCache(text);
    expect([...digests]).toEqual([bytesKey(textDigest(ascii(TEXT)))]);
    expect([unreadable, dropped]).toEqual([0, 0]);
  });

  test('lines that are none are counted; the rest stands', () => {
    const text = [line(DIGEST), 'x', line(DIGEST.slice(1)), line(`${DIGEST.slice(0, 42)}*`), '', DIGEST].join('\n');
    const { digests, unreadable } = parseFwknopCache(text);
    expect([digests.size, unreadable]).toEqual([1, 3]);
  });

  test('a digest begins its line; lines of white space are no lines', () => {
    const text = [` ${line(DIGEST)}`, `A${line(DIGEST)}`, '  ', '\t'].join('\n');
    expect(parseFwknopCache(text)).toEqual({ digests: new Set(), unreadable: 2, dropped: 0 });
  });

  test('of more than a million lines the oldest are not looked at', () => {
    const text = `${line(DIGEST)}\n${'x\n'.repeat(1_000_000)}`;
    expect(parseFwknopCache(text)).toEqual({ digests: new Set(), unreadable: 1_000_000, dropped: 1 });
  });

  test('the digest is that which a real fwknopd has of a real client’s packet', () => {
    const text =
      '9VGlJApwMaw6df9SP6Hkbwrup14NlmUI8KtGGesc/yF+3QNs0JkgN14QUoYVlw1N46sHJmvltVvsr/x0TIUHMwKV2oaIA8rE5bbPUf77RrvUlG6DlZoAgRr9UIdxAKpjnimPEAy0IpGQd2zexAC8/1e6kv/dSV08kIRejPdlwIE6RUi09wiqB+k';
    const { digests } = parseFwknopCache(line('DF9+feo08rFZ4LPhsvgU0U+d4G3HEJPRPMlrrj/t57k'));
    expect([...digests]).toEqual([bytesKey(textDigest(ascii(text)))]);
  });
});
