/** adjtimex(2): whether something keeps the kernel's clock in step. Asking changes nothing and takes no privilege. */
import koffi from 'koffi';

/** sys/timex.h: what the call gives back, and a bit of `status`, where nothing keeps it. */
const TIME_ERROR = 5;
const STA_UNSYNC = 0x40;
/** struct timex: `modes` is 0, which only asks; `status` stands behind four longs. */
const TIMEX_LENGTH = 208;
const STATUS_AT = 40;

const load = () => koffi.load('libc.so.6').func('int adjtimex(_Inout_ void *timex)');

let adjtimex: ReturnType<typeof load> | undefined;

/** Undefined where the kernel does not say. */
export const isClockSynchronised = (): boolean | undefined => {
  try {
    adjtimex ??= load();
    const timex = Buffer.alloc(TIMEX_LENGTH);
    const state: unknown = adjtimex(timex);
    if (typeof state !== 'number' || state < 0) return undefined;
    return state !== TIME_ERROR && (timex.readInt32LE(STATUS_AT) & STA_UNSYNC) === 0;
  } catch {
    return undefined;
  }
};
