// The npm client `pg`, as the client tests install it.

import {createRequire} from 'node:module';

export const {Client} = createRequire(new URL('../../test/clients/package.json', import.meta.url))('pg');
