// What every script here shares: its settings from standard input, a connection, and one JSON object to standard output.
import fs from 'node:fs';
import crypto from 'node:crypto';
import { createRequire } from 'node:module';

export const jsforce = createRequire(import.meta.url)('jsforce');
export const settings = JSON.parse(fs.readFileSync(0, 'utf8'));
export const client = { loginUrl: settings.base, clientId: settings.clientId, clientSecret: settings.clientSecret };

export async function connect(version = '60.0') {
  const connection = new jsforce.Connection({ loginUrl: settings.base, oauth2: client, version });
  await connection.authorize({ grant_type: 'client_credentials' });
  return connection;
}

export function assertion() {
  const encode = (part) => Buffer.from(JSON.stringify(part)).toString('base64url');
  const claims = { iss: settings.clientId, sub: settings.username, aud: 'https://login.salesforce.com' };
  const signed = `${encode({ alg: 'RS256' })}.${encode({ ...claims, exp: Math.floor(Date.now() / 1000) + 180 })}`;
  return `${signed}.${crypto.sign('RSA-SHA256', Buffer.from(signed), settings.privateKey).toString('base64url')}`;
}

export async function failure(action) {
  try {
    await action();
  } catch (error) {
    return { name: error.name, code: error.errorCode ?? null, message: error.message };
  }
  return null;
}

export function print(result) {
  process.stdout.write(JSON.stringify(result));
}
