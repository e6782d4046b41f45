// Asks the server, and gets the answer to its question, whatever else comes in between.
import { readSetting } from "@devicescript/settings"
import { connect, heartbeat, json, requests } from "../src"

const url = await readSetting("URL", "ws://192.168.1.20:8080")
const connection = heartbeat(await connect(url))
const request = requests(connection, message => json(message)?.id)
for (let id = 1; id <= 3; ++id) {
    const question = JSON.stringify({ id, add: [id, 1] })
    const answer = await request(id, question, 5000)
    console.log(answer ? `${id} + 1 = ${json(answer).sum}` : "no answer")
}
await connection.close()
console.log("closed")
