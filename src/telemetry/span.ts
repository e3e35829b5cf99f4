import { type Attributes, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';

/**
 * Does the work inside of a span, which costs next to nothing while tracing is off. Spans carry names of our own and never
 * a value: no SQL (the ORM writes parameters into it), no variable, no key of Redis.
 *
 * @param kind `CLIENT` for what waits for something outside of the process
 */
export async function inSpan<T>(name: string, attributes: Attributes, work: () => Promise<T>): Promise<T> {
  const tracer = trace.getTracer('latchkey');
  return tracer.startActiveSpan(name, { attributes, kind: SpanKind.CLIENT }, async (span) => {
    try {
      return await work();
    } catch (error) {
      // The message may hold a value.
      span.setStatus({ code: SpanStatusCode.ERROR, ...(error instanceof Error && { message: error.name }) });
      throw error;
    } finally {
      span.end();
    }
  });
}
