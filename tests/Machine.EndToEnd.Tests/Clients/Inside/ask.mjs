// Asks each address in the ways that Node has, and prints what came.
import http from 'node:http'
import http2 from 'node:http2'
import https from 'node:https'

async function withFetch(address) {
  const answer = await fetch(address)
  const text = (await answer.text()).trim()
  if (!answer.ok) throw new Error(`${answer.status} ${text}`)
  return text
}

function read(stream, whole) {
  let text = ''
  stream.setEncoding('utf8')
  stream.on('data', part => { text += part })
  stream.on('end', () => whole(text.trim()))
}

const withModule = address => new Promise((whole, broken) => {
  (address.startsWith('https') ? https : http).get(address, answer => {
    read(answer, text => answer.statusCode === 200 ? whole(text) : broken(new Error(`${answer.statusCode} ${text}`)))
  }).on('error', broken)
})

const withHttp2 = address => new Promise((whole, broken) => {
  const session = http2.connect(address)
  session.on('error', broken)
  const request = session.request({ ':path': '/' })
  request.on('error', broken)
  read(request, text => { session.close(); whole(text) })
  request.end()
})

for (const address of process.argv.slice(2)) {
  const ways = { fetch: withFetch, module: withModule }
  if (address.startsWith('https')) ways.http2 = withHttp2
  for (const [name, way] of Object.entries(ways)) {
    try {
      console.log(`${name}: ${await way(address)}`)
    } catch (error) {
      process.exitCode = 1
      console.log(`${name} failed: ${error.message} ${error.cause ?? ''}`)
    }
  }
}
