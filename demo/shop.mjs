// A small application: three checkouts, each one transaction that changes the shop's own table and logs what happened.
import pg from 'pg';

const client = new pg.Client();
await client.connect();
await client.query("SET eventlog.source = 'shop'");
await client.query("SET eventlog.app_version = '2.4.1'");

async function checkout(order, customer, amount, fails) {
    await client.query('BEGIN');
    await client.query('INSERT INTO orders (id, customer, amount) VALUES ($1, $2, $3)', [order, customer, amount]);
    const { rows } = await client.query({
        name: 'order-paid',
        text: `SELECT eventlog.log_event('order.paid', $1, actor_type => 'user', actor_id => $2, resource_type => 'order',
                                         resource_id => $3, value => $4, forward_to_statsig => true) AS id`,
        values: [{ order, currency: 'EUR', items: [{ sku: 'tea', quantity: 2 }] }, customer, String(order), amount],
    });
    await client.query(fails ? 'ROLLBACK' : 'COMMIT');
    console.log(`order ${order}: ${fails ? 'card refused, rolled back' : 'paid'}, event ${rows[0].id}`);
}

await checkout(1001, 'ada', 42.5, false);
await checkout(1002, 'bob', 7, true);
await checkout(1003, 'cyd', 19.9, false);
await client.end();
