// duckdb.cjs DIR compares every table in Parquet and JSON Lines with the one in CSV; duckdb.cjs - FILE runs SQL.
const fs = require('fs')
const { DuckDBInstance } = require('@duckdb/node-api')

const types = { string: 'VARCHAR', integer: 'BIGINT', number: 'DOUBLE', boolean: 'BOOLEAN', date: 'DATE', datetime: 'TIMESTAMPTZ' }

async function compare (db, folder) {
  const descriptor = JSON.parse(fs.readFileSync(folder + '/datapackage.json'))
  let rows = 0n
  for (const r of descriptor.resources.filter(r => r.format === 'csv')) {
    const name = r.path.slice(0, -4)
    const columns = '{' + r.schema.fields.map(f => `'${f.name}': '${types[f.type]}'`).join(', ') + '}'
    const unguarded = r.schema.fields.map(f => f.type === 'string' ? `regexp_replace("${f.name}", '^''', '') AS "${f.name}"` : `"${f.name}"`).join(', ')
    const csv = `SELECT ${unguarded} FROM read_csv('${folder}/${r.path}', columns = ${columns}, header = true, nullstr = '', auto_detect = false, quote = '"', escape = '"')`
    const described = await db.runAndReadAll(`DESCRIBE SELECT * FROM '${folder}/${name}.parquet'`)
    for (const [i, [column, type]] of described.getRows().entries()) {
      const f = r.schema.fields[i]
      if (f.name !== column || !type.startsWith(types[f.type].slice(0, 7)) && !(f.type === 'datetime' && type === 'TIMESTAMP WITH TIME ZONE')) throw new Error(`${name}.parquet: ${column} is a ${type}`)
    }
    for (const other of [`SELECT * FROM '${folder}/${name}.parquet'`, `SELECT * FROM read_json('${folder}/${name}.jsonl', format = 'newline_delimited', columns = ${columns})`]) {
      const differ = await db.runAndReadAll(`SELECT (SELECT count(*) FROM ((${csv}) EXCEPT ALL (${other}))) + (SELECT count(*) FROM ((${other}) EXCEPT ALL (${csv}))), (SELECT count(*) FROM (${other}))`)
      const [[n, held]] = differ.getRows()
      if (n !== 0n || held !== BigInt(r.rows)) throw new Error(`${name}: ${n} of ${held} rows differ from CSV in ${other}`)
      rows += held
    }
  }
  if (rows === 0n) throw new Error('no rows')
  console.log(`${rows} rows agree with CSV`)
}

async function main (folder, file) {
  const db = await (await DuckDBInstance.create(':memory:')).connect()
  if (folder !== '-') return compare(db, folder)
  const result = await db.runAndReadAll(fs.readFileSync(file, 'utf8'))
  if (result.getRows().length === 0) throw new Error('no rows')
  for (const row of result.getRows()) console.log(row.map(String).join('  '))
}

main(process.argv[2], process.argv[3]).catch(err => { console.error(err.message); process.exit(1) })
