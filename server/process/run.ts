/** The only place of the daemon that starts another program. */
import { type ChildProcess, type ChildProcessByStdio, execFile, spawn } from 'node:child_process';
import { Socket } from 'node:net';
import type { Readable } from 'node:stream';

export interface Finished {
  /** Undefined where a signal ended the program. */
  readonly code: number | undefined;
  readonly stdout: string;
  readonly stderr: string;
}

/** Longer output means that something is wrong; the program is ended. */
const MAX_OUTPUT = 64 * 1024 * 1024;

/**
 * Runs a program to its end, without a shell and with an environment of its own. `input` goes to its standard input.
 * Throws where the program cannot be started (`code` is that of the system) or takes longer than `timeoutMs`.
 */
export const runProgram = (
  file: string,
  args: readonly string[],
  input: string,
  timeoutMs: number,
): Promise<Finished> =>
  new Promise((resolve, reject) => {
    const options = { timeout: timeoutMs, maxBuffer: MAX_OUTPUT, env: PROGRAM_ENV, killSignal: 'SIGKILL' } as const;
    const child = execFile(file, args, options, (error, stdout, stderr) => {
      if (error === null) resolve({ code: 0, stdout, stderr });
      else if (typeof error.code === 'number') resolve({ code: error.code, stdout, stderr });
      else if (error.killed === true) reject(new Error(`${file} took longer than ${String(timeoutMs)} ms`));
      else reject(error instanceof Error ? error : new Error(`${file} could not be run`));
    });
    // A program that ends before it has read all of its input says why on standard error.
    child.stdin?.on('error', () => undefined);
    child.stdin?.end(input);
  });

const PROGRAM_ENV = { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', LC_ALL: 'C' };

/**
 * Starts another Node process on one of our own files. Standard input, output and error are pipes, and so is
 * descriptor 3, which the child writes to. It gets neither our environment nor our Node options.
 */
export const startNode = (script: string): ChildProcess =>
  spawn(process.execPath, ['--no-warnings', script], { stdio: ['pipe', 'ignore', 'pipe', 'pipe'], env: {}, cwd: '/' });

/**
 * Starts a command of the operator's as system(3) does: `/bin/sh -c`, our environment, folder and standard output. It has
 * a session of its own, so that a signal to us or to our terminal does not reach it, and none of our descriptors.
 */
export const startShell = (command: string): ChildProcess =>
  spawn('/bin/sh', ['-c', command], { argv0: 'sh', detached: true, stdio: ['ignore', 'inherit', 'inherit'] });

/** Starts this very program again, without a terminal; descriptor 3 of the child is a pipe to us. */
export const startInBackground = (args: readonly string[], env: NodeJS.ProcessEnv): ChildProcess =>
  spawn(process.execPath, [...process.execArgv, ...process.argv.slice(1, 2), ...args], {
    detached: true,
    stdio: ['ignore', 'ignore', 'ignore', 'pipe'],
    env,
    cwd: '/',
  });

/** As whom a program runs; undefined: as we do. Supplementary groups are given up with the rest. */
export interface Identity {
  readonly uid: number | undefined;
  readonly gid: number | undefined;
}

/**
 * Starts a program without a shell, with an environment of its own, in `/`, without standard input or output, and in a
 * session of its own. Throws the system's error where it cannot be started; without one it has been.
 */
export const startProgram = (argv: readonly string[], { uid, gid }: Identity): ChildProcess => {
  const [file = '', ...args] = argv;
  const identity = { ...(uid === undefined ? {} : { uid }), ...(gid === undefined ? {} : { gid }) };
  return spawn(file, args, { detached: true, stdio: 'ignore', env: PROGRAM_ENV, cwd: '/', ...identity });
};

/** As {@link startProgram}, with more in its environment, and standard error as a pipe to us. */
export const startCommand = (
  argv: readonly string[],
  env: Readonly<Record<string, string>>,
  { uid, gid }: Identity,
): ChildProcessByStdio<null, null, Readable> => {
  const [file = '', ...args] = argv;
  const identity = { ...(uid === undefined ? {} : { uid }), ...(gid === undefined ? {} : { gid }) };
  const settings = { detached: true, env: { ...PROGRAM_ENV, ...env }, cwd: '/', ...identity };
  return spawn(file, args, { ...settings, stdio: ['ignore', 'ignore', 'pipe'] });
};

/** A program that may still be running. */
export type StartedProgram = ReturnType<typeof startProgram>;

export interface StatusRun {
  readonly input: Uint8Array;
  /** Goes to descriptor 4, which nobody else can read, unlike arguments and environment. */
  readonly secret: string;
  readonly timeoutMs: number;
  /** Bytes of output, or of status; what says more is ended. */
  readonly maxOutput: number;
}

/**
 * Runs a program that tells its status on descriptor 3, as gpg can. Throws where it cannot be started, takes longer or says
 * more; its exit status says nothing that its status lines do not.
 */
export const runForStatus = (
  file: string,
  args: readonly string[],
  { input, secret, timeoutMs, maxOutput }: StatusRun,
): Promise<{ readonly output: Uint8Array; readonly status: string }> =>
  new Promise((resolve, reject) => {
    const stdio = ['pipe', 'pipe', 'ignore', 'pipe', 'pipe'] as const;
    const child = spawn(file, args, { stdio: [...stdio], env: PROGRAM_ENV, cwd: '/' });
    const [, output, , status, secretPipe] = child.stdio;
    const stop = (reason: string): void => {
      child.kill('SIGKILL');
      reject(new Error(`${file} ${reason}`));
    };
    const late = setTimeout(() => stop(`took longer than ${String(timeoutMs)} ms`), timeoutMs);
    const [heard, told]: [Buffer[], Buffer[]] = [[], []];
    for (const [pipe, chunks] of [[output, heard] as const, [status, told] as const]) {
      let length = 0;
      pipe?.on('error', () => undefined);
      pipe?.on('data', (chunk: Buffer) => {
        length += chunk.length;
        chunks.push(chunk);
        if (length > maxOutput) stop(`said more than ${String(maxOutput)} bytes`);
      });
    }
    child.on('error', reject);
    child.on('close', () => {
      clearTimeout(late);
      resolve({ output: Buffer.concat(heard), status: Buffer.concat(told).toString('utf8') });
    });
    for (const [pipe, text] of [[child.stdin, input] as const, [secretPipe, `${secret}\n`] as const]) {
      pipe?.on('error', () => undefined);
      if (pipe !== null && pipe !== undefined && 'end' in pipe) pipe.end(text);
    }
  });

/**
 * Starts another Node process on one of our own files that may outlive us: in a session of its own, heard from by nobody,
 * and told by its standard input, which does not keep us from ending. Throws the system's error where it cannot be started.
 */
export const startCompanion = (script: string): ChildProcess => {
  const child = spawn(process.execPath, ['--no-warnings', script], {
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
    env: {},
    cwd: '/',
  });
  child.unref();
  // Node's types do not say that a pipe to a child is a socket.
  if (child.stdin instanceof Socket) child.stdin.unref();
  return child;
};

/** A process of ours that may outlive us. */
export type Companion = ReturnType<typeof startCompanion>;
