// check.mjs DIR reads every WARC file in a folder with warcio: each record must be whole, its block and payload must have the
// digests that it names, and the HTTP header must be true of the payload. It ends with what there was.
import fs from 'node:fs'
import path from 'node:path'
import zlib from 'node:zlib'
import crypto from 'node:crypto'
import { WARCParser } from 'warcio'

const dir = process.argv[2]
const sha256 = data => 'sha256:' + crypto.createHash('sha256').update(data).digest('hex')
const fail = (record, why) => { throw new Error(`${record.warcType} of ${record.warcTargetURI}: ${why}`) }
const counts = {}
const ids = new Set()
const referred = []

for (const name of fs.readdirSync(dir).filter(n => n.endsWith('.warc.gz')).sort()) {
  const data = fs.readFileSync(path.join(dir, name))
  const records = []
  for await (const record of new WARCParser(fs.createReadStream(path.join(dir, name)))) {
    const payload = await record.readFully(false)
    const header = n => record.warcHeader(n)
    const id = header('WARC-Record-ID')
    if (ids.has(id)) fail(record, 'its id is there twice')
    ids.add(id)
    if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?Z$/.test(header('WARC-Date'))) fail(record, 'date ' + header('WARC-Date'))
    for (const field of ['WARC-Refers-To', 'WARC-Concurrent-To', 'WARC-Warcinfo-ID']) if (header(field)) referred.push([record, header(field)])
    if (record.warcType === 'response') {
      if (sha256(payload) !== header('WARC-Payload-Digest')) fail(record, 'payload digest')
      const length = record.httpHeaders.headers.get('content-length')
      if (length !== null && length !== undefined && Number(length) !== payload.length) fail(record, `Content-Length ${length}, ${payload.length} bytes`)
      if (record.httpHeaders.headers.get('content-encoding') || record.httpHeaders.headers.get('transfer-encoding')) fail(record, 'a coding that is undone')
    }
    counts[record.warcType] = (counts[record.warcType] || 0) + 1
    records.push(record)
  }
  // Blocks by hand: what gunzip gives, cut at the lengths.
  const text = zlib.gunzipSync(data)
  let at = 0
  for (const record of records) {
    const begin = text.indexOf('\r\n\r\n', at) + 4
    const length = Number(record.warcHeader('Content-Length'))
    if (sha256(text.subarray(begin, begin + length)) !== record.warcHeader('WARC-Block-Digest')) fail(record, 'block digest')
    at = begin + length + 4
  }
  if (at !== text.length) throw new Error(`${name}: ${text.length - at} bytes behind the last record`)
}
for (const [record, id] of referred) if (!ids.has(id)) fail(record, `names ${id}, which is nowhere`)
if (!counts.response) throw new Error('no answers: ' + JSON.stringify(counts))
console.log('records', JSON.stringify(counts))
