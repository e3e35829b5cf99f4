import {
  BadRequestException,
  type HttpException,
  MethodNotAllowedException,
  NotAcceptableException,
  NotFoundException,
  UnsupportedMediaTypeException,
} from '@nestjs/common';
import type { Request, Response } from 'express';
import { NO_PATH } from './request-target.js';

/** What GraphQL, the routes beside it and CORS need. No TRACE: it would echo cookies (ASVS 4.1.4, 13.4.4). */
const METHODS = ['GET', 'HEAD', 'POST', 'OPTIONS'];
export const ALLOWED_METHODS = METHODS.join(', ');

/** Node reads others too. */
const VERSIONS = ['1.1', '1.0'];

/** Longer than any media type with its parameters. Apollo reads them in a time that grows with the square of the blanks. */
const MAX_CONTENT_TYPE = 255;

/** Longer than what a browser sends, four times. It takes time to read them: 13 ms of CPU for 15 kB. */
const MAX_ACCEPT = 1_000;

/** As if there were no Accept, and what most programs send. */
const ANYTHING = '*/*';

/** What Apollo answers with. It looks whether a client accepts one of them when the operation has been carried out. */
const ANSWER_TYPES = [
  'application/json; charset=utf-8',
  'application/graphql-response+json; charset=utf-8',
  'application/json; callbackSpec=1.0; charset=utf-8',
];

/**
 * Why a request is refused before anything looks at it, if it is: other methods and versions, a target without a path, no Host, two or a wrong
 * one, a long Content-Type, paths below `/graphql`, which Express would take for `/graphql` itself, and at `/graphql` an Accept that excludes JSON or is long.
 */
export function refusalOf(request: Request, response: Response): HttpException | undefined {
  const { method, path, httpVersion } = request;
  if (!VERSIONS.includes(httpVersion) || path === NO_PATH || !hasHost(request)) return new BadRequestException();
  if (hasLongType(request)) return new UnsupportedMediaTypeException();
  if (!METHODS.includes(method)) {
    response.setHeader('Allow', ALLOWED_METHODS);
    return new MethodNotAllowedException();
  }
  if (/^\/graphql\/./i.test(path)) return new NotFoundException();
  const isGraphQL = /^\/graphql\/?$/i.test(path);
  return isGraphQL && !acceptsJson(request) ? new NotAcceptableException() : undefined;
}

/** What a Host header may hold (RFC 9110 section 7.2). Its parts are looked at where they count. */
const HOST = /^[\w.~!$&'()*+,;=%:[\]-]*$/;

/** RFC 9112 section 3.2: one Host, and in HTTP/1.1 not none. */
function hasHost({ headers: { host }, httpVersion, rawHeaders }: Request): boolean {
  if (host === undefined) return httpVersion !== '1.1';
  const lines = rawHeaders.filter((name, index) => index % 2 === 0 && name.toLowerCase() === 'host');
  return lines.length === 1 && HOST.test(host);
}

/** Of what a request says of its body. */
export const hasLongType = ({ headers }: Pick<Request, 'headers'>): boolean =>
  (headers['content-type'] ?? '').length > MAX_CONTENT_TYPE;

function acceptsJson(request: Request): boolean {
  const { accept = ANYTHING } = request.headers;
  return accept === ANYTHING || (accept.length <= MAX_ACCEPT && request.accepts(ANSWER_TYPES) !== false);
}
