// A database of its own for a test file, with the extension, on the server that PGHOST, PGPORT, PGUSER and
// PGDATABASE name.

import pg from 'pg';

export class Database {
    #clients = [];

    constructor(name) { this.name = `eventlog_clients_${name}`; }

    /** Makes the database; what a broken run left is dropped first. */
    async create() {
        await administer(`DROP DATABASE IF EXISTS ${this.name} WITH (FORCE)`);
        await administer(`CREATE DATABASE ${this.name} TEMPLATE template0 ENCODING 'UTF8'`);
        const client = await this.connect();
        await client.query('CREATE EXTENSION eventlog');
    }

    /** A client that drop() closes. The options are those of pg.Client. */
    async connect(options = {}) {
        const client = new pg.Client({database: this.name, ...options});
        // A lost connection fails the queries under way; this keeps it from ending the process as well.
        client.on('error', () => {});
        await client.connect();
        this.#clients.push(client);
        return client;
    }

    /** Drops the database, beside the worker that serves it. */
    async drop() {
        await Promise.all(this.#clients.map((client) => client.end()));
        await administer(`DROP DATABASE ${this.name}`);
    }
}

async function administer(statement) {
    const client = new pg.Client();
    await client.connect();
    try {
        await client.query(statement);
    } finally {
        await client.end();
    }
}
