/** Two ways of handing a script to nftables; which one is used makes no difference but in speed. */
import koffi from 'koffi';
import { runProgram } from '../process/run.ts';
import { FirewallError } from './backend.ts';
import { findGeneration, OwnSteps } from './generation.ts';
import { openBatches } from './netlink.ts';

export interface NftRunner {
  readonly description: string;
  /** Whether it speaks to the kernel by one connection for as long as this process runs, which may own tables. */
  readonly lasts: boolean;
  /** Runs a script (nft(8)) as one transaction and gives what it printed. Throws FirewallError with the parser's words. */
  run(script: string): Promise<string>;
  /** Hands messages to the kernel as they are, one transaction: whether they were carried out. Absent: there is no way to. */
  readonly batch?: ((messages: Uint8Array) => boolean) | undefined;
  /** What the table looks like without the elements of its sets; undefined where there is none. */
  list(table: string): Promise<string | undefined>;
  /** What `list` prints of `what` as JSON, elements included; undefined where there is no such thing. Throws FirewallError where the kernel may not be asked. */
  json(what: string): Promise<unknown>;
  /** Whether the kernel would take a script; nothing is changed. */
  wouldRun(script: string): Promise<boolean>;
  /** The number of the ruleset's generation; undefined where it cannot be asked for. */
  generation(): number | undefined;
}

/** nftables/libnftables.h: leave out what sets with the flags dynamic or timeout hold; print JSON. */
const OUTPUT_TERSE = 1 << 11;
const OUTPUT_JSON = 1 << 4;
const PROGRAM_TIMEOUT_MS = 10_000;

/** The library where it can be loaded, else the program. What `steps` count does not show in its generation. */
export const findNftRunner = (steps = new OwnSteps()): NftRunner => {
  const direct = { generation: steps.without(findGeneration()), batch: findBatches() };
  try {
    return { ...libraryRunner(), ...direct };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return { ...programRunner(reason), ...direct };
  }
};

/** Where there is no such socket all goes through the library or the program. */
const findBatches = (): NftRunner['batch'] => {
  try {
    return openBatches();
  } catch {
    return undefined;
  }
};

/** libnftables.so.1 in this process: some 0.1 ms a call where spawning the program takes 4. Throws where it is missing. */
export const libraryRunner = (): NftRunner => {
  const library = koffi.load('libnftables.so.1');
  const newContext = library.func('void *nft_ctx_new(uint32_t flags)');
  const bufferOutput = library.func('int nft_ctx_buffer_output(void *ctx)');
  const bufferError = library.func('int nft_ctx_buffer_error(void *ctx)');
  const setDryRun = library.func('void nft_ctx_set_dry_run(void *ctx, bool dry)');
  const setFlags = library.func('void nft_ctx_output_set_flags(void *ctx, unsigned int flags)');
  const runBuffer = library.func('int nft_run_cmd_from_buffer(void *ctx, const char *buf)');
  const output = library.func('const char *nft_ctx_get_output_buffer(void *ctx)');
  const errors = library.func('const char *nft_ctx_get_error_buffer(void *ctx)');
  const context: unknown = newContext(0);
  if (context === null) throw new FirewallError('libnftables gives no context');
  setFlags(context, OUTPUT_TERSE);
  bufferOutput(context);
  bufferError(context);
  const call = (script: string): { readonly failed: boolean; readonly text: string; readonly message: string } => {
    const code: unknown = runBuffer(context, script);
    // Both buffers are read each time: reading empties them.
    return { failed: code !== 0, text: String(output(context)), message: String(errors(context)) };
  };
  return {
    description: 'libnftables',
    lasts: true,
    run: (script) => {
      const { failed, text, message } = call(script);
      return failed ? Promise.reject(new FirewallError(firstLine(message))) : Promise.resolve(text);
    },
    list: (table) => {
      const { failed, text } = call(listScript(table));
      return Promise.resolve(failed ? undefined : cutTable(text, table));
    },
    json: (what) => {
      setFlags(context, OUTPUT_JSON);
      const { failed, text, message } = call(`list ${what}`);
      setFlags(context, OUTPUT_TERSE);
      return Promise.resolve().then(() => readListing(failed, text, message));
    },
    wouldRun: (script) => {
      setDryRun(context, true);
      const { failed } = call(script);
      setDryRun(context, false);
      return Promise.resolve(!failed);
    },
    generation: findGeneration(),
  };
};

/**
 * All tables of the family: asked for one alone, libnftables 1.0.6 fetches the elements that it then leaves out, which
 * takes a second where there are 100 000.
 */
const listScript = (table: string): string => `list ruleset ${table.split(' ')[0] ?? ''}`;

/** The one table of a listing; undefined where it is missing. */
export const cutTable = (listing: string, table: string): string | undefined =>
  new RegExp(`^table ${table} \\{[^]*?^\\}$`, 'm').exec(listing)?.[0];

/** The program nft, started for each script. `reason` says why the library is not used. */
export const programRunner = (reason: string): NftRunner => {
  const nft = async (
    args: readonly string[],
    script: string,
  ): Promise<{ code: number | undefined; stdout: string; stderr: string }> => {
    try {
      return await runProgram('nft', args, script, PROGRAM_TIMEOUT_MS);
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'ENOENT') {
        throw new FirewallError('neither libnftables nor the program nft is here: apt-get install nftables');
      }
      throw new FirewallError(error instanceof Error ? error.message : String(error));
    }
  };
  return {
    description: `the program nft (${reason})`,
    lasts: false,
    run: async (script) => {
      const { code, stdout, stderr } = await nft(['-f', '-'], script);
      if (code !== 0) throw new FirewallError(firstLine(stderr));
      return stdout;
    },
    list: async (table) => {
      const { code, stdout } = await nft(['--terse', listScript(table)], '');
      return code === 0 ? cutTable(stdout, table) : undefined;
    },
    json: async (what) => {
      const { code, stdout, stderr } = await nft(['--json', 'list', ...what.split(' ')], '');
      return readListing(code !== 0, stdout, stderr);
    },
    wouldRun: async (script) => (await nft(['--check', '-f', '-'], script)).code === 0,
    generation: findGeneration(),
  };
};

const readListing = (failed: boolean, text: string, message: string): unknown => {
  if (!failed) return JSON.parse(text);
  if (/no such file/i.test(message)) return undefined;
  throw new FirewallError(firstLine(message));
};

/** nft marks the place of an error on two more lines, which do not fit a log line. */
const firstLine = (message: string): string => {
  const text = message.trim().split('\n').slice(0, 2).join(': ') || 'nftables refused without a word';
  return /not permitted/i.test(text) ? `${text} (changing the firewall takes root or CAP_NET_ADMIN)` : text;
};
