// A lamp in a room: anybody there may send it on, off or toggle, and it answers with what it is.
import { readSetting } from "@devicescript/settings"
import { connect, heartbeat, reconnecting } from "../src"

const url = await readSetting("URL", "ws://192.168.1.20:8000/room/lamp")
const connection = reconnecting(async () => heartbeat(await connect(url)))
let isOn = false
for (;;) {
    const message = await connection.recv()
    if (!message) break
    const command = message.isText ? message.text() : ""
    if (command !== "on" && command !== "off" && command !== "toggle") continue
    isOn = command === "toggle" ? !isOn : command === "on"
    console.log(`lamp is ${isOn ? "on" : "off"}`)
    await connection.send(isOn ? "lamp on" : "lamp off")
}
