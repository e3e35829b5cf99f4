/** The context of the lines that the audit trail has in the log. */
export const AUDIT_CONTEXT = 'Audit';

/** The context of the warnings about the configuration. */
export const CONFIGURATION_CONTEXT = 'Configuration';

/** The contexts whose lines are logged whatever the severity is. `LOG_LEVEL=silent` alone takes them away. */
export const UNFILTERED: ReadonlySet<string> = new Set([AUDIT_CONTEXT, CONFIGURATION_CONTEXT]);
