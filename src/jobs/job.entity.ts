import { defineEntity, p } from '@mikro-orm/core';
import { moment } from '../database/base.properties.js';

const schema = defineEntity({
  name: 'JobState',
  tableName: 'jobs',
  properties: {
    name: p.string().length(64).primary(),
    nextRunAt: moment(),
    /** The last run that left nothing to do. */
    lastRunAt: moment().nullable(),
  },
});

/** When a job is due. Its row is the lock: whoever holds it runs the job. */
export class JobState extends schema.class {}

schema.setClass(JobState);
