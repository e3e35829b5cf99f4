import { callerOf } from './verify.js';

/** `app/api/hello/route.ts` */
export async function GET(request: Request): Promise<Response> {
  const caller = await callerOf(request.headers.get('authorization'));
  if (!caller) {
    const headers = { 'WWW-Authenticate': 'Bearer' };
    return Response.json({ code: 'UNAUTHENTICATED' }, { status: 401, headers });
  }
  return Response.json(caller);
}
