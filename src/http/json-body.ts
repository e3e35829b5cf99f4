import type { IncomingMessage } from 'node:http';
import { UnsupportedMediaTypeException } from '@nestjs/common';
import type { NestExpressApplication } from '@nestjs/platform-express';

/** Far above any honest document, far below what costs time to parse. */
const BODY_LIMIT = '100kb';

/** Reads JSON in UTF-8 and nothing else. The parser alone would take every `utf-…` there is (CVE-2026-23897). */
export function readJsonBodies(app: NestExpressApplication): void {
  // Nest hands all options on to body-parser, and its type knows fewer of them.
  const options = { limit: BODY_LIMIT, verify: assertUtf8 };
  app.useBodyParser('json', options);
}

function assertUtf8(_request: IncomingMessage, _response: unknown, _body: Buffer, charset: string): void {
  if (charset !== 'utf-8') throw new UnsupportedMediaTypeException();
}
