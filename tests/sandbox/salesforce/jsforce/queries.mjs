// Reads: pages fetched by themselves, streams, the query builder, sub-queries, feeds, describe, limits.
import { connect, failure, print } from './connect.mjs';

const connection = await connect();
const soql = 'SELECT Id, Name FROM Opportunity ORDER BY Name';
const headers = { 'Sforce-Query-Options': 'batchSize=200' };

const firstPage = await connection.query(soql, { headers });
const nextPage = await connection.queryMore(firstPage.nextRecordsUrl);
const fetched = await connection.query(soql, { autoFetch: true, maxFetch: 10000, headers });

const streamed = [];
await new Promise((resolve, reject) => {
  const stream = connection.query(soql, { headers }).stream('record');
  stream.on('data', (record) => streamed.push(record.Name)).on('end', resolve).on('error', reject);
});

const built = await connection
  .sobject('Opportunity')
  .find({ Amount: { $gte: 400 }, Name: { $like: 'deal%' }, StageName: { $in: ['Prospecting'] } }, 'Name, Account.Name')
  .include('OpportunityLineItems', null, 'Quantity, TotalPrice')
  .end()
  .sort({ Amount: -1 })
  .limit(2);

const deleted = await connection.query('SELECT Name FROM Account WHERE IsDeleted = true', { scanAll: true });
const [start, end] = ['2026-11-21T11:00:00Z', '2026-11-21T13:00:00Z'];
const described = await connection.sobject('Opportunity').describe();
const globally = await connection.describeGlobal();
const recent = await connection.recent('Account', 1);

print({
  firstPage: { size: firstPage.records.length, total: firstPage.totalSize, done: firstPage.done },
  nextPage: nextPage.records.length,
  fetched: fetched.records.length,
  streamed: streamed.length,
  lastStreamed: streamed.at(-1),
  built,
  deleted: deleted.records.map((record) => record.Name),
  updated: (await connection.sobject('Account').updated(start, end)).ids.length,
  deletedFeed: (await connection.sobject('Account').deleted(start, end)).deletedRecords.length,
  amount: described.fields.find((field) => field.name === 'Amount').type,
  children: described.childRelationships.map((child) => child.relationshipName),
  objects: globally.sobjects.map((sobject) => sobject.name),
  recent,
  limits: await connection.limits(),
  usage: connection.limitInfo.apiUsage,
  count: (await connection.query('SELECT COUNT() FROM Opportunity')).totalSize,
  malformed: await failure(() => connection.query('SELECT Id FORM Account')),
});
