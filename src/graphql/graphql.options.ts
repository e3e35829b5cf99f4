import { ApolloServerPluginCacheControlDisabled } from '@apollo/server/plugin/disabled';
import type { ApolloDriverConfig } from '@nestjs/apollo';
import { Inject, Injectable } from '@nestjs/common';
import type { GqlOptionsFactory } from '@nestjs/graphql';
import { authDirective } from '../access/auth.directive.js';
import type { GraphQLContext } from '../access/request.js';
import { ENV, type Env } from '../config/env.js';
import { Metrics } from '../telemetry/metrics.js';
import { MAX_PROBLEMS, MAX_TOKENS } from './document-limits.js';
import { documentLimits } from './document.rule.js';
import { DocumentStore } from './document-store.js';
import { DateTimeScalar } from './date-time.scalar.js';
import { errorCapPlugin } from './error-cap.plugin.js';
import { errorEnums } from './error-enums.js';
import { formatError } from './format-error.js';
import { noIntrospection } from './no-introspection.rule.js';
import { metricsPlugin } from './metrics.plugin.js';
import { knownOperationTypes } from './operation-types.rule.js';
import { RefusalTrail } from './refusal-trail.js';
import { ownTextPlugin } from './own-text.plugin.js';
import { parsedDocumentPlugin } from './parsed-document.plugin.js';
import { refusalsPlugin } from './refusals.plugin.js';
import { tracingPlugin } from './tracing.plugin.js';
import { unusedInputPlugin } from './unused-input.plugin.js';
import { variableValuesPlugin } from './variable-values.plugin.js';

/** Every setting of Apollo Server and of the schema builder. */
@Injectable()
export class GraphQLOptions implements GqlOptionsFactory<ApolloDriverConfig> {
  constructor(
    private readonly refusals: RefusalTrail,
    private readonly metrics: Metrics,
    @Inject(ENV)
    private readonly env: Pick<Env, 'INTROSPECTION' | 'OTEL_EXPORTER_OTLP_ENDPOINT' | 'MAX_SESSIONS_PER_USER'>,
  ) {}

  createGqlOptions(): Omit<ApolloDriverConfig, 'driver'> {
    return {
      path: '/graphql',
      // In memory only. `npm run schema` writes the file; a server that rewrote it at every start would restart a
      // watcher for ever.
      autoSchemaFile: true,
      sortSchema: true,
      buildSchemaOptions: {
        directives: [authDirective],
        scalarsMap: [{ type: Date, scalar: DateTimeScalar }],
        orphanedTypes: errorEnums,
        // Apollo validates the schema again when it starts.
        skipCheck: true,
      },
      // Without this, access rules on @ResolveField methods compile and do nothing.
      fieldResolverEnhancers: ['guards'],
      context: ({ req, res }: GraphQLContext): GraphQLContext => ({ req, res }),

      formatError,
      autoTransformHttpErrors: false,
      includeStacktraceInErrorResponses: false,

      graphiql: false,
      introspection: true,
      parseOptions: { maxLexicalTokens: MAX_TOKENS },
      validationOptions: { maxErrors: MAX_PROBLEMS, hideSuggestions: !this.env.INTROSPECTION },
      validationRules: [
        documentLimits(this.env),
        knownOperationTypes,
        ...(this.env.INTROSPECTION ? [] : [noIntrospection]),
      ],
      // Suggestions ("Did you mean …?") are introspection by guessing.
      hideSchemaDetailsFromClientErrors: !this.env.INTROSPECTION,

      csrfPrevention: true,
      allowBatchedHttpRequests: false,
      persistedQueries: false,
      documentStore: new DocumentStore(),
      plugins: this.plugins(),
    };
  }

  private plugins(): NonNullable<ApolloDriverConfig['plugins']> {
    return [
      // Watches every field for hints, and no answer of ours is ever cached.
      ApolloServerPluginCacheControlDisabled(),
      ownTextPlugin,
      parsedDocumentPlugin,
      variableValuesPlugin,
      unusedInputPlugin,
      refusalsPlugin(this.refusals),
      metricsPlugin(this.metrics),
      // Behind those that look at every error.
      errorCapPlugin,
      ...(this.env.OTEL_EXPORTER_OTLP_ENDPOINT ? [tracingPlugin] : []),
    ];
  }
}
