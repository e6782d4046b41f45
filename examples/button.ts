// A button in the same room: each press toggles the lamp, and the answer says what the lamp is.
import { readSetting } from "@devicescript/settings"
import { connect, heartbeat, reconnecting, sleep } from "../src"

const url = await readSetting("URL", "ws://192.168.1.20:8000/room/lamp")
const connection = reconnecting(async () => heartbeat(await connect(url)))
for (;;) {
    // a press a second, in place of a button's
    await sleep(1000)
    await connection.opened()
    await connection.send("toggle")
    const answer = await connection.recv(5000)
    if (answer === null) break
    if (answer) console.log(`pressed: ${answer.text()}`)
}
