// A button in the same room: each press toggles the lamp, and the answer says what the lamp is.
import { readSetting } from "@devicescript/settings"
import { connect, sleep } from "../src"

const url = await readSetting("URL", "ws://192.168.1.20:8000/room/lamp")
const connection = await connect(url)
for (;;) {
    // in place of a press
    await sleep(1000)
    await connection.send("toggle")
    const answer = await connection.recv(5000)
    if (answer === null) break
    if (answer) console.log(`pressed: ${answer.text()}`)
}
