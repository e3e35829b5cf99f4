import { context, propagation, SpanKind, trace } from '@opentelemetry/api';
import type { NextFunction, Request, Response } from 'express';

/** The span of a request, as a child of the caller's when there is a `traceparent` header (W3C Trace Context). */
export function traceRequest(request: Request, response: Response, next: NextFunction): void {
  const parent = propagation.extract(context.active(), request.headers);
  const options = { kind: SpanKind.SERVER, attributes: { 'http.request.method': request.method } };
  const span = trace.getTracer('latchkey').startSpan(`HTTP ${request.method}`, options, parent);
  response.once('close', () => {
    const { path } = (request.route ?? {}) as { path?: string };
    // As the code has it: the path that was asked for may hold anything.
    span.setAttribute('http.route', path ?? request.baseUrl);
    span.setAttribute('http.response.status_code', response.statusCode);
    span.end();
  });
  context.with(trace.setSpan(parent, span), next);
}
