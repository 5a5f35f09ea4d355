// Every way in that jsforce offers; each proves itself by asking who it is.
import { assertion, client, failure, jsforce, print, settings } from './connect.mjs';

const version = '60.0';
const redirectUri = 'http://localhost/callback';

async function soap() {
  const connection = new jsforce.Connection({ loginUrl: settings.base, version });
  await connection.login(settings.username, settings.password);
  return connection;
}

async function oauthPassword() {
  const connection = new jsforce.Connection({ oauth2: client, loginUrl: settings.base, version });
  await connection.login(settings.username, settings.password);
  return connection;
}

async function clientCredentials() {
  const connection = new jsforce.Connection({ oauth2: client, version });
  await connection.authorize({ grant_type: 'client_credentials' });
  return connection;
}

async function jwtBearer() {
  const connection = new jsforce.Connection({ oauth2: { loginUrl: settings.base }, version });
  const grant = 'urn:ietf:params:oauth:grant-type:jwt-bearer';
  await connection.authorize({ grant_type: grant, assertion: assertion() });
  return connection;
}

async function authorizationCode() {
  const oauth2 = new jsforce.OAuth2({ ...client, redirectUri, useVerifier: true });
  const consented = await fetch(oauth2.getAuthorizationUrl({ scope: 'api refresh_token' }), { redirect: 'manual' });
  const connection = new jsforce.Connection({ oauth2, version });
  await connection.authorize(new URL(consented.headers.get('location')).searchParams.get('code'));
  return connection;
}

async function refreshToken() {
  const { refreshToken, instanceUrl } = await authorizationCode();
  return new jsforce.Connection({ oauth2: client, instanceUrl, accessToken: 'stale', refreshToken, version });
}

async function accessToken() {
  const { accessToken, instanceUrl } = await soap();
  return new jsforce.Connection({ accessToken, instanceUrl, version });
}

async function sessionId() {
  const { accessToken, instanceUrl } = await soap();
  return new jsforce.Connection({ sessionId: accessToken, serverUrl: `${instanceUrl}/services/Soap/u/${version}`, version });
}

const ways = { soap, oauthPassword, clientCredentials, jwtBearer, authorizationCode, refreshToken, accessToken, sessionId };
const identities = {};
for (const [name, way] of Object.entries(ways)) {
  identities[name] = (await (await way()).identity()).username;
}

const wrong = new jsforce.Connection({ loginUrl: settings.base, version });
const refused = await failure(() => wrong.login(settings.username, 'wrong'));
const out = await soap();
const { accessToken: token, instanceUrl } = out;
await out.logout();
const gone = new jsforce.Connection({ accessToken: token, instanceUrl, version });
print({ identities, refused, afterLogout: await failure(() => gone.query('SELECT Id FROM User')) });
