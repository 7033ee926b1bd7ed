/**
 * `npm run fuzz -- TARGET [SECONDS]`: feeds a decoder, or `all` one after the other, guided by what its inputs do. Lists the
 * targets without one. Fails with 1 where something was found.
 */
import { parseArgs } from 'node:util';
import { isMainThread, Worker } from 'node:worker_threads';
import type { Finding } from './fuzzer.ts';
import { Current, type Job, type Outcome, type Report } from './job.ts';
import { plantedTargets } from './planted.ts';
import { type RunnerData, serve } from './runner.ts';
import { Store } from './store.ts';
import { targets } from './targets.ts';

/** A single run this long does not end: it would already be a finding at a tenth of it. */
const HANG_MS = 10_000;
const WATCH_MS = 250;
const NOTHING: Outcome = { executions: 0, milliseconds: 0, edges: 0, corpus: 0 };

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

const runJob = (job: Job): Promise<Answer> =>
  new Promise((resolve, reject) => {
    const current = new Current();
    const data: RunnerData = { memory: current.memory, job };
    // This file, as it was bundled.
    const worker = new Worker(process.argv[1] ?? '', { workerData: data });
    const findings: Finding[] = [];
    const start = performance.now();
    let outcome = NOTHING;
    const unwatch = watch(current, () => {
      const complaint = `ran for ${String(HANG_MS / 1000)} s without an end`;
      const hang = { input: current.input, complaint, after: current.runs };
      findings.push(hang);
      if (job.folder !== undefined) new Store(job.folder, job.target).report(hang);
      outcome = { ...NOTHING, executions: current.runs, milliseconds: performance.now() - start };
      void worker.terminate();
    });
    worker.on('message', (report: Report) => {
      if (report.kind === 'finding') findings.push(report.finding);
      else outcome = report.outcome;
    });
    worker.on('error', reject);
    worker.on('exit', () => {
      unwatch();
      resolve({ outcome, findings });
    });
  });

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
  const chosen =
    name === 'all' ? known : [...known, ...plantedTargets.map((target) => target.name)].filter((one) => one === name);
  if (chosen.length === 0)
    throw new Error(`usage: npm run fuzz -- TARGET [SECONDS], where TARGET is all, ${known.join(', ')}`);
  const [seed, executions] = [Number(values.seed), Number(values.executions)];
  for (const target of chosen) {
    const folder = values.fresh ? undefined : values.folder;
    const answer = await runJob({
      target,
      seed,
      executions,
      folder,
      milliseconds: 1000 * Number(seconds),
      guided: !values.blind,
    });
    show(target, seed, answer);
    if (answer.findings.length > 0) process.exitCode = 1;
  }
};

if (isMainThread) await main();
else serve();
