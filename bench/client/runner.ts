/**
 * Runs in the client's namespace, so that no program's time has the entering of it in: `node runner.js COUNT`, on standard
 * input a JSON list of commands. Each is run COUNT times to its end, in turns, after one run that is not counted, and the
 * milliseconds of each are printed as JSON.
 */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

const [count = '1'] = process.argv.slice(2);
const commands = JSON.parse(readFileSync(0, 'utf8')) as readonly (readonly string[])[];

const times = commands.map((): number[] => []);
for (let round = -1; round < Number(count); round++) {
  for (const [index, [file = '', ...words]] of commands.entries()) {
    const begin = performance.now();
    const { status, stderr } = spawnSync(file, words, { stdio: ['ignore', 'ignore', 'pipe'] });
    const passed = performance.now() - begin;
    if (status !== 0) throw new Error(`${file} ended with ${String(status)}: ${stderr.toString('utf8')}`);
    if (round >= 0) times[index]?.push(passed);
  }
}
process.stdout.write(`${JSON.stringify(times)}\n`);
