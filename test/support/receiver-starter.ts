/**
 * In the place of systemd and spad-receiver.socket: `node receiver-starter.js SOCKET` starts a receiver for each connection, which is
 * its standard input, and prints "listening", and "started PID" for each.
 */
import { spawn } from 'node:child_process';
import { createServer } from 'node:net';
import { builtFile } from './paths.ts';

const [path = ''] = process.argv.slice(2);
const receiver = ['--no-warnings', builtFile('server/receiver/main.js'), '--socket', 'nobody'];

createServer({ pauseOnConnect: true, allowHalfOpen: true }, (connection) => {
  const child = spawn(process.execPath, receiver, { stdio: [connection, 'ignore', 'inherit'], env: {}, cwd: '/' });
  process.stdout.write(`started ${String(child.pid)}\n`);
  // Ours is a copy: the connection ends when the receiver's end of it does.
  connection.destroy();
}).listen(path, () => process.stdout.write('listening\n'));
