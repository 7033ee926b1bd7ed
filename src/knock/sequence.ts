/** Reads `7000,8000:udp`: a line of a one-time file, or the value of `Sequence`. */
import { err, ok, type Result } from '../base/result.ts';
import { atoi, cTrim, cUpper } from './c-text.ts';
import { type KnockStep, MAX_STEPS } from './door.ts';

/** As lenient as knockd: text is port 0, numbers wrap at 16 bits, only what is above 65535 is refused. Errors in knockd's words. */
export const parseSequence = (text: string, doorName: string): Result<readonly KnockStep[], string> => {
  const steps: KnockStep[] = [];
  for (const part of text.split(',')) {
    if (steps.length === MAX_STEPS) return err(`config: section ${doorName}: too many ports in knock sequence`);
    const [portText = '', protocolText] = part.split(':');
    const port = atoi(portText);
    if (port > 65_535) return err(`config: section ${doorName}: port ${String(port)} is invalid`);
    const protocol = protocolText === undefined ? 'TCP' : cUpper(cTrim(protocolText));
    if (protocol !== 'TCP' && protocol !== 'UDP')
      return err(`config: section ${doorName}: unknown protocol in knock sequence`);
    steps.push({ protocol: protocol === 'TCP' ? 'tcp' : 'udp', port: port & 0xffff });
  }
  return ok(steps);
};
