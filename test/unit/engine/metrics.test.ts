/** What is exposed of a status. */
import { expect, test } from 'vitest';
import { type Metric, sampleName } from '../../../src/control/exposition.ts';
import type { Status } from '../../../src/control/status.ts';
import { COUNTER_FAMILIES, COUNTER_NAMES } from '../../../src/engine/counter-names.ts';
import { METRICS, metricsOf } from '../../../src/engine/metrics.ts';
import { STATUS } from '../control/status-values.ts';

const values = (metrics: readonly Metric[]): Readonly<Record<string, number>> =>
  Object.fromEntries(
    metrics.flatMap((metric) =>
      metric.samples.map(({ labels, value }) => [
        [sampleName(metric), ...Object.values(labels ?? {})].join(' '),
        value,
      ]),
    ),
  );

test('numbers, times and lengths of time are those of the status, in seconds and bytes', () => {
  expect(values(metricsOf(STATUS))).toMatchObject({
    'spad_build_info 0.1.0': 1,
    spad_start_time_seconds: 1_767_225_600,
    'spad_events_total granted': 1234,
    'spad_events_total revoked': 0,
    'spad_rejections_total unknown-hint': 7,
    'spad_rejections_total replayed': 0,
    ...{ spad_capturing: 1, spad_capture_restarts_total: 1, spad_firewall_agrees: 1, spad_guard_on_trial: 1 },
    ...{ spad_clients: 12, spad_grants: 3, spad_replay_cache_entries: 1500, spad_replay_cache_bytes: 300_000 },
    ...{ spad_clock_synchronised: 1, spad_delay_max_seconds: 0.0031, spad_delay_p99_seconds: 0.0012 },
    ...{ 'spad_audit_lost_lines_total file': 0, 'spad_audit_lost_lines_total syslog': 2 },
    ...{ 'spad_audit_sink_works file': 1, 'spad_audit_sink_works syslog': 0 },
    ...{ spad_reload_taken: 0, spad_reload_time_seconds: 1_767_247_200 },
  });
});

test('what cannot be told is left out, and what is wrong is 0', () => {
  const { capture, receiverPid, trialUntil, clockSynchronised, delay, reload, ...rest } = STATUS;
  expect([capture, receiverPid, trialUntil, clockSynchronised, delay, reload]).not.toContain(undefined);
  const bare: Status = { ...rest, firewall: { kind: 'fault', detail: 'gone' } };
  const shown = values(metricsOf(bare));
  expect(shown).toMatchObject({ spad_capturing: 0, spad_firewall_agrees: 0, spad_guard_on_trial: 0 });
  const optional = [
    'clock_synchronised',
    'delay_max_seconds',
    'delay_p99_seconds',
    'reload_taken',
    'reload_time_seconds',
  ];
  for (const name of optional) expect(shown).not.toHaveProperty(`spad_${name}`);
});

test('each counter is in one family; names are those that OpenMetrics asks for', () => {
  expect(new Set(COUNTER_NAMES).size).toBe(COUNTER_NAMES.length);
  expect(COUNTER_FAMILIES.filter(({ label, counters }) => (label === undefined) !== (counters.length === 1))).toEqual(
    [],
  );
  expect(new Set(METRICS.map(({ name }) => name)).size).toBe(METRICS.length);
  for (const { name, unit, help } of METRICS) {
    expect(name).toMatch(/^spad_[a-z0-9_]+(?<!_total|_info|_created|_count|_sum|_bucket)$/);
    expect(name.endsWith(`_${unit ?? ''}`) || unit === undefined, `${name} ends in its unit`).toBe(true);
    expect(unit ?? 'none', name).toBe(/_(seconds|bytes)$/.exec(name)?.[1] ?? 'none');
    expect(help).toMatch(/^[A-Z].*\.$/);
  }
});
