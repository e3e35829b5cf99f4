import { MIMEType } from 'node:util';
import { BadRequestException, PayloadTooLargeException, UnsupportedMediaTypeException } from '@nestjs/common';
import type { Request, Response } from 'express';
import { hasLongType } from './allowed-requests.js';
import { countValues } from './count-values.js';
import { LargeBodies } from './large-bodies.js';
import { readBytes, takeParts } from './read-bytes.js';

/** Far above any honest document, far below what costs time to parse. */
const MAX_BYTES = 100 * 1024;

/**
 * Lists, objects, and all that is in them. Twice what a document may have of words and signs, and the lists and objects of its variables have a
 * hundred at most. One takes up to 200 bytes of memory, and a list in a list 28 times what it takes in the body.
 */
const MAX_VALUES = 2_000;

/** What clients call it: its name, and its name without the hyphen. */
const UTF8_NAMES = ['utf-8', 'utf8'];

/** Without a mark of the byte order. What is not UTF-8 becomes U+FFFD. */
const UTF8 = new TextDecoder();

/**
 * Reads JSON in UTF-8 and nothing else. The usual parser would take every `utf-…` there is (CVE-2026-23897), unpack what is compressed (4 kB of
 * Brotli make its decoder take 2 MB), and keep each part of a body by itself until the last has come.
 */
export class JsonBodies {
  private readonly large = new LargeBodies();
  private readonly coming = new WeakMap<Request, Promise<Buffer | undefined>>();

  /**
   * Takes the body of a request from now on, or drops it, whatever becomes of the request: Node would keep what is not taken until the answer
   * is sent, in parts of 200 bytes for each that has come.
   */
  begin(request: Request, response: Response): void {
    const bytes = this.take(request, response);
    // A request that is refused does not ask for it.
    bytes.catch(() => undefined);
    response.once('prefinish', () => this.coming.delete(request));
    this.coming.set(request, bytes);
  }

  /**
   * Waits until the body has come. What it holds takes many times its bytes: it is read when the request begins.
   *
   * @returns reads it, once: undefined without a body, and for other types, which a fork has to take where it begins. Throws
   *   PayloadTooLargeException, BadRequestException
   * @throws what `readBytes` throws, UnsupportedMediaTypeException
   */
  async of(request: Request): Promise<() => unknown> {
    const coming = this.coming.get(request);
    // It would hold the bytes for as long as the request waits for its answer.
    this.coming.delete(request);
    let bytes = await coming;
    return () => {
      const taken = bytes;
      bytes = undefined;
      return taken && parsed(taken);
    };
  }

  private async take(request: Request, response: Response): Promise<Buffer | undefined> {
    const isJson = request.method === 'POST' && isOfJson(request);
    if (isJson && isReadable(request)) return readBytes(request, MAX_BYTES, this.large.shareOf(response));
    takeParts(request);
    if (isJson) throw new UnsupportedMediaTypeException();
    return undefined;
  }
}

/** What nearly all clients call it, which needs no reading. */
const PLAIN_TYPE = 'application/json';

const isOfJson = (request: Request): boolean =>
  request.headers['content-type'] === PLAIN_TYPE || (!hasLongType(request) && Boolean(request.is(PLAIN_TYPE)));

function isReadable({ headers }: Request): boolean {
  const encoding = headers['content-encoding'] || 'identity';
  const onItsWay = headers['transfer-encoding'] ?? 'chunked';
  return (
    UTF8_NAMES.includes(charsetOf(headers['content-type'])) &&
    encoding.toLowerCase() === 'identity' &&
    onItsWay.toLowerCase() === 'chunked'
  );
}

const charsetOf = (type = PLAIN_TYPE): string =>
  type === PLAIN_TYPE ? 'utf-8' : (new MIMEType(type).params.get('charset') || 'utf-8').toLowerCase();

/** An empty body is an empty object. */
function parsed(bytes: Buffer): unknown {
  if (bytes.length === 0) return {};
  if (countValues(bytes) > MAX_VALUES) throw new PayloadTooLargeException();
  const value = valueOf(UTF8.decode(bytes));
  if (typeof value !== 'object' || value === null) throw new BadRequestException();
  return value;
}

function valueOf(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    throw new BadRequestException();
  }
}
