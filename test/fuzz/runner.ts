/** The thread that runs decoders. */
import { parentPort, workerData } from 'node:worker_threads';
import { Fuzzer } from './fuzzer.ts';
import { Current, type Job, type Report } from './job.ts';
import { keptInputs } from './kept.ts';
import { plantedTargets } from './planted.ts';
import { Store } from './store.ts';
import { type Target, targets } from './targets.ts';

const say = (report: Report): void => parentPort?.postMessage(report);

const targetOf = (name: string): Target => {
  const found = [...targets, ...plantedTargets].find((target) => target.name === name);
  if (found === undefined) throw new Error(`no target ${name}`);
  return { ...found, seeds: [...keptInputs(name), ...found.seeds] };
};

const run = (job: Job, current: Current): void => {
  const store = job.folder === undefined ? undefined : new Store(job.folder, job.target);
  const fuzzer = new Fuzzer(targetOf(job.target), {
    ...{ seed: job.seed, guided: job.guided },
    announce: (input) => current.set(input),
    onInput: (input) => store?.keep(input),
    onFinding: (finding) => {
      store?.report(finding);
      say({ kind: 'finding', finding });
    },
  });
  const start = performance.now();
  const isOver = (): boolean =>
    fuzzer.isOver() || fuzzer.executions >= job.executions || performance.now() - start >= job.milliseconds;
  for (const idle of fuzzer.begin(store?.inputs() ?? [])) store?.drop(idle);
  while (!isOver()) fuzzer.step(isOver);
  const { executions, corpus } = fuzzer;
  const milliseconds = performance.now() - start;
  say({ kind: 'done', outcome: { executions, milliseconds, edges: corpus.edges, corpus: corpus.entries.length } });
};

/** Runs what the watching thread asks for. */
export const serve = (): void => {
  const current = new Current(workerData as SharedArrayBuffer);
  parentPort?.on('message', (job: Job) => run(job, current));
};
