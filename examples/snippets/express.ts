import express, { type RequestHandler } from 'express';
import { callerOf } from './verify.js';

/** Lets through who has one of these roles, or anybody who is signed in when there are none. */
const allow =
  (...roles: string[]): RequestHandler =>
  async (request, response, next) => {
    const caller = await callerOf(request.headers.authorization);
    if (!caller) return void response.status(401).set('WWW-Authenticate', 'Bearer').json({ code: 'UNAUTHENTICATED' });
    const mayPass = roles.length === 0 || roles.some((role) => caller.roles.includes(role));
    if (!mayPass) return void response.status(403).json({ code: 'FORBIDDEN' });
    response.locals['caller'] = caller;
    next();
  };

export const app = express();
app.get('/hello', allow(), (_request, response) => response.json(response.locals['caller']));
app.get('/reports', allow('admin'), (_request, response) => response.json(['All is well.']));
