// Over TLS, trusting the certificate authority of the environment only.
import { connect, print } from './connect.mjs';

const connection = await connect();
print({ url: connection.instanceUrl, total: (await connection.query('SELECT Id FROM User')).totalSize });
