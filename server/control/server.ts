/**
 * The control socket: a line comes, a line goes, and the connection ends, unless it is to tell more and more. Only who may enter
 * the state folder and open the socket (0600) gets here, so it is bounded against mistakes, not against strangers: so many
 * connections at once, so many bytes a request, so long from the first to the last byte.
 */
import { chmodSync, unlinkSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { err, type Result } from '../../src/base/result.ts';
import { MAX_REQUEST } from '../../src/control/request.ts';
import { encodeResponse } from '../../src/control/response.ts';

/** One more is closed at once. */
const MAX_CONNECTIONS = 16;
/** For the whole of a connection: who does not write or read in this time is let go. */
const PATIENCE_MS = 10_000;
/** Bytes behind the line that are read and thrown away; who writes more is let go. */
const MAX_BEHIND = 64 * 1024;

/** What somebody who has asked gets. */
export type Answer =
  | { readonly kind: 'line'; readonly response: Result<object, string> }
  /** Line after line, for as long as both sides want: the connection is handed over. */
  | { readonly kind: 'stream'; readonly begin: (socket: Socket) => void };

export interface ControlOptions {
  readonly answer: (line: string) => Promise<Answer>;
  readonly onTrouble: (message: string) => void;
  readonly patienceMs?: number;
}

export class ControlServer {
  readonly #path: string;
  readonly #options: ControlOptions;
  readonly #connections = new Set<Socket>();
  #server: Server | undefined;

  constructor(path: string, options: ControlOptions) {
    this.#path = path;
    this.#options = options;
  }

  /** As {@link ControlServer.listen}; where it is not `needed`, what goes wrong is told, and the daemon does without. */
  async open(needed: boolean): Promise<void> {
    try {
      await this.listen();
    } catch (error) {
      const message = `the control socket cannot be made: ${error instanceof Error ? error.message : String(error)}`;
      if (needed) throw new Error(message, { cause: error });
      this.#options.onTrouble(`${message}; "spad grants" will find nobody`);
    }
  }

  /**
   * Listens; the folder must be ours alone, for what an earlier daemon has left there is removed. Throws the system's error.
   * Until the mode is set, the umask (077) keeps others out.
   */
  async listen(): Promise<void> {
    removeIfThere(this.#path);
    const server = createServer({ allowHalfOpen: true }, (socket) => this.#serve(socket));
    server.maxConnections = MAX_CONNECTIONS;
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(this.#path, () => resolve());
    });
    server.removeAllListeners('error');
    server.on('error', (error) => this.#options.onTrouble(`the control socket: ${error.message}`));
    chmodSync(this.#path, 0o600);
    this.#server = server;
  }

  /** Lets go of everybody who has not been answered yet. The socket's file goes with the server. */
  close(): void {
    this.#server?.close();
    for (const socket of this.#connections) socket.destroy();
  }

  #serve(socket: Socket): void {
    this.#connections.add(socket);
    const late = setTimeout(() => socket.destroy(), this.#options.patienceMs ?? PATIENCE_MS);
    socket.on('error', () => undefined);
    socket.on('close', () => {
      clearTimeout(late);
      this.#connections.delete(socket);
    });
    const reply = (answer: Answer): void => {
      if (answer.kind === 'line') socket.end(`${encodeResponse(answer.response)}\n`);
      else {
        clearTimeout(late);
        socket.removeAllListeners('data').removeAllListeners('end');
        answer.begin(socket);
      }
    };
    let text = Buffer.alloc(0);
    const onData = (chunk: Buffer): void => {
      text = Buffer.concat([text, chunk]);
      const end = text.indexOf('\n');
      if (end < 0 && text.length <= MAX_REQUEST) return;
      socket.off('data', onData);
      throwAway(socket);
      if (end >= 0 && end <= MAX_REQUEST) void this.#options.answer(text.toString('utf8', 0, end)).then(reply);
      else reply({ kind: 'line', response: err(`a request has at most ${String(MAX_REQUEST)} bytes`) });
    };
    socket.on('data', onData);
    socket.on('end', () => {
      if (!text.includes('\n')) socket.end();
    });
  }
}

/** What comes behind a line is read, or it would keep the connection from ending; but not for ever. */
const throwAway = (socket: Socket): void => {
  let length = 0;
  socket.on('data', (chunk: Buffer) => {
    length += chunk.length;
    if (length > MAX_BEHIND) socket.destroy();
  });
};

const removeIfThere = (path: string): void => {
  try {
    unlinkSync(path);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error;
  }
};
