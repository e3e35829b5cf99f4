import { unwrapResolverError } from '@apollo/server/errors';
import { GraphQLError, type GraphQLFormattedError } from 'graphql';
import { ErrorCode } from '../common/error-codes.js';
import { currentRequestId } from '../common/request-id.js';
import { type ErrorExtensions, extensionsOf, withoutAbsent } from './error-response.js';
import { logFault } from './log-fault.js';
import { publicErrorOf } from './public-error.js';
import { withoutValues } from './without-values.js';

/** The codes that Apollo Server itself gives to a refused request, and ours for them. */
const REQUEST_CODES = new Map<unknown, ErrorCode>([
  ['BAD_REQUEST', ErrorCode.BAD_REQUEST],
  ['OPERATION_RESOLUTION_FAILURE', ErrorCode.BAD_REQUEST],
  ['BAD_USER_INPUT', ErrorCode.BAD_USER_INPUT],
  ['GRAPHQL_PARSE_FAILED', ErrorCode.GRAPHQL_PARSE_FAILED],
  ['GRAPHQL_VALIDATION_FAILED', ErrorCode.GRAPHQL_VALIDATION_FAILED],
  ['PERSISTED_QUERY_NOT_FOUND', ErrorCode.PERSISTED_QUERY_NOT_FOUND],
  ['PERSISTED_QUERY_NOT_SUPPORTED', ErrorCode.PERSISTED_QUERY_NOT_SUPPORTED],
]);

/** The one way out for errors of GraphQL: a code of the closed list, a safe message, and nothing that was not meant. */
export function formatError(formatted: GraphQLFormattedError, error: unknown): GraphQLFormattedError {
  const thrown = unwrapResolverError(error);
  const position = {
    ...(formatted.path && { path: formatted.path }),
    ...(formatted.locations && { locations: formatted.locations }),
  };
  const code = REQUEST_CODES.get(formatted.extensions?.['code']);
  if (code && thrown instanceof GraphQLError) {
    const extensions = withoutAbsent({ ...pickFields(thrown), code, requestId: currentRequestId() });
    return { message: withoutValues(formatted.message), ...position, extensions: { ...extensions } };
  }
  const publicError = publicErrorOf(thrown);
  logFault(publicError);
  return { message: publicError.message, ...position, extensions: { ...extensionsOf(publicError) } };
}

/** Our own plugins attach these to the errors of a refused request; `withoutValues` has nothing to cut there. */
function pickFields({ extensions }: GraphQLError): Partial<ErrorExtensions> {
  const { fields, action } = extensions as Partial<ErrorExtensions>;
  return { ...(fields && { fields }), ...(action && { action }) };
}
