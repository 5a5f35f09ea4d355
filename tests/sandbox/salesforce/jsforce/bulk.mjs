// Bulk API 2.0: a query as a stream of records, and ingest with the result of each row.
import { connect, failure, print } from './connect.mjs';

const connection = await connect();
connection.bulk2.pollInterval = 20;
const deal = (name, more = {}) => ({ Name: name, StageName: 'Prospecting', CloseDate: '2026-12-01', ...more });
const load = (operation, input, more = {}) =>
  connection.bulk2.loadAndWaitForResults({ object: 'Opportunity', operation, input, ...more });

const inserted = await load('insert', [deal('a, "b"', { NextStep: 'two\nlines', Amount: '10.25' }), { Name: 'no stage' }]);
const [{ sf__Id: id }] = inserted.successfulResults;
const updated = await load('update', [{ Id: id, Amount: null, Name: 'changed' }]);
const keyed = [deal('keyed', { External_Key__c: 'k' })];
const upserted = await load('upsert', keyed, { externalIdFieldName: 'External_Key__c' });

const stream = await connection.bulk2.query('SELECT Id, Name, Amount, NextStep FROM Opportunity ORDER BY Name');
const queried = await stream.toArray();
const removed = await load('delete', [{ Id: id }]);
const everything = await (
  await connection.bulk2.query('SELECT Name FROM Opportunity', { scanAll: true, columnDelimiter: 'COMMA', lineEnding: 'LF' })
).toArray();

print({
  inserted, updated, upserted, queried, removed, everything,
  failed: await failure(() => load('insert', [deal('x', { Nope__c: 1 })])),
});
