import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** What is alive in the memory of this process, in bytes. */
export function heapUsed(): number {
  return livingMemory().heapUsed;
}

/** As `heapUsed`, with what buffers hold outside the heap. */
export function heapAndBuffers(): number {
  const { heapUsed: heap, external } = livingMemory();
  return heap + external;
}

function livingMemory(): NodeJS.MemoryUsage {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as NodeJS.GCFunction;
  setFlagsFromString('--no-expose-gc');
  // Some of what is dead outlives the first, and what it holds with it.
  for (const type of ['major', 'major'] as const) collect({ type });
  return process.memoryUsage();
}
