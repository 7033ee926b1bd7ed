/**
 * The demo: a port that only one packet opens, on three machines that exist for some seconds.
 *
 * Everything happens in network namespaces of its own, so this machine's network and firewall are never touched. It
 * runs the built programs, as they would run anywhere, and ends with code 1 when anything was not as it should be.
 */
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Host } from '../test/support/host.ts';
import { Lab } from '../test/support/lab.ts';
import type { LabProcess } from '../test/support/lab-process.ts';
import { installPrograms, Stage } from './stage.ts';

/** Seconds that a grant lasts: long enough for step 4 on a slow machine, short enough to wait for. */
const OPEN_FOR = 10;

/** The one service of the server. */
const SERVICE = 22;

interface Scene {
  readonly stage: Stage;
  readonly lab: Lab;
  readonly client: Host;
  readonly attacker: Host;
  readonly server: Host;
}

/** A user namespace of an ordinary user maps only that user, so that nobody can become `nobody` in it. */
function receiverUser(): string {
  const maps = readFileSync('/proc/self/uid_map', 'utf8').trim().split('\n');
  const covers = maps.some((line) => {
    const [first = 0, , count = 0] = line.trim().split(/\s+/).map(Number);
    return first <= 65_534 && 65_534 < first + count;
  });
  return covers ? 'nobody' : 'same';
}

/** Makes the three hosts, a home for each, and the server's settings; the secret comes later, from spa-keys. */
async function buildScene(): Promise<Scene> {
  const lab = await Lab.create({ hosts: ['client', 'attacker', 'server'] });
  const home = (host: Host): string => join(lab.dir, host.name);
  for (const host of lab.hosts) mkdirSync(home(host), { mode: 0o700 });
  mkdirSync(join(lab.dir, 'client/.config/spa'), { recursive: true, mode: 0o700 });
  const programs = join(lab.dir, 'bin');
  mkdirSync(programs);
  installPrograms(programs);
  const server = lab.host('server');
  const state = join(home(server), 'state');
  mkdirSync(state, { mode: 0o700 });
  const conf = join(home(server), 'spad.conf');
  writeFileSync(
    conf,
    `[spad]
name = gw1
guard = tcp/${SERVICE}
receiver_user = ${receiverUser()}
state_dir = ${state}
audit_log = ${join(home(server), 'audit.jsonl')}
`,
  );
  chmodSync(conf, 0o600);
  const stage = new Stage(programs, home);
  return { stage, lab, client: lab.host('client'), attacker: lab.host('attacker'), server };
}

/** Starts a program of the server and shows it from its command line to the line that says it is there. */
async function startServer(scene: Scene, command: string, ready: RegExp): Promise<LabProcess> {
  const child = scene.stage.start(scene.server, command);
  await child.waitForLine(ready, 15_000);
  scene.stage.show(child.output);
  return child;
}

/** Tries the service's port from a host and checks what it looks like from there. */
async function tryPort(scene: Scene, host: Host, wanted: 'open' | 'filtered', sentence: string): Promise<void> {
  const patience = wanted === 'open' ? ' --timeout 3000' : '';
  const { stdout } = await scene.stage.run(host, `tcp-connect ${scene.server.address4} ${SERVICE}${patience}`);
  scene.stage.expect(stdout.startsWith(wanted), sentence);
}

function auditText(scene: Scene): string {
  const file = join(scene.lab.dir, 'server/audit.jsonl');
  return existsSync(file) ? readFileSync(file, 'utf8') : '';
}

/** Waits for an audit line of one event and shows it; undefined, and a failed expectation, when none comes. */
async function showAudit(scene: Scene, event: string): Promise<Record<string, unknown> | undefined> {
  const deadline = performance.now() + 3000;
  while (!auditText(scene).includes(`"event":"${event}"`) && performance.now() < deadline) await sleep(20);
  const { stdout } = await scene.stage.run(scene.server, `grep '"event":"${event}"' audit.jsonl`);
  const line = stdout.trimEnd().split('\n').pop() ?? '';
  if (line !== '') return JSON.parse(line) as Record<string, unknown>;
  scene.stage.expect(false, `the audit log has a line for "${event}"`);
  return undefined;
}

async function setUp(scene: Scene): Promise<void> {
  const { stage, server, client, attacker } = scene;
  stage.heading('The scene');
  stage.note(`Three machines, each a network namespace: client ${client.address4}, attacker ${attacker.address4},`);
  stage.note(`server ${server.address4}, which has a service on TCP port ${SERVICE}. Nothing outside them is touched.`);
  await startServer(scene, `tcp-service ${SERVICE}`, /^listening/);
  const keys = `spa-keys generate --server gw1 --client alice --host ${server.address4}`;
  const made = await stage.run(server, `${keys} --stanza spad.conf --profile ../client/.config/spa/profiles.ini`);
  if (made.code !== 0) throw new Error('spa-keys made no keys');
  await stage.run(server, `echo 'open_for = ${OPEN_FOR}s' >> spad.conf`);
  await stage.run(server, `grep -v '^key' spad.conf`);
  await startServer(scene, 'spad -c spad.conf', /spad: ready\b/);
}

