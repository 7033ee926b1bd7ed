/** The bench's sender of honest packets tells of each what became of it, however long it goes on sending. */
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { compileProgram } from '../../bench/flood/native.ts';
import { LabProcess, runToEnd } from '../support/lab-process.ts';

/** Sixty packets take more than twice as long as the sender waits for one of them: 0.1 s, and a second for its echo. */
const PACKETS = 60;
const GAP_MS = 40;
const TIMEOUT_MS = 100;

test('packets that have opened their port stay opened while later ones are sent; nothing but silence is lost', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'spad-honest-'));
  const [spa, service, silent] = [createSocket('udp4'), createSocket('udp4'), createSocket('udp4')];
  try {
    const program = compileProgram(folder, 'honest-sender');
    for (const socket of [spa, service, silent]) {
      socket.bind(0, '127.0.0.1');
      await once(socket, 'listening');
    }
    service.on('message', (message, from) => {
      service.send(message, from.port, from.address);
    });
    const answers = (index: number): boolean => index % 10 !== 3;
    const portOf = (index: number): number => (answers(index) ? service : silent).address().port;
    const input = Array.from({ length: PACKETS }, (_, index) => `${String(portOf(index))} 00\n`).join('');
    const words = ['-d', '127.0.0.1', '-p', String(spa.address().port), '-g', String(GAP_MS), '-t', String(TIMEOUT_MS)];
    const { stdout } = await runToEnd(new LabProcess(program, words, 'honest-sender'), { input, timeoutMs: 20_000 });
    const told = stdout.trim().split('\n');
    expect(told.map((line) => line.replace(/[0-9]+/, 'N'))).toEqual(
      Array.from({ length: PACKETS }, (_, index) => (answers(index) ? 'opened N' : 'lost')),
    );
  } finally {
    for (const socket of [spa, service, silent]) socket.close();
    rmSync(folder, { recursive: true });
  }
});
