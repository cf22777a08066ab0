-- What must hold when everything is quiet again. Each query lists violations: none may return a row.

-- name: every change of an account has exactly one event that tells of it
SELECT accounts.id, accounts.version - 1 AS changes, count(outbox.seq) AS events
FROM shop.accounts LEFT JOIN shop.outbox
    ON outbox.aggregate_id = accounts.id::text AND outbox.type = 'account.changed'
GROUP BY accounts.id, accounts.version HAVING accounts.version - 1 <> count(outbox.seq);

-- name: every event was confirmed by the broker
SELECT seq, type, last_error FROM shop.outbox WHERE published_at IS NULL;

-- name: no effect is lost
SELECT outbox.seq, outbox.event_id FROM shop.outbox LEFT JOIN mirror.effects
    ON effects.event_id = outbox.event_id::text
WHERE outbox.type = 'account.credited' AND effects.id IS NULL;

-- name: no effect happened twice
SELECT event_id, count(*) FROM mirror.effects GROUP BY event_id HAVING count(*) > 1;

-- name: no effect without its event
SELECT effects.event_id FROM mirror.effects LEFT JOIN shop.outbox ON effects.event_id = outbox.event_id::text
WHERE outbox.seq IS NULL;

-- name: what is counted by effects is what was changed
SELECT accounts.id, accounts.balance, count(effects.id) AS effects
FROM shop.accounts LEFT JOIN mirror.effects ON effects.account_id = accounts.id
GROUP BY accounts.id, accounts.balance HAVING accounts.balance <> count(effects.id);

-- name: the copy equals the source
SELECT accounts.id, accounts.balance, account_copies.balance, accounts.version, account_copies.sequence
FROM shop.accounts LEFT JOIN mirror.account_copies ON account_copies.account_id = accounts.id
WHERE accounts.version > 1
    AND (accounts.balance, accounts.name, accounts.version)
        IS DISTINCT FROM (account_copies.balance, account_copies.name, account_copies.sequence);

-- name: no copy ever went back to an older state
SELECT account_id, held, taken FROM mirror.steps_back;

-- name: the inbox remembers every event that was applied
SELECT effects.event_id FROM mirror.effects LEFT JOIN mirror.inbox ON inbox.event_id::text = effects.event_id
WHERE inbox.event_id IS NULL;
