/** The clock that counts from the machine's start and goes on while it sleeps, and the name of its present run. */
import { readFileSync } from 'node:fs';
import koffi from 'koffi';

/** linux/time.h. */
const CLOCK_BOOTTIME = 7;

const library = koffi.load('libc.so.6');
const clockGetTime = library.func('int clock_gettime(int clock, _Out_ int64_t *time)');
const time = new BigInt64Array(2);

/** Milliseconds by CLOCK_BOOTTIME; some 0.1 µs a call. */
export const bootMilliseconds = (): number => {
  clockGetTime(CLOCK_BOOTTIME, time);
  const [seconds = 0n, nanoseconds = 0n] = time;
  return Number(seconds) * 1000 + Number(nanoseconds) / 1e6;
};

/** A name that no other run of this machine has had; empty where the kernel does not say. */
export const readBootId = (): string => {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim();
  } catch {
    return '';
  }
};
