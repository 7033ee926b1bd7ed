/** Sends datagrams from one host, by a program that stays: a new one each time would cost more than all the rest. */
import { fileURLToPath } from 'node:url';
import type { Host } from '../../../support/host.ts';
import type { LabProcess } from '../../../support/lab-process.ts';

const PROGRAM = fileURLToPath(new URL('send.py', import.meta.url));

export class Sender {
  private readonly host: Host;
  private child: LabProcess | undefined;

  constructor(host: Host) {
    this.host = host;
  }

  /** Sends them in their order, with a pause of 20 ms after every 64. */
  async send(address: string, port: number, datagrams: readonly (string | Uint8Array)[]): Promise<void> {
    this.child ??= this.host.spawn('python3', [PROGRAM]);
    const hex = (one: string | Uint8Array): string =>
      (typeof one === 'string' ? Buffer.from(one, 'latin1') : Buffer.from(one)).toString('hex');
    const from = this.child.mark();
    this.child.write(`${datagrams.map((one) => `${address} ${port} ${hex(one)}\n`).join('')}\n`);
    await this.child.waitForLine(/^sent$/, 60_000, from);
  }
}
