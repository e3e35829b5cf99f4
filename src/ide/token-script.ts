/**
 * What Altair runs after each answer, in every tab, in its interpreter of ECMAScript 2019: no `?.` and no `??`.
 *
 * It keeps the tokens of any answer that holds some, under whatever alias, in Altair's environment, where
 * `{{accessToken}}` and `{{refreshToken}}` find them, and forgets them once `logout` has ended the session.
 */
export const TOKEN_SCRIPT = `
const data = JSON.parse(altair.response.body).data || {};
const remember = async (tokens) => {
  await altair.helpers.setEnvironment('accessToken', tokens.accessToken, true);
  await altair.helpers.setEnvironment('refreshToken', tokens.refreshToken, true);
};
for (const payload of Object.values(data)) {
  if (payload && payload.accessToken && payload.refreshToken) await remember(payload);
}
if (data.logout) await remember({ accessToken: '', refreshToken: '' });
`.trim();
