/**
 * Rest between two looks at the capture. Waking up for one frame costs this process and the authorizer a hundred times
 * what the frame itself does, so frames are taken one by one only while they are few.
 */

/** How long it rests; by as much it may delay a packet that comes soon after another. */
const REST_MS = 5;
/** Frames that come no more often than this wake it at once. */
const SELDOM_MS = 2 * REST_MS;

export class Rest {
  readonly #never = new Int32Array(new SharedArrayBuffer(4));
  #last = Number.NEGATIVE_INFINITY;

  /** To be called when no frame is left; returns later where that has just been so. The kernel gathers meanwhile. */
  drained(): void {
    // The addon polls by itself and cannot be asked not to; only a thread that sleeps does not.
    if (performance.now() - this.#last < SELDOM_MS) Atomics.wait(this.#never, 0, 0, REST_MS);
    this.#last = performance.now();
  }
}
