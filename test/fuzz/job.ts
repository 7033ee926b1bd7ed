/** What the two threads say to each other: one runs decoders, the other one watches it. */
import type { Finding } from './fuzzer.ts';

/** How one target is run. */
export interface Job {
  readonly target: string;
  readonly seed: number;
  /** Whichever ends first, in milliseconds and runs. */
  readonly milliseconds: number;
  readonly executions: number;
  readonly guided: boolean;
  /** Where corpus and findings are kept; nowhere, and nothing is read, without it. */
  readonly folder: string | undefined;
}

/** What came of it, the findings aside. */
export interface Outcome {
  readonly executions: number;
  readonly milliseconds: number;
  readonly edges: number;
  readonly corpus: number;
}

export type Report =
  { readonly kind: 'finding'; readonly finding: Finding } | { readonly kind: 'done'; readonly outcome: Outcome };

const LONGEST_SHARED = 1 << 16;

/** The input that is being run, so that it is known even if its run never ends. */
export class Current {
  readonly memory: SharedArrayBuffer;
  private readonly numbers: Int32Array;
  private readonly bytes: Uint8Array;

  constructor(memory = new SharedArrayBuffer(8 + LONGEST_SHARED)) {
    this.memory = memory;
    this.numbers = new Int32Array(memory, 0, 2);
    this.bytes = new Uint8Array(memory, 8);
  }

  set(input: Uint8Array): void {
    this.bytes.set(input.subarray(0, LONGEST_SHARED));
    this.numbers[1] = Math.min(input.length, LONGEST_SHARED);
    Atomics.add(this.numbers, 0, 1);
  }

  /** Changes with each run. */
  get runs(): number {
    return Atomics.load(this.numbers, 0);
  }

  get input(): Uint8Array {
    return this.bytes.slice(0, this.numbers[1]);
  }
}
