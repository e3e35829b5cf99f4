/**
 * Scripts that Altair runs after an answer, in its interpreter of ECMAScript 2019: no `?.` and no `??`.
 * They keep the tokens in its environment, where `{{accessToken}}` and `{{refreshToken}}` find them.
 */

/** Remembers the tokens of any answer that holds some, under whatever alias. */
export const REMEMBER_TOKENS = `
const data = JSON.parse(altair.response.body).data || {};
for (const payload of Object.values(data)) {
  if (payload && payload.accessToken) {
    await altair.helpers.setEnvironment('accessToken', payload.accessToken, true);
    await altair.helpers.setEnvironment('refreshToken', payload.refreshToken, true);
  }
}
`.trim();

/** Forgets both tokens once the server has ended the session. */
export const FORGET_TOKENS = `
const data = JSON.parse(altair.response.body).data || {};
if (data.logout) {
  await altair.helpers.setEnvironment('accessToken', '', true);
  await altair.helpers.setEnvironment('refreshToken', '', true);
}
`.trim();
