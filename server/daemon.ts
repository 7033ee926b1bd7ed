/** The running daemon: inputs go into the engine, what it decides is done, what failed goes back in. */
import { join } from 'node:path';
import { type SteadyMs, steadyMs } from '../src/base/units.ts';
import { type BackendName, BACKENDS, closesPorts } from '../src/firewall/backends.ts';
import type { PortSpec } from '../src/base/port-spec.ts';
import type { Decision } from '../src/engine/effect.ts';
import type { ReloadOutcome } from '../src/control/status.ts';
import type { Engine } from '../src/engine/engine.ts';
import { holdersOf } from '../src/engine/holders.ts';
import type { Handoff } from '../src/engine/handoff.ts';
import type { Input } from '../src/engine/input.ts';
import { announcer, type AnnouncerParts } from './announcer.ts';
import { readClock } from './clock.ts';
import { CONTROL_SOCKET } from './control/client.ts';
import { Operator } from './control/operator.ts';
import { establishedAt } from './control/sockets.ts';
import { Delays } from './delays.ts';
import { type Edges, openEdges } from './edges.ts';
import type { OwnSteps } from './firewall/generation.ts';
import { adoptConnections } from './firewall/adoption.ts';
import type { ConfigurationSource } from './load-config.ts';
import { MetricsFile } from './log/metrics-file.ts';
import { momentOf } from './moment-of.ts';
import { openEngine } from './open-engine.ts';
import { type OpenState, openState } from './open-state.ts';
import { perform } from './perform.ts';
import type { ReceiverLauncher } from './receiver-process.ts';
import { ReceiverSource } from './receiver-source.ts';
import { Rehearsal } from './rehearsal.ts';
import { reloadConfiguration, reopenAudit } from './reloader.ts';
import { Repairer } from './repairer.ts';
import { SieveLanes } from './sieve/lanes.ts';
import { SleepWatch } from './sleep-watch.ts';
import { StatusKeeper } from './status-keeper.ts';
import { Troubles } from './troubles.ts';
import { Work } from './work.ts';

const TICK_MS = 500;

export interface DaemonParts extends AnnouncerParts {
  /** For reloading. */
  readonly source: ConfigurationSource;
  readonly firewallName: BackendName;
  readonly launch: ReceiverLauncher;
  /** Counts the transactions that the daemon makes beside those of `firewall`. */
  readonly steps: OwnSteps;
  readonly version: string;
}

/** How it ended: as it was told to, or because nobody has confirmed the guard. */
export type DaemonEnd = 'stopped' | 'unconfirmed';

export class Daemon {
  readonly #parts: DaemonParts;
  readonly #engine: Engine;
  readonly #state: OpenState;
  readonly #lanes: SieveLanes;
  readonly #receiver: ReceiverSource;
  readonly #edges: Edges;
  readonly #sleep = new SleepWatch();
  readonly #repairer: Repairer;
  readonly #operator: Operator;
  readonly #troubles: Troubles;
  readonly #work: Work;
  readonly #delays = new Delays();
  readonly #status: StatusKeeper;
  #rehearsal: Rehearsal | undefined;
  #tick: NodeJS.Timeout | undefined;
  #stopping = false;
  readonly #guardEnds: SteadyMs | undefined;
  #end: DaemonEnd = 'stopped';
  #finish: ((end: DaemonEnd) => void) | undefined;

