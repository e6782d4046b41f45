// Draws curves into the server's live plot; its page is at /plot.
import { readSetting } from "@devicescript/settings"
import { connect, headers, plotter, sleep, subprotocols } from "../src"

const url = await readSetting("URL", "ws://192.168.1.20:8000/ws")
const connection = await connect(url, {
    handshake: [
        subprotocols("teleplot"),
        headers({ "Device-Name": "kitchen" }),
    ],
})
const plot = plotter(connection)
for (let n = 0; ; ++n) {
    await plot("temperature", 20 + (n % 10))
    await plot("pressure", 1000 + (n % 7))
    if (n % 10 === 0) console.log(`${n} points each`)
    await sleep(100)
}
