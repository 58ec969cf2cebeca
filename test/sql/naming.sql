-- The naming policies.
\t on
\pset format unaligned
LOAD 'eventlog';

CREATE TABLE names (name text);
INSERT INTO names VALUES
    ('order created'), ('Order.Created'), ('order'), ('order.created'), ('order_item.created'), ('o.c'), ('a1.b2'),
    ('a.b.c'), ('shop.order.created'),
    ('shop.order_item.created'), ('shop.order.created.v2'), ('shop.order.created.v10'), ('shop.order.created.v0'),
    ('shop.order.created.v02'),
    ('shop.order.created.v'), ('shop.order.created.w2'), ('shop.order.created.V2'), ('shop.order.created.v2.x'),
    ('a.b.c.d'), ('a.b.c.d.e'),
    ('1shop.order.created'), ('_shop.order.created'), ('shop..created'), ('.shop.order'), ('shop.order.'), ('.'),
    ('shop.order-item.created'),
    ('shop.order.créé'), ('shop. order.created'), (' shop.order.created '), ('shop.v2.created'), ('v1.v2.v3'),
    ('v1.v2.v3.v4');

CREATE VIEW verdicts AS
SELECT quote_literal(name) AS name, verdict(format('SELECT eventlog.log_event(%L)', name)) FROM names;

-- The naming policy any is the default.
SHOW eventlog.naming_policy;
SELECT verdict, count(*) FROM verdicts GROUP BY verdict;

-- The policy dotted requires two or more lower-case [a-z][a-z0-9_]* parts joined by dots.
SET eventlog.naming_policy = 'dotted';
SELECT * FROM verdicts;
SELECT refusal($$SELECT eventlog.log_event('Order.Created')$$);

-- The policy strict requires domain.entity.verb of [a-z][a-z0-9]*, with an optional fourth part vN.
SET eventlog.naming_policy = 'strict';
SELECT * FROM verdicts;
SELECT refusal($$SELECT eventlog.log_event('order.created')$$);

-- The error quotes a long name in shortened form.
SELECT refusal(format('SELECT eventlog.log_event(%L)', repeat('é', 256)));

-- Under every policy the name is required, and a literal is refused.
SELECT verdict($$SELECT eventlog.log_event(' ')$$), verdict($$SELECT eventlog.log_event('{')$$),
       verdict(format('SELECT eventlog.log_event(%L)', repeat('a', 253) || '.b.c')),
       verdict(format('SELECT eventlog.log_event(%L)', repeat('a', 252) || '.b.c'));

-- Every log function applies the policy.
SELECT verdict($$SELECT eventlog.log_envelope('{"eventName": "x"}')$$),
       verdict($$SELECT eventlog.log_envelope('{"type": "x", "source": "s"}')$$),
       verdict($$SELECT eventlog.log_envelope('{"service": "s", "eventType": "x", "eventTimestamp": "2026-01-01"}')$$),
       verdict($$SELECT * FROM eventlog.log_events('[{"eventName": "a.b.c"}, {"eventName": "x"}]')$$),
       verdict($$SELECT * FROM eventlog.log_events_json('[{"eventName": "a.b.c"}, {"eventName": "x"}]')$$);

-- A policy must be one of the three.
SET eventlog.naming_policy = 'loose';
SET eventlog.naming_policy = '';
RESET eventlog.naming_policy;

DROP VIEW verdicts;
DROP TABLE names;