  /** Opens the state files. Throws the system's error where one cannot be. */
  constructor(parts: DaemonParts) {
    this.#parts = parts;
    const { configuration, firewall, logger, confirm } = parts;
    const { conf, receiver } = configuration;
    const now = readClock();
    this.#troubles = new Troubles((text) => logger.error(text));
    this.#state = openState(configuration, now.wall, logger);
    this.#engine = openEngine(configuration, this.#state, firewall, logger);
    const announce = announcer(parts);
    const onInput = (input: Input): void => this.#input(input);
    const dryRun = parts.firewallName === 'dry-run';
    this.#lanes = new SieveLanes({
      ...{ logger, now: readClock, steps: parts.steps, dryRun },
      onDropped: (sieved) => this.#work.add({ kind: 'counted', counts: { sieved } }),
    });
    this.#receiver = new ReceiverSource(receiver, {
      ...{ logger, launch: parts.launch, lanes: this.#lanes },
      onMessage: (message) => this.#hear(message),
      onReady: (on) => {
        announce(on);
        this.#status.captures(on);
        this.#rehearse();
      },
    });
    this.#edges = openEdges(parts, dryRun, this.#receiver, onInput);
    this.#work = new Work({
      decide: (input) => this.#engine.handle(input, momentOf(input, receiver.capture === 'file')),
      perform: (decisions) => this.#perform(decisions),
      onHeld: (ms) => this.#delays.record(ms),
      // Nothing of a file is let go.
      ...(receiver.capture === 'file' ? { room: Infinity } : {}),
    });
    this.#repairer = new Repairer({
      firewall,
      logger,
      settled: () => this.#work.changed(),
      onRepaired: () => onInput({ kind: 'firewall-repaired' }),
    });
    this.#status = new StatusKeeper({
      ...{ version: parts.version, via: firewall.description, now: readClock, floor: this.#state.cache.floor },
      ...{ engine: this.#engine, receiver: this.#receiver, delays: this.#delays, audit: this.#state.audit },
      ...{ repairer: this.#repairer, file: new MetricsFile(conf.daemon, logger) },
    });
    this.#operator = this.#newOperator(join(conf.daemon.state_dir, CONTROL_SOCKET));
    this.#guardEnds = confirm === undefined ? undefined : steadyMs(now.steady + confirm * 1000);
  }

  /** Runs until it ends. Throws FirewallError where the guard cannot be set up in the first place. */
  async run(): Promise<DaemonEnd> {
    this.#work.add({ kind: 'start', ...this.#state.left, guardEnds: this.#guardEnds });
    this.#work.add({ kind: 'closes-left', closes: this.#edges.fwknop.closesLeft });
    await this.#work.settle();
    if (this.#repairer.fault !== '' && BACKENDS[this.#parts.firewallName].guards)
      throw new Error('spad does not start without its guard');
    const finished = new Promise<DaemonEnd>((resolve) => {
      this.#finish = resolve;
    });
    await this.#operator.open(this.#parts.confirm !== undefined);
    if (this.#stopping) return finished;
    this.#edges.connections.prepare(holdersOf(this.#parts.configuration.policy));
    this.#receiver.start();
    this.#edges.doors.start(this.#parts.configuration.policy.doors);
    this.#tick = setInterval(() => this.#beat(), TICK_MS);
    return finished;
  }

  /** Once, when packets can come. Without it they are only slower. */
  #rehearse(): void {
    if (this.#rehearsal !== undefined || this.#stopping) return;
    this.#rehearsal = new Rehearsal(() => this.#work.isBusy);
    this.#rehearsal.start();
  }

  /** All that is done again and again, in one go: waking up costs more than any of it. */
  #beat(): void {
    this.#input({ kind: this.#sleep.hasSlept() ? 'woke' : 'tick' });
    this.#repairer.glance();
    this.#status.glance();
  }

  /** Ends in order: no more packets, what waits is done, files closed. The guard stays, and grants end on time. */
  async stop(): Promise<void> {
    if (this.#stopping) return;
    this.#stopping = true;
    this.#parts.service.stopping();
    clearInterval(this.#tick);
    this.#rehearsal?.stop();
    this.#repairer.stop();
    this.#lanes.count();
    const received = this.#receiver.stop();
    this.#edges.doors.stop();
    this.#work.add({ kind: 'stop' });
    await this.#work.settle();
    this.#operator.close();
    await this.#stopFirewall();
    await Promise.all([received, this.#edges.doors.finish(), this.#edges.fwknop.finish()]);
    this.#edges.replies.close();
    this.#state.close();
    this.#finish?.(this.#end);
  }

  /** Where nobody ends in its absence what is open, that is closed. */
  async #stopFirewall(): Promise<void> {
    try {
      await this.#parts.firewall.stop();
    } catch (error) {
      this.#parts.logger.error(error instanceof Error ? error.message : String(error));
    }
  }

  /** Reads the configuration anew. A bad one leaves everything as it is and says so. */
  reload(): void {
    void this.#reload(undefined);
  }

  /** Settles when it has been read; the effect `answer` with this id tells when what it says holds. */
  #reload(id: string | undefined): Promise<ReloadOutcome> {
    // Not before what is under way has been done: a one-time sequence that is just being used must not be read again.
    return new Promise((resolve) => {
      this.#work.between(() => {
        if (!this.#stopping) resolve(this.#reread(id));
      });
    });
  }

  #reread(id: string | undefined): ReloadOutcome {
    const { audit } = this.#state;
    const outcome = reloadConfiguration({
      ...{ ...this.#parts, audit, policy: this.#engine.policy },
      onBad: (message) => this.#input({ kind: 'reload-failed', message, id }),
      onNew: ({ policy, receiver }) => {
        this.#input({ kind: 'reload', policy, id });
        this.#edges.connections.prepare(holdersOf(policy));
        this.#receiver.replace(receiver);
        this.#edges.doors.replace(policy.doors, receiver);
      },
    });
    this.#status.reloaded(outcome);
    return outcome;
  }

  /** Begins a new audit file where the old one was moved away. */
  reopen(): void {
    reopenAudit({ ...this.#parts, audit: this.#state.audit });
  }

  /** Writes the counters into the audit log now. */
  report(): void {
    this.#lanes.count();
    this.#input({ kind: 'report' });
  }

  #newOperator(path: string): Operator {
    const { firewall, logger } = this.#parts;
    return new Operator(path, {
      ...{ now: readClock, via: firewall.description, look: () => this.#repairer.look() },
      ...{ known: () => this.#repairer.known, rates: () => this.#status.rates() },
      ...{ grants: () => this.#engine.grants(), guardEnds: () => this.#engine.facts().guardEnds },
      status: (state) => this.#status.show(state),
      metrics: (state) => this.#status.metrics(state),
      onInput: (input) => this.#input(input),
      reload: (id) => this.#reload(id),
      onTrouble: (message) => logger.error(message),
    });
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
      await this.#work.settle();
      await this.#edges.fwknop.idle();
    }
    await this.stop();
  }

  #input(input: Input): void {
    if (this.#stopping) return;
    this.#work.add(input);
  }

  async #perform(decisions: readonly Decision[]): Promise<void> {
    const { replay, codes, grants, audit } = this.#state;
    const trial = this.#operator.trial(() => this.#giveUp());
    // Where nothing is really guarded, nothing in the kernel is touched.
    const guards = closesPorts(this.#parts.firewallName);
    const parts = {
      adopt: (ports: readonly PortSpec[]) => adoptConnections(guards ? establishedAt(ports) : []),
      ...{ replay, codes, grants, trial, firewall: this.#parts.firewall, delay: () => this.#delays.take() },
      ...{ ...this.#edges, audit: this.#operator.overheard(audit) },
      grantEvents: () => this.#engine.logEvents(),
    };
    const failures = await perform(decisions, parts);
    // Last first, so that steps are taken back in the order opposite to theirs.
    for (const failure of [...failures].reverse()) {
      const { effect, message } = failure;
      if (effect.kind === 'synchronize-firewall') this.#repairer.note(message);
      this.#troubles.tell(failure);
      await perform(this.#engine.handle({ kind: 'effect-failed', failure }, readClock()), parts);
    }
  }

  #giveUp(): void {
    this.#parts.logger.error(
      'nobody has confirmed the guard in time: it is taken back, ports are as open as other rules leave them, and spad ends',
    );
    this.#end = 'unconfirmed';
    this.#repairer.stop();
    // Not waited for: this is one of the steps that an orderly end waits for.
    void this.stop();
  }
}
