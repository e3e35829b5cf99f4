import type { IncomingMessage } from 'node:http';
import { BadRequestException, PayloadTooLargeException } from '@nestjs/common';
import { AppError } from '../common/app-error.js';
import { ErrorAction, ErrorCode } from '../common/error-codes.js';
import type { Share } from './large-bodies.js';

/** What a client is told to wait where there is no room: as long as most requests take. */
const RETRY_AFTER_SECONDS = 2;

/**
 * Small parts of a body: chunks, or what comes at once. Each takes 2 µs of CPU, and a connection's parts are taken many at a time. Networks
 * make larger ones.
 */
const MOST_SMALL_PARTS = 10_000;
/** Bytes of a part that is not small. */
const LARGER = 512;

/**
 * Takes the body of a request, part by part, and ends the connection when too many are small.
 *
 * @param take absent: they are dropped
 * @returns lets go of `take`
 */
export function takeParts(request: IncomingMessage, take: (part: Buffer) => void = () => undefined): () => void {
  let small = 0;
  const count = (part: Buffer): void => {
    if (part.length < LARGER) small += 1;
    if (small <= MOST_SMALL_PARTS) take(part);
    else request.socket.destroy();
  };
  request.on('data', count);
  return () => request.off('data', count);
}

/**
 * The body of a request in one piece. Each part is copied as it comes: a stranger may send parts of one byte, and what Node hands over for a part
 * takes 200 bytes of memory.
 *
 * @param limit in bytes. What goes beyond is read to its end and dropped, because who is still writing would not see the refusal
 * @param share says whether there is room for so many bytes; without, the same becomes of the body
 * @throws PayloadTooLargeException; AppError `SERVICE_UNAVAILABLE` where there is no room; BadRequestException when the connection ends
 *   before the body does
 */
export async function readBytes(request: IncomingMessage, limit: number, share: Share): Promise<Buffer> {
  const { promise, resolve, reject } = Promise.withResolvers<Buffer>();
  let bytes = Buffer.alloc(0);
  let length = 0;
  let hasRoom = true;
  const add = (part: Buffer): void => {
    const start = length;
    length += part.length;
    hasRoom &&= length <= limit && share(length);
    if (!hasRoom) bytes = Buffer.alloc(0);
    else if (length > bytes.length) bytes = enlarged(bytes, Math.min(limit, Math.max(length, 2 * bytes.length)));
    if (hasRoom) part.copy(bytes, start);
  };
  const end = (): void => {
    if (hasRoom) resolve(bytes.subarray(0, length));
    else reject(length > limit ? new PayloadTooLargeException() : noRoom());
  };
  const close = (): void => {
    // It also comes behind the end, and an error takes longer to make than the rest of this.
    if (!request.readableEnded) reject(new BadRequestException());
  };
  const letGo = takeParts(request, add);
  request.on('end', end).on('close', close);
  try {
    return await promise;
  } finally {
    // They would hold the bytes for as long as the request waits for its answer.
    letGo();
    request.off('end', end).off('close', close);
  }
}

function enlarged(bytes: Buffer, length: number): Buffer<ArrayBuffer> {
  const larger = Buffer.alloc(length);
  bytes.copy(larger);
  return larger;
}

const noRoom = (): AppError =>
  new AppError(ErrorCode.SERVICE_UNAVAILABLE, 'Too many large requests are under way. Try again.', {
    action: ErrorAction.RETRY,
    retryAfter: RETRY_AFTER_SECONDS,
  });
