/** A status with all that it can have. */
import type { Status } from '../../../src/control/status.ts';

export const STATUS: Status = {
  ...{ version: '0.1.0', pid: 4711, receiverPid: 4720, since: '2026-01-01T00:00:00.000Z', uptime: 93_784_500 },
  capture: { on: 'eth0 (nflog)', since: '2026-01-01T00:00:01.000Z', restarts: 1 },
  ...{ via: 'nftables through libnftables', firewall: { kind: 'agrees' }, guard: ['tcp/22', 'tcp/443'] },
  ...{ trialUntil: '2026-01-02T02:04:05.000Z', clients: 12, grants: 3 },
  rotations: [
    { stanza: 'alice', until: '2026-01-03T00:00:00.000Z', oldUsed: '2026-01-01T05:00:00.000Z' },
    { stanza: 'bob', until: '2026-01-31T00:00:00.000Z', newUsed: '2026-01-01T06:00:00.000Z' },
  ],
  replay: { entries: 1500, bytes: 300_000, floor: '2026-01-01T12:00:00.000Z' },
  ...{ clockSynchronised: true, delay: { max: 3.1, p99: 1.2 } },
  audit: [
    { sink: 'file', lost: 0, waiting: 0 },
    { sink: 'syslog', lost: 2, waiting: 7, trouble: 'ENOENT' },
  ],
  reload: {
    time: '2026-01-01T06:00:00.000Z',
    taken: false,
    problems: ['spad.conf:3: error: unknown key "prot"'],
    clients: 12,
    added: [],
    removed: [],
  },
  counts: {
    granted: { total: 1234, per10s: 0.1, per1min: 12 },
    'unknown-hint': { total: 7, per10s: 0, per1min: 0.1 },
  },
};
