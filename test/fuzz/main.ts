/**
 * `npm run fuzz -- TARGET [SECONDS]`: feeds a decoder, or `all` one after the other, guided by what its inputs do. Lists the
 * targets without one. Fails with 1 where something was found.
 */
import { parseArgs } from 'node:util';
import { isMainThread, Worker } from 'node:worker_threads';
import type { Finding } from './fuzzer.ts';
import { Current, type Job, type Outcome, type Report } from './job.ts';
import { plantedTargets } from './planted.ts';
import { serve } from './runner.ts';
import { Store } from './store.ts';
import { targets } from './targets.ts';

/** A single run this long does not end: it would already be a finding at a tenth of it. */
const HANG_MS = 10_000;
const HANG = `ran for ${String(HANG_MS / 1000)} s without an end`;
const WATCH_MS = 250;

interface Answer {
  readonly outcome: Outcome;
  readonly findings: readonly Finding[];
}

/** Calls `onHang` once the same run has been going on for too long; gives back how to end the watch. */
const watch = (current: Current, onHang: () => void): (() => void) => {
  let [runs, since] = [current.runs, performance.now()];
  const timer = setInterval(() => {
    const now = current.runs;
    if (now !== runs || now === 0) [runs, since] = [now, performance.now()];
    else if (performance.now() - since > HANG_MS) onHang();
  }, WATCH_MS);
  return () => clearInterval(timer);
};

/** A thread that runs decoders: this file again, as it was bundled. */
class Thread {
  readonly current = new Current();
  onReport: (report: Report) => void = () => undefined;
  onError: (error: Error) => void = () => undefined;
  private readonly worker = new Worker(process.argv[1] ?? '', { workerData: this.current.memory });

  constructor() {
    this.worker.on('message', (report: Report) => this.onReport(report));
    this.worker.on('error', (error: Error) => this.onError(error));
  }

  ask(job: Job): void {
    this.worker.postMessage(job);
  }

  async end(): Promise<void> {
    await this.worker.terminate();
  }
}

/** Runs jobs one after the other, in another thread after a run that has to be ended. */
class Runners {
  private thread: Thread | undefined;

  run(job: Job): Promise<Answer> {
    const thread = (this.thread ??= new Thread());
    const findings: Finding[] = [];
    const [before, start] = [thread.current.runs, performance.now()];
    return new Promise((resolve, reject) => {
      const unwatch = watch(thread.current, () => {
        unwatch();
        this.thread = undefined;
        void thread.end();
        const executions = thread.current.runs - before;
        const hang = { input: thread.current.input, complaint: HANG, after: executions };
        if (job.folder !== undefined) new Store(job.folder, job.target).report(hang);
        const outcome = { executions, milliseconds: performance.now() - start, edges: 0, corpus: 0 };
        resolve({ outcome, findings: [...findings, hang] });
      });
      thread.onReport = (report) => {
        if (report.kind === 'finding') return void findings.push(report.finding);
        unwatch();
        resolve({ outcome: report.outcome, findings });
      };
      thread.onError = reject;
      thread.ask(job);
    });
  }

  async end(): Promise<void> {
    await this.thread?.end();
  }
}

const show = (name: string, seed: number, { outcome, findings }: Answer): void => {
  const { executions, milliseconds, edges, corpus } = outcome;
  for (const { input, complaint, after } of findings) {
    const hex = Buffer.from(input).toString('hex');
    process.stdout.write(`✗ ${name} ${complaint}\n  input: ${hex}\n  after: ${String(after)} executions\n`);
  }
  const each = Math.round(executions / (Math.max(1, milliseconds) / 1000));
  process.stdout.write(
    `${name}: ${String(executions)} executions, ${String(each)}/s, ${String(edges)} edges, corpus ${String(corpus)}, ` +
      `${String(findings.length)} findings, seed ${String(seed)}\n`,
  );
};

const OPTIONS = {
  executions: { type: 'string', default: 'Infinity' },
  seed: { type: 'string', default: String(Date.now() >>> 0) },
  folder: { type: 'string', default: 'build/fuzz' },
  /** Reads and writes nothing. */
  fresh: { type: 'boolean', default: false },
  blind: { type: 'boolean', default: false },
} as const;

const main = async (): Promise<void> => {
  const { values, positionals } = parseArgs({ options: OPTIONS, allowPositionals: true });
  const [name = '', seconds = '10'] = positionals;
  const known = targets.map((target) => target.name);
  const named = [...known, ...plantedTargets.map((target) => target.name)].filter((one) => one === name);
  const chosen = name === 'all' ? known : named;
  if (chosen.length === 0) {
    process.stderr.write(`usage: npm run fuzz -- TARGET [SECONDS], where TARGET is all, ${known.join(', ')}\n`);
    process.exitCode = 2;
  }
  const [seed, executions] = [Number(values.seed), Number(values.executions)];
  const shared = { seed, executions, milliseconds: 1000 * Number(seconds), guided: !values.blind };
  const runners = new Runners();
  for (const target of chosen) {
    const answer = await runners.run({ ...shared, target, folder: values.fresh ? undefined : values.folder });
    show(target, seed, answer);
    if (answer.findings.length > 0) process.exitCode = 1;
  }
  await runners.end();
};

if (isMainThread) await main();
else serve();
