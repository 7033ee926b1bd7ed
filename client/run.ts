import { ask } from './ask.ts';
import { helpText, parseCommandLine } from './cli.ts';
import type { ClientIo } from './io.ts';
import { tellTrouble } from './tell-trouble.ts';

/** Runs spa-client with the words after its name; gives the exit code (0 to 4, see --help). A bug rejects. */
export const run = async (args: readonly string[], io: ClientIo): Promise<number> => {
  try {
    const command = parseCommandLine(args);
    switch (command.kind) {
      case 'help':
        io.out(helpText());
        return 0;
      case 'version': {
        const { packageVersion } = await import('../keys/version.ts');
        io.out(`spa-client ${packageVersion()}\n`);
        return 0;
      }
      case 'send-code': {
        const { sendCode } = await import('./send-code.ts');
        await sendCode(command.options, io);
        return 0;
      }
      case 'ask':
        await ask(command.options, io);
        return 0;
    }
  } catch (error) {
    return tellTrouble(error, 'spa-client', io);
  }
};
