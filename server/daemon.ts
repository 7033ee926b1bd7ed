/** The running daemon: inputs go into the engine, what it decides is done, what failed goes back in. */
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { countOf } from '../src/base/printable.ts';
import type { Moment } from '../src/base/units.ts';
import { describeIssue } from '../src/config/issue.ts';
import type { Decision } from '../src/engine/effect.ts';
import { clientCount } from '../src/engine/policy.ts';
import { Engine } from '../src/engine/engine.ts';
import { holdersOf } from '../src/engine/holders.ts';
import type { Handoff } from '../src/engine/handoff.ts';
import type { Input } from '../src/engine/input.ts';
import { readClock } from './clock.ts';
import { ConnectionWatch } from './connections.ts';
import type { FirewallBackend } from './firewall/backend.ts';
import { loadDigestCache } from './fwknop/digest-cache.ts';
import { FwknopEdge } from './fwknop/fwknop-edge.ts';
import type { Configuration, ConfigurationSource } from './load-config.ts';
import { Doors } from './doors.ts';
import { AuditFile } from './log/audit-file.ts';
import type { Logger } from './log/logger.ts';
import { Seldom } from './log/seldom.ts';
import { openPacketMemory, type PacketMemory } from './packet-memory.ts';
import { FAILED_TO, perform } from './perform.ts';
import { readBootId } from './process/boot-clock.ts';
import { ReceiverSource } from './receiver-source.ts';
import { SleepWatch } from './sleep-watch.ts';
import { GrantStore } from './store/grant-store.ts';

/** Packets that wait while a batch is being performed; the oldest go first when there are more. */
const MAX_WAITING = 8192;
const TICK_MS = 500;

export interface DaemonParts {
  /** For reloading. */
  readonly source: ConfigurationSource;
  readonly configuration: Configuration;
  readonly firewall: FirewallBackend;
  readonly logger: Logger;
}

export class Daemon {
  readonly #parts: DaemonParts;
  readonly #engine: Engine;
  readonly #memory: PacketMemory;
  readonly #grants: GrantStore;
  readonly #audit: AuditFile;
  readonly #receiver: ReceiverSource;
  readonly #doors: Doors;
  readonly #fwknop: FwknopEdge;
  readonly #connections: ConnectionWatch;
  readonly #sleep = new SleepWatch();
  readonly #timers: NodeJS.Timeout[] = [];
  #waiting: Input[] = [];
  #pumping: Promise<void> | undefined;
  readonly #troubles: Seldom;
  #repairing = false;
  #firewallFault = '';
  #announced = false;
  #stopping = false;
  #finish: (() => void) | undefined;

