// A sensor that reports JSON each second, connects again whenever it has to, and logs what it is told.
import { readSetting } from "@devicescript/settings"
import { connect, heartbeat, listen, reconnecting, sleep } from "../src"

const url = await readSetting("URL", "ws://192.168.1.20:8000/ws")
const connection = reconnecting(async () => heartbeat(await connect(url)))
listen(connection, { message: message => console.log(message.text()) })
for (let n = 1; ; ++n) {
    await connection.opened()
    // in the place of a sensor's
    const temperature = 20 + (n % 10)
    await connection.send(JSON.stringify({ n, temperature }))
    await sleep(1000)
}
