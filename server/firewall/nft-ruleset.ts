/** All rules of nftables, as JSON and as text with handles: through libnftables, else by the program nft. */
import koffi from 'koffi';
import { runProgram } from '../process/run.ts';
import { FirewallError } from './backend.ts';

/** nftables/libnftables.h. */
const OUTPUT_HANDLE = 1 << 3;
const OUTPUT_JSON = 1 << 4;
const PROGRAM_TIMEOUT_MS = 30_000;

export interface RulesetTexts {
  readonly json: string;
  readonly listing: string;
}

/** Throws FirewallError where neither way gives the rules. */
export const listRuleset = async (): Promise<RulesetTexts> => {
  const fromLibrary = listByLibrary();
  if (fromLibrary !== undefined) return fromLibrary;
  const nft = async (...args: readonly string[]): Promise<string> => {
    const { code, stdout, stderr } = await runProgram('nft', [...args, 'list', 'ruleset'], '', PROGRAM_TIMEOUT_MS);
    if (code !== 0) throw new FirewallError(stderr.trim().split('\n')[0] ?? 'nft refused without a word');
    return stdout;
  };
  try {
    return { json: await nft('--json'), listing: await nft('--handle') };
  } catch (error) {
    throw new FirewallError(error instanceof Error ? error.message : String(error), { cause: error });
  }
};

/** Undefined where the library is missing, was built without JSON, or refuses. */
const listByLibrary = (): RulesetTexts | undefined => {
  try {
    const library = koffi.load('libnftables.so.1');
    const newContext = library.func('void *nft_ctx_new(uint32_t flags)');
    const bufferOutput = library.func('int nft_ctx_buffer_output(void *ctx)');
    const bufferError = library.func('int nft_ctx_buffer_error(void *ctx)');
    const setFlags = library.func('void nft_ctx_output_set_flags(void *ctx, unsigned int flags)');
    const runBuffer = library.func('int nft_run_cmd_from_buffer(void *ctx, const char *buf)');
    const output = library.func('const char *nft_ctx_get_output_buffer(void *ctx)');
    const free = library.func('void nft_ctx_free(void *ctx)');
    const list = (flags: number): string | undefined => {
      const context: unknown = newContext(0);
      if (context === null) return undefined;
      setFlags(context, flags);
      bufferOutput(context);
      bufferError(context);
      const failed = runBuffer(context, 'list ruleset') !== 0;
      const text = String(output(context));
      free(context);
      return failed ? undefined : text;
    };
    const [json, listing] = [list(OUTPUT_JSON), list(OUTPUT_HANDLE)];
    return json?.trimStart().startsWith('{') !== true || listing === undefined ? undefined : { json, listing };
  } catch {
    return undefined;
  }
};
