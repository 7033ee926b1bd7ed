/** What stays of a run: a folder for each target, with the inputs that did something new, and the findings. */
import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Finding } from './fuzzer.ts';

const nameOf = (input: Uint8Array): string => createHash('sha256').update(input).digest('hex').slice(0, 16);

export class Store {
  private readonly corpus: string;
  private readonly findings: string;

  /** Makes `folder/target` where it is missing. */
  constructor(folder: string, target: string) {
    this.corpus = join(folder, target, 'corpus');
    this.findings = join(folder, target, 'findings');
    mkdirSync(this.corpus, { recursive: true });
  }

  inputs(): Uint8Array[] {
    return readdirSync(this.corpus).map((name) => Uint8Array.from(readFileSync(join(this.corpus, name))));
  }

  keep(input: Uint8Array): void {
    writeFileSync(join(this.corpus, nameOf(input)), input);
  }

  drop(input: Uint8Array): void {
    rmSync(join(this.corpus, nameOf(input)), { force: true });
  }

  /** The input, and beside it what it does. */
  report({ input, complaint }: Finding): void {
    mkdirSync(this.findings, { recursive: true });
    const file = join(this.findings, nameOf(input));
    writeFileSync(file, input);
    writeFileSync(`${file}.txt`, `${complaint}\n${Buffer.from(input).toString('hex')}\n`);
  }
}
