/**
 * Rest between two looks at the capture. Waking up for one frame costs this process and the authorizer a hundred times
 * what the frame itself does, so frames are taken one by one only while they are few.
 */

/** How long it rests, and how far apart frames must be to be taken at once. A packet amid others may be as late. */
const REST_MS = 10;

export class Rest {
  readonly #never = new Int32Array(new SharedArrayBuffer(4));
  #last = Number.NEGATIVE_INFINITY;

  /** To be called when no frame is left; returns later where that has just been so. The kernel gathers meanwhile. */
  drained(): void {
    // The addon polls by itself and cannot be asked not to; only a thread that sleeps does not.
    if (performance.now() - this.#last < REST_MS) Atomics.wait(this.#never, 0, 0, REST_MS);
    this.#last = performance.now();
  }
}
