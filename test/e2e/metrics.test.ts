/** What spad counts, as other programs read it. */
import { mkdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Host } from '../support/host.ts';
import { Keyholder } from '../support/keyholder.ts';
import { Lab } from '../support/lab.ts';
import { type ReadFamily, readMetrics, valueOf } from '../support/read-metrics.ts';
import { Spad } from '../support/spad.ts';
import { waitUntil } from '../support/wait.ts';

const alice = new Keyholder();

let lab: Lab;
let client: Host;
let server: Host;
let spad: Spad;

beforeAll(async () => {
  lab = await Lab.create({ hosts: ['client', 'server'] });
  [client, server] = [lab.host('client'), lab.host('server')];
  spad = new Spad(lab, server);
  spad.configure({ access: { alice: { key: alice.base64, allow: 'tcp/22', open_for: '2m' } } });
  await spad.start();
});
afterAll(() => lab.close());

const ask = async (): Promise<Readonly<Record<string, ReadFamily>>> => {
  const { code, stdout, stderr } = await spad.exec('metrics', '-c', spad.confFile);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(stdout).toMatch(/\n# EOF\n$/);
  return readMetrics(stdout, 'openmetrics');
};

describe('spad metrics', () => {
  test('is OpenMetrics for the parser of others: nothing has come, and everything is there', async () => {
    const families = await ask();
    const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { readonly version: string };
    expect(families['spad_build']).toMatchObject({ type: 'info', samples: [['spad_build_info', { version }, 1]] });
    expect(families['spad_events']).toMatchObject({ type: 'counter' });
    expect(families['spad_start_time_seconds']).toMatchObject({ type: 'gauge', unit: 'seconds' });
    expect(Math.abs((valueOf(families, 'spad_start_time_seconds') ?? 0) - Date.now() / 1000)).toBeLessThan(300);
    expect(valueOf(families, 'spad_events', 'granted')).toBe(0);
    expect(valueOf(families, 'spad_rejections', 'replayed')).toBe(0);
    expect(valueOf(families, 'spad_capturing')).toBe(1);
    expect(valueOf(families, 'spad_firewall_agrees')).toBe(1);
    expect(valueOf(families, 'spad_clients')).toBe(1);
    expect(valueOf(families, 'spad_grants')).toBe(0);
  });

  test('counts a packet that opens, its copy, and one for a port that is not allowed', async () => {
    const packet = alice.seal({ ports: 'tcp/22' });
    const mark = spad.audit.mark();
    await spad.send(client, packet);
    await spad.send(client, packet);
    await spad.send(client, alice.seal({ ports: 'tcp/23' }));
    await spad.audit.waitFor({ event: 'rejected', reason: 'replayed' }, mark);
    await spad.audit.waitFor({ event: 'rejected', reason: 'port-not-allowed' }, mark);
    const families = await ask();
    expect(valueOf(families, 'spad_events', 'granted')).toBe(1);
    expect(valueOf(families, 'spad_rejections', 'replayed')).toBe(1);
    expect(valueOf(families, 'spad_rejections', 'port-not-allowed')).toBe(1);
    expect(valueOf(families, 'spad_rejections', 'bad-mac')).toBe(0);
    expect(valueOf(families, 'spad_grants')).toBe(1);
    expect(valueOf(families, 'spad_replay_cache_entries')).toBe(2);
  });

  test('says what to do where no daemon is running', async () => {
    const { code, stdout, stderr } = await spad.exec('metrics', '--state-dir', lab.dir);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toContain(`spad is not running on ${lab.dir}: start it`);
  });
});

describe('metrics_file', () => {
  const file = (): string => join(spad.dir, 'textfile', 'spad.prom');
  const families = (): Readonly<Record<string, ReadFamily>> => readMetrics(readFileSync(file(), 'utf8'), 'prometheus');

  test('is what node_exporter reads, for everyone, and comes again and again; a folder that is away is told once', async () => {
    await spad.stop();
    spad.configure({
      daemon: { metrics_file: file(), metrics_every: '1s' },
      access: { alice: { key: alice.base64, allow: 'tcp/22', open_for: '2m' } },
    });
    await spad.start();
    await spad.process.waitForLine(/warning: metrics_file cannot be written: ENOENT.*; trying again until it can be/);
    // It opens ports all the same.
    const mark = spad.audit.mark();
    await spad.send(client, alice.seal({ ports: 'tcp/22' }));
    await spad.audit.waitFor({ event: 'extended' }, mark);
    mkdirSync(join(spad.dir, 'textfile'));
    // A link in the draft's place must not be written through.
    const bait = join(spad.dir, 'bait');
    writeFileSync(bait, 'untouched');
    symlinkSync(bait, join(spad.dir, 'textfile', '.spad.prom.new'));
    await spad.process.waitForLine(/spad\.prom is written again/);
    expect(spad.process.output.match(/metrics_file cannot be written/g)).toHaveLength(1);
    expect(statSync(file()).mode & 0o777).toBe(0o644);
    expect(readFileSync(bait, 'utf8')).toBe('untouched');
    const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { readonly version: string };
    expect(families()['spad_events']).toMatchObject({ type: 'counter' });
    expect(valueOf(families(), 'spad_events', 'extended')).toBe(1);
    expect(valueOf(families(), 'spad_build_info', version)).toBe(1);
    await spad.send(client, alice.seal({ ports: 'tcp/23' }));
    await waitUntil(
      'the next packet to be counted',
      () => valueOf(families(), 'spad_rejections', 'port-not-allowed') === 1,
    );
  });
});
