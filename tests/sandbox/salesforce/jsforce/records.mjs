// Writes: one record, collections of records, upserts, all or none.
import { connect, failure, print } from './connect.mjs';

const connection = await connect();
const opportunities = connection.sobject('Opportunity');
const deal = (name, more = {}) => ({ Name: name, StageName: 'Prospecting', CloseDate: '2026-12-01', ...more });

const created = await opportunities.create(deal('one', { Amount: 1250.5 }));
const updated = await opportunities.update({ Id: created.id, Name: 'changed' });
const read = await opportunities.retrieve(created.id);
const upsertNew = await opportunities.upsert(deal('keyed', { External_Key__c: 'k' }), 'External_Key__c');
const upsertOld = await opportunities.upsert({ Name: 'keyed again', External_Key__c: 'k' }, 'External_Key__c');

const several = await opportunities.create([deal('a'), { Name: 'no stage' }, deal('c')]);
const none = await opportunities.create([deal('never'), { Name: 'no stage' }], { allOrNone: true });
const ids = several.filter((result) => result.success).map((result) => result.id);
const changed = await opportunities.update(ids.map((Id) => ({ Id, NextStep: 'call' })));
const many = await opportunities.retrieve([...ids, '006000000000000AAA'], { fields: ['Name', 'NextStep'] });
const keys = ['k', 'm', 'n', 'n'];
const upserted = await opportunities.upsert(
  keys.map((key) => deal(`by ${key}`, { External_Key__c: key })),
  'External_Key__c',
);
const removed = await opportunities.destroy(ids);
const destroyed = await opportunities.destroy(created.id);

print({
  created, updated, read, upsertNew, upsertOld, several, none, changed, many, upserted, removed, destroyed,
  gone: await failure(() => opportunities.retrieve(created.id)),
  unknownField: await failure(() => opportunities.create(deal('x', { Nope__c: 1 }))),
  choices: await failure(() => opportunities.upsert({ Name: 'two', Order_Key__c: 'o' }, 'Order_Key__c')),
});