  /** Opens the state files. Throws the system's error where one cannot be. */
  constructor(parts: DaemonParts) {
    this.#parts = parts;
    this.#troubles = new Seldom((text) => parts.logger.error(text));
    const { conf, policy, receiver } = parts.configuration;
    const now = readClock();
    const boot = readBootId();
    const grantPath = join(conf.daemon.state_dir, 'grants.log');
    const firstStart = !GrantStore.exists(grantPath);
    this.#memory = openPacketMemory(parts.configuration, now.wall, firstStart, parts.logger);
    const log = GrantStore.open(grantPath, () => ({ ...readClock(), boot }));
    if (log.unreadable > 0) parts.logger.warn(`${grantPath}: ${String(log.unreadable)} lines could not be read`);
    this.#grants = log.store;
    this.#audit = new AuditFile(conf.daemon.audit_log);
    const newGrantId = (): string => randomBytes(6).toString('hex');
    const foreignDigests = loadDigestCache(conf.daemon.fwknop_digest_cache, parts.logger);
    const [{ cache, usedCodes }, maxGrants] = [this.#memory, conf.daemon.max_grants];
    const canCut = parts.firewall.cuts === true;
    this.#engine = new Engine({ policy, cache, usedCodes, foreignDigests, maxGrants, newGrantId, canCut });
    this.#receiver = new ReceiverSource(receiver, parts.logger, {
      onMessage: (message) => this.#hear(message),
      onReady: (description) => this.#announce(description),
    });
    const stopLog = join(conf.daemon.state_dir, 'door-stops.log');
    const { logger } = parts;
    const onInput = (input: Input): void => this.#input(input);
    this.#doors = new Doors({ stopLog, logger, onInput }, receiver);
    const closeLog = join(conf.daemon.state_dir, 'fwknop-closes.log');
    this.#fwknop = new FwknopEdge({ closeLog, dryRun: conf.daemon.firewall === 'dry-run', logger, onInput });
    this.#connections = new ConnectionWatch({ logger, onInput });
    const { closesLeft: closes } = this.#fwknop;
    this.#waiting.push({ kind: 'start', grants: log.grants, cuts: log.cuts }, { kind: 'closes-left', closes });
  }

  /** Runs until {@link Daemon.stop}. Throws FirewallError where the guard cannot be set up in the first place. */
  async run(): Promise<void> {
    await this.#pump();
    if (this.#firewallFault !== '') throw new Error('spad does not start without its guard');
    const finished = new Promise<void>((resolve) => {
      this.#finish = resolve;
    });
    this.#connections.prepare(holdersOf(this.#parts.configuration.policy));
    this.#receiver.start();
    this.#doors.start(this.#parts.configuration.policy.doors);
    this.#timers.push(setInterval(() => this.#input({ kind: this.#sleep.hasSlept() ? 'woke' : 'tick' }), TICK_MS));
    this.#timers.push(setInterval(() => void this.#repair(), TICK_MS));
    await finished;
  }

  /** Ends in order: no more packets, what waits is done, files closed. The guard stays, and grants end on time. */
  async stop(): Promise<void> {
    if (this.#stopping) return;
    this.#stopping = true;
    for (const timer of this.#timers) clearInterval(timer);
    this.#receiver.stop();
    this.#doors.stop();
    this.#waiting.push({ kind: 'stop' });
    await this.#pump();
    await Promise.all([this.#doors.finish(), this.#fwknop.finish()]);
    this.#memory.replay.close();
    this.#memory.codes.close();
    this.#grants.close();
    this.#audit.close();
    this.#finish?.();
  }

  /** Reads the configuration anew. A bad one leaves everything as it is and says so. */
  reload(): void {
    // Not before what is under way has been done: a one-time sequence that is just being used must not be read again.
    void (this.#pumping ?? Promise.resolve()).then(() => this.#reread());
  }

  #reread(): void {
    if (this.#stopping) return;
    const { logger, source } = this.#parts;
    const { configuration, issues } = source.load();
    for (const issue of issues) logger.warn(describeIssue(issue));
    if (configuration === undefined) {
      logger.error(`${source.shown} has errors; the old policy stands`);
      this.#input({ kind: 'reload-failed', message: issues.map(describeIssue).join('; ') });
      return;
    }
    this.#reopenAudit();
    this.#warnOfRestart(configuration);
    this.#input({ kind: 'reload', policy: configuration.policy });
    this.#connections.prepare(holdersOf(configuration.policy));
    this.#receiver.replace(configuration.receiver);
    this.#doors.replace(configuration.policy.doors, configuration.receiver);
    logger.info(`${source.shown} read again: ${countOf(clientCount(configuration.policy), 'client')}`);
  }

  /** Writes the counters into the audit log now. */
  report(): void {
    this.#input({ kind: 'report' });
  }

  #reopenAudit(): void {
    try {
      this.#audit.reopen();
    } catch (error) {
      this.#parts.logger.error(
        `the audit log stays where it was: ${error instanceof Error ? error.message : String(error)}`,
      );
    }
  }

  #warnOfRestart(next: Configuration): void {
    const now = this.#parts.configuration.conf.daemon;
    for (const key of ['firewall', 'state_dir', 'audit_log', 'max_grants'] as const) {
      if (next.conf.daemon[key] !== now[key])
        this.#parts.logger.warn(`"${key}" takes effect only when spad is started anew`);
    }
  }

  #hear(message: Handoff): void {
    if (message.kind === 'candidate') this.#input({ kind: 'candidate', candidate: message.candidate });
    else if (message.kind === 'fwknop-candidate')
      this.#input({ kind: 'fwknop-candidate', candidate: message.candidate });
    else if (message.kind === 'counts') this.#input({ kind: 'counted', counts: message.counts });
    else if (message.kind === 'done') void this.#endOfFile();
  }

  /** What has been read may have raised a question, and its answer another one. */
  async #endOfFile(): Promise<void> {
    for (let round = 0; round < 2; round += 1) {
      await this.#pump();
      await this.#fwknop.idle();
    }
    await this.stop();
  }

  #announce(description: string): void {
    const { logger, firewall, configuration } = this.#parts;
    const clients = countOf(clientCount(configuration.policy), 'client');
    if (this.#announced) logger.info(`capturing again on ${description}`);
    else
      logger.info(
        `ready: capturing on ${description}, UDP port ${String(configuration.conf.daemon.port)}, ${clients}, ${firewall.description}`,
      );
    this.#announced = true;
  }

  #input(input: Input): void {
    if (this.#stopping) return;
    this.#waiting.push(input);
    if (this.#waiting.length > MAX_WAITING) this.#shed();
    void this.#pump();
  }

  /** Lets go of the oldest packets; whatever else waits is rare and stays. */
  #shed(): void {
    const oldest = this.#waiting.findIndex(
      ({ kind }) => kind === 'candidate' || kind === 'fwknop-candidate' || kind === 'knock',
    );
    if (oldest < 0) return;
    this.#waiting.splice(oldest, 1);
    this.#waiting.push({ kind: 'counted', counts: { shed: 1 } });
  }

  /** Works through what waits, a batch at a time; what comes meanwhile is the next batch. */
  #pump(): Promise<void> {
    if (this.#pumping === undefined && this.#waiting.length > 0) this.#pumping = this.#drain();
    return this.#pumping ?? Promise.resolve();
  }

  async #drain(): Promise<void> {
    try {
      while (this.#waiting.length > 0) {
        const batch = this.#waiting;
        this.#waiting = [];
        await this.#perform(batch.flatMap((input) => this.#engine.handle(input, this.#momentOf(input))));
      }
    } finally {
      // In the same breath as the last look at what waits, so that nothing is left waiting for the next one.
      this.#pumping = undefined;
    }
  }

  /** Now; only what comes out of a capture file is judged as of the time at which it was captured. */
  #momentOf(input: Input): Moment {
    const now = readClock();
    const isReplayed =
      (input.kind === 'candidate' || input.kind === 'fwknop-candidate') &&
      this.#parts.configuration.receiver.capture === 'file';
    return isReplayed ? { ...now, wall: input.candidate.captured } : now;
  }

  async #perform(decisions: readonly Decision[]): Promise<void> {
    const parts = {
      replay: this.#memory.replay,
      codes: this.#memory.codes,
      firewall: this.#parts.firewall,
      grants: this.#grants,
      audit: this.#audit,
      doors: this.#doors,
      fwknop: this.#fwknop,
      connections: this.#connections,
      grantEvents: () => this.#engine.logEvents(),
    };
    const failures = await perform(decisions, parts);
    // Last first, so that steps are taken back in the order opposite to theirs.
    for (const failure of [...failures].reverse()) {
      const { effect, message } = failure;
      if (effect.kind === 'synchronize-firewall') this.#firewallFault = message;
      this.#troubles.tell(`${FAILED_TO[effect.kind]}: ${message}`);
      await perform(this.#engine.handle({ kind: 'effect-failed', failure }, readClock()), parts);
    }
  }

  /** Holds the firewall against what it ought to show. A fault is told once, and again only when it has changed. */
  async #repair(): Promise<void> {
    if (this.#repairing) return;
    this.#repairing = true;
    try {
      // Between two batches, so that a change under way is not taken for somebody else's.
      await this.#pumping;
      if (await this.#parts.firewall.repair()) {
        this.#parts.logger.warn('somebody changed what spad has in the firewall; it is right again');
        this.#input({ kind: 'firewall-repaired' });
      }
      this.#firewallFault = '';
    } catch (error) {
      const fault = error instanceof Error ? error.message : String(error);
      if (fault !== this.#firewallFault)
        this.#parts.logger.error(`the firewall cannot be repaired: ${fault}; trying again until it works`);
      this.#firewallFault = fault;
    } finally {
      this.#repairing = false;
    }
  }
}
