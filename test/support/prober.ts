/**
 * Somebody on a host who asks again and again: one program for as many questions as come, so that asking ten times a
 * second from many addresses costs little.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Host } from './host.ts';
import type { LabProcess } from './lab-process.ts';
import { builtFile } from './paths.ts';
import type { Errand, Outcome } from './probe-program.ts';

/** Who asks whom, and how. */
export interface Question {
  /** An address of the prober's host. */
  readonly from: string;
  readonly address: string;
  readonly port: number;
  /** tcp unless told. */
  readonly protocol?: 'tcp' | 'udp';
}

export interface Sample {
  readonly answer: string;
  /** When it was asked, Unix time in ms. */
  readonly began: number;
}

type Unnumbered = Errand extends infer E ? (E extends Errand ? Omit<E, 'id'> : never) : never;

/** Less than the second after which the kernel sends its first SYN again. */
const PATIENCE_MS = 900;

export class Prober {
  private readonly child: LabProcess;
  private count = 0;

  private constructor(child: LabProcess) {
    this.child = child;
  }

  static async start(host: Host): Promise<Prober> {
    const child = host.spawn(process.execPath, [builtFile('test/support/probe-program.js')]);
    await child.waitForLine(/^ready$/);
    return new Prober(child);
  }

  /** What is answered: the service's words, `silent` or `refused`. @throws Error for trouble that no firewall makes. */
  async ask(question: Question, patience = PATIENCE_MS): Promise<string> {
    return (await this.sample(question, patience)).answer;
  }

  /** As `ask`, with the time of asking. */
  sample({ protocol = 'tcp', ...to }: Question, patience = PATIENCE_MS): Promise<Sample> {
    return this.send({ kind: protocol, ...to, patience });
  }

  /** Asks every `every` milliseconds until `end` (Unix time in ms), and gives all answers in the order of asking. */
  async watch(question: Question, end: number, every = 100): Promise<readonly Sample[]> {
    const samples: Promise<Sample>[] = [];
    while (Date.now() < end) {
      samples.push(this.sample(question));
      await sleep(every);
    }
    return Promise.all(samples);
  }

  /** Sends bytes as one datagram. */
  async sendTo(to: Omit<Question, 'protocol'>, bytes: Uint8Array): Promise<void> {
    const { answer } = await this.send({ kind: 'send', ...to, hex: Buffer.from(bytes).toString('hex') });
    if (answer !== 'sent') throw new Error(`a datagram for ${to.address} was not sent: ${answer}`);
  }

  /**
   * Opens a connection to an echoing service and keeps it. The function that comes back says whether it still carries words.
   * @throws Error when the port is not open.
   */
  async hold(to: Omit<Question, 'protocol'>): Promise<() => Promise<boolean>> {
    const over = this.count + 1;
    const { answer } = await this.send({ kind: 'hold', ...to, patience: PATIENCE_MS });
    if (!answer.includes('sees')) throw new Error(`no connection to ${to.address} port ${to.port}: ${answer}`);
    let words = 0;
    return async () => {
      words += 1;
      const word = `word ${words}`;
      // Longer than TCP takes to send a lost segment again.
      return (await this.send({ kind: 'echo', over, word, patience: 3000 })).answer === word;
    };
  }

  private async send(errand: Unnumbered): Promise<Sample> {
    this.count += 1;
    const id = this.count;
    const answered = this.child.waitForLine(new RegExp(`^\\{"id":${id},.*\\}$`), 30_000, this.child.mark());
    this.child.write(`${JSON.stringify({ id, ...errand })}\n`);
    const [line] = await answered;
    const { answer, began } = JSON.parse(line) as Outcome;
    if (answer.startsWith('error')) throw new Error(`${this.child.title}: ${JSON.stringify(errand)}: ${answer}`);
    return { answer, began };
  }
}
