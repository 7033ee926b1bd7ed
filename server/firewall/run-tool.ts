/** Runs the programs that change a firewall. */
import { runProgram } from '../process/run.ts';
import { FirewallError } from './backend.ts';

const TIMEOUT_MS = 30_000;

/**
 * What the program prints. Throws FirewallError with its first words where it refuses; where it is missing, with what to
 * install (`debianPackage`).
 */
export const runTool = async (
  program: string,
  args: readonly string[],
  input: string,
  debianPackage: string,
): Promise<string> => {
  try {
    const { code, stdout, stderr } = await runProgram(program, args, input, TIMEOUT_MS);
    if (code === 0) return stdout;
    throw new FirewallError(`${program}: ${firstLine(stderr)}`);
  } catch (error) {
    if (error instanceof FirewallError) throw error;
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') {
      throw new FirewallError(`the program ${program} is not here: apt-get install ${debianPackage}`);
    }
    throw new FirewallError(error instanceof Error ? error.message : String(error));
  }
};

const firstLine = (message: string): string => {
  const text = message.trim().split('\n')[0] ?? '';
  return /not permitted|permission denied/i.test(text)
    ? `${text} (changing the firewall takes root or CAP_NET_ADMIN)`
    : text;
};
