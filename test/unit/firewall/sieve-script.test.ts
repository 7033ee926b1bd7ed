import { describe, expect, test } from 'vitest';
import {
  armSieveScript,
  openSieveScript,
  removeSieveScript,
  sieveElementsScript,
  sieveShape,
} from '../../../src/firewall/sieve-script.ts';
import { portOf } from '../values.ts';

const PLAN = { lane: 'a', port: portOf(62_201), interface: undefined, group: 6220, sizes: [176, 432, 1200] } as const;

describe('a lane', () => {
  test('is made open: whatever has the right length is handed over', () => {
    expect(openSieveScript(PLAN, true)).toBe(`add table inet spad_hints_a { flags owner; }
add set inet spad_hints_a hints { typeof @ih,0,64; flags timeout; }
add counter inet spad_hints_a hinted
add counter inet spad_hints_a dropped
add chain inet spad_hints_a pick { type filter hook prerouting priority -310; policy accept; }
add chain inet spad_hints_a junk { type filter hook prerouting priority -309; policy accept; }
add rule inet spad_hints_a pick udp dport 62201 udp length { 184, 440, 1208 } log group 6220 queue-threshold 1 counter name hinted
add rule inet spad_hints_a junk udp dport 62201 fib daddr type local counter name dropped drop
`);
    expect(openSieveScript(PLAN, false).split('\n')[0]).toBe('add table inet spad_hints_a');
  });

  test('is armed in one transaction', () => {
    expect(armSieveScript({ ...PLAN, lane: 'b', group: 6221, interface: 'eth0' }))
      .toBe(`flush chain inet spad_hints_b pick
add rule inet spad_hints_b pick iifname "eth0" udp dport 62201 udp length { 184, 440, 1208 } @ih,0,64 @hints log group 6221 queue-threshold 1 counter name hinted
`);
  });

  test('goes with all that is in it', () => {
    expect(removeSieveScript('b')).toBe('delete table inet spad_hints_b\n');
  });
});

test('elements end by themselves, but for those of emergency codes', () => {
  const elements = [
    { hint: '00000000000000ff', left: 90_000.2 },
    { hint: '1122334455667788', left: -5 },
    { hint: 'ffffffffffffffff', left: undefined },
  ];
  expect(sieveElementsScript('a', elements)).toBe(
    'add element inet spad_hints_a hints { 0x00000000000000ff timeout 90001ms, 0x1122334455667788 timeout 1ms, 0xffffffffffffffff }\n',
  );
  expect(sieveElementsScript('a', [])).toBe('');
});

test('what is counted is no change of shape', () => {
  expect(sieveShape('counter hinted {\n\tpackets 12 bytes 2448\n}')).toBe(
    sieveShape('counter hinted {\n\tpackets 0 bytes 0\n}'),
  );
  expect(sieveShape('udp dport 62201')).not.toBe(sieveShape('udp dport 62202'));
});
