import { Inject, Injectable, Logger, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { promisify } from 'node:util';
import { constantTimeEqual } from '../common/constant-time.js';
import { ENV, type Env } from '../config/env.js';
import { Metrics } from '../telemetry/metrics.js';
import { Exchanges } from './exchanges.js';
import { SlowReaders } from './slow-readers.js';

/** Longer than a request should take to come, and an answer between two parts of it. Node looks once a second which have not. */
const TIMEOUT_MS = 3_000;
const LIMITS = { headersTimeout: TIMEOUT_MS, requestTimeout: TIMEOUT_MS, connectionsCheckingInterval: 1_000 };
/** Of all who scrape. One that brings nothing but the longest header takes some 35 kB of this process. */
const MOST_CONNECTIONS = 100;

/**
 * Prometheus scrapes `/metrics` on a port of its own, so that no proxy of the API serves it by accident. `METRICS_TOKEN`
 * closes it to whoever else reaches the port.
 */
@Injectable()
export class MetricsServer implements OnApplicationBootstrap, OnApplicationShutdown {
  private server: Server | undefined;

  constructor(
    private readonly metrics: Metrics,
    @Inject(ENV)
    private readonly env: Pick<Env, 'METRICS_ENABLED' | 'METRICS_PORT' | 'METRICS_TOKEN' | 'HOST'>,
  ) {}

  async onApplicationBootstrap(): Promise<void> {
    if (!this.env.METRICS_ENABLED) return;
    const server = createServer(LIMITS, (request, response) => void this.answer(request, response));
    server.maxConnections = MOST_CONNECTIONS;
    server.timeout = TIMEOUT_MS;
    new Exchanges().standBefore(server);
    SlowReaders.closeAllOf(server);
    this.server = server;
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject).listen(this.env.METRICS_PORT, this.env.HOST, resolve);
    });
    new Logger(MetricsServer.name).log(`Serves /metrics on port ${this.env.METRICS_PORT}`);
  }

  async onApplicationShutdown(): Promise<void> {
    this.server?.closeAllConnections();
    if (this.server) await promisify(this.server.close.bind(this.server))();
  }

  private async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const status = request.method !== 'GET' || request.url !== '/metrics' ? 404 : this.isAllowed(request) ? 200 : 401;
    const body = status === 200 ? await this.metrics.registry.metrics() : '';
    response.writeHead(status, {
      'Content-Type': this.metrics.registry.contentType,
      'Cache-Control': 'no-store',
      'X-Content-Type-Options': 'nosniff',
      Connection: 'close',
    });
    response.end(body);
  }

  private isAllowed({ headers }: IncomingMessage): boolean {
    const { METRICS_TOKEN: token } = this.env;
    if (token === undefined) return true;
    return constantTimeEqual(Buffer.from(headers.authorization ?? ''), Buffer.from(`Bearer ${token}`));
  }
}