async function openPort(scene: Scene): Promise<void> {
  const { stage, server, client } = scene;
  stage.nextStep('The client sends one encrypted packet');
  const sent = await stage.run(
    client,
    `spa-client --access tcp/${SERVICE} --save-packet packet.bin ${server.address4}`,
  );
  stage.expect(sent.code === 0, 'the packet is on its way');
  const granted = await showAudit(scene, 'granted');
  stage.expect(granted?.['allow'] === client.address4, `the server opened the port for ${client.address4} alone`);
}

async function useGrant(scene: Scene): Promise<LabProcess> {
  const { stage, server, client, attacker } = scene;
  stage.nextStep('Now the port is open for the client, and for nobody else');
  const connection = stage.start(client, `tcp-connect ${server.address4} ${SERVICE} --stay`);
  const [greeting] = await connection.waitForLine(/^(open|filtered|refused|error).*/);
  stage.show(greeting);
  stage.expect(greeting === `open: hello from ${SERVICE}`, 'the client reads the greeting, and stays connected');
  await tryPort(scene, attacker, 'filtered', 'the attacker still gets no answer');
  return connection;
}

async function replay(scene: Scene): Promise<void> {
  const { stage, server, client, attacker } = scene;
  stage.nextStep('The attacker has recorded the packet and sends it again, from its own address');
  await stage.run(attacker, `udp-send ${server.address4} 62201 < ../client/packet.bin`);
  const rejected = await showAudit(scene, 'rejected');
  const refused = rejected?.['reason'] === 'replayed' && rejected['source'] === attacker.address4;
  stage.expect(refused, 'the server refused it as replayed');
  await tryPort(scene, attacker, 'filtered', 'it bought the attacker nothing');
  await tryPort(scene, client, 'open', 'and it cost the client nothing');
}

async function expire(scene: Scene, connection: LabProcess): Promise<void> {
  const { stage, client } = scene;
  stage.nextStep(`${OPEN_FOR} seconds after the packet, the grant ends`);
  await showExpiry(scene);
  await tryPort(scene, client, 'filtered', 'a new connection of the client gets no answer any more');
  stage.note(`and the connection from step 3, still open, is sent "are you there?":`);
  const mark = connection.mark();
  connection.write('are you there?\n');
  const answer = await connection.waitForLine(/^are you there\?$/, 3000, mark).catch(() => undefined);
  stage.show(connection.output.split('\n').slice(mark).join('\n'));
  stage.expect(answer !== undefined, 'it lives on: what was let in may finish');
}

/** Waits until the end that the grant's audit line names, then for the line that says so. */
async function showExpiry(scene: Scene): Promise<void> {
  const lines = auditText(scene).split('\n');
  const granted = lines.find((line) => line.includes('"event":"granted"')) ?? '{}';
  const { until } = JSON.parse(granted) as { until?: string };
  const end = until === undefined ? Date.now() + OPEN_FOR * 1000 : Date.parse(until);
  await sleep(Math.max(0, end - Date.now()) + 100);
  await showAudit(scene, 'expired');
}

async function play(scene: Scene): Promise<void> {
  const { stage, client, attacker } = scene;
  await setUp(scene);
  stage.nextStep(`Port ${SERVICE} does not answer, whoever asks`);
  await tryPort(scene, client, 'filtered', 'filtered for the client');
  await tryPort(scene, attacker, 'filtered', 'filtered for the attacker');
  await openPort(scene);
  const connection = await useGrant(scene);
  await replay(scene);
  await expire(scene, connection);
}

async function main(): Promise<number> {
  const begun = performance.now();
  const scene = await buildScene();
  const { stage } = scene;
  try {
    await play(scene);
  } catch (error) {
    stage.fail(error);
  } finally {
    await scene.lab.close();
  }
  const time = `${((performance.now() - begun) / 1000).toFixed(0)} s`;
  stage.conclude(
    `One packet opened the port: for one address, once, for ${OPEN_FOR} seconds. (${time}; all is cleaned up.)`,
  );
  return stage.failures.length === 0 ? 0 : 1;
}

process.exitCode = await main().catch((error: unknown) => {
  process.stderr.write(`demo: ${error instanceof Error ? error.message : String(error)}\n`);
  return 1;
});
