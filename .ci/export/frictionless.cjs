// Validates a data package with the library of the Frictionless project (every cell of the CSV tables against its type, and
// foreign keys), and what version 2 of the standard adds with a JSON Schema: https://datapackage.org/standard/.
const fs = require('fs'), crypto = require('crypto'), path = require('path')
const { Package } = require('datapackage')
const Ajv = require('ajv')

const profile = name => ({ const: `https://datapackage.org/profiles/2.0/${name}.json` })
const string = { type: 'string', minLength: 1 }
const field = {
  type: 'object', required: ['name', 'type'], properties: {
    name: string, title: string, description: string,
    type: { enum: ['string', 'number', 'integer', 'date', 'time', 'datetime', 'year', 'yearmonth', 'boolean', 'object', 'geopoint', 'geojson', 'array', 'list', 'duration', 'any'] },
    categories: { type: 'array', minItems: 1, uniqueItems: true, items: { type: 'object', required: ['value'], properties: { value: string, label: string }, additionalProperties: false } },
  },
}
const version2 = {
  type: 'object', required: ['$schema', 'resources'], properties: {
    $schema: profile('datapackage'), name: { type: 'string', pattern: '^[-a-z0-9._/]+$' }, title: string, description: string,
    resources: {
      type: 'array', minItems: 1, items: {
        type: 'object', required: ['name', 'path'], properties: {
          name: string, path: { type: 'string', pattern: '^[A-Za-z0-9][A-Za-z0-9._-]*$' }, type: { const: 'table' },
          mediatype: { type: 'string', pattern: '^.+/.+$' }, bytes: { type: 'integer', minimum: 0 }, hash: { type: 'string', pattern: '^sha256:[0-9a-f]{64}$' },
          dialect: { type: 'object', required: ['$schema'], properties: { $schema: profile('tabledialect'), sheetName: string, table: string }, additionalProperties: false },
          schema: {
            type: 'object', required: ['$schema', 'fields'], properties: {
              $schema: profile('tableschema'), fields: { type: 'array', minItems: 1, items: field }, missingValues: { type: 'array', items: { type: 'string' } },
              primaryKey: { type: 'array', minItems: 1, items: string },
              foreignKeys: { type: 'array', items: { type: 'object', required: ['fields', 'reference'] } },
            },
          },
        },
      },
    },
  },
}

async function main (folder) {
  const descriptor = JSON.parse(fs.readFileSync(path.join(folder, 'datapackage.json')))
  const validate = new Ajv({ allErrors: true }).compile(version2)
  if (!validate(descriptor)) throw new Error(JSON.stringify(validate.errors, null, 1))
  const names = descriptor.resources.map(r => r.name)
  if (new Set(names).size !== names.length) throw new Error('a name of a resource is there twice')
  for (const r of descriptor.resources) {
    const bytes = fs.readFileSync(path.join(folder, r.path))
    const hash = 'sha256:' + crypto.createHash('sha256').update(bytes).digest('hex')
    if (bytes.length !== r.bytes || hash !== r.hash) throw new Error(`${r.path} is not what datapackage.json says`)
  }
  const dataPackage = await Package.load(descriptor, { basePath: folder })
  if (!dataPackage.valid) throw new Error(dataPackage.errors.map(e => e.message).join('\n'))
  let rows = 0
  for (const r of dataPackage.resources.filter(r => r.descriptor.format === 'csv')) {
    const read = await r.read({ relations: r.schema.foreignKeys.length > 0 })
    if (read.length !== r.descriptor.rows) throw new Error(`${r.name}: ${read.length} rows`)
    rows += read.length
  }
  if (rows === 0) throw new Error('no rows')
  console.log(`valid: ${names.length} resources, ${rows} rows of CSV`)
}

main(process.argv[2]).catch(err => { console.error(err.message, err.errors || ''); process.exit(1) })
