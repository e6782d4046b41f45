// Sends and reads nothing: somebody has to answer the server's Pings meanwhile, and listen does.
import { readSetting } from "@devicescript/settings"
import { connect, listen, sleep } from "../src"

const url = await readSetting("URL", "ws://192.168.1.20:8000/ws")
const connection = await connect(url)
listen(connection, { end: ({ code }) => console.log(`closed with ${code}`) })
while (!connection.end) {
    await connection.send("still here")
    await sleep(1000)
}
