// Sends back what it gets, by a protocol version of before RFC 6455, and closes when it gets "bye".
import { readSetting } from "@devicescript/settings"
import { hixie75, hixie76 } from "../../../src/hixie/hixie"
import { dialNative } from "../../../src/net/native"
import { backoff } from "../../../src/websocket/reconnect"
import { connectOver } from "../../../src/websocket/websocket"

const url = await readSetting("URL", "")
const version = await readSetting("VERSION", "")
const ws = await connectOver(dialNative, url, {
    version: version === "hixie-76" ? hixie76() : hixie75(),
    reconnect: backoff({ initial: 1, max: 1 }),
})
ws.onclose.subscribe(({ code, wasClean, error }) =>
    console.log(
        `closed ${code} ${wasClean ? "clean" : "torn"} ${error ? error.message : ""}`
    )
)
for (;;) {
    const message = await ws.recv()
    if (!message) break
    if (message.text() === "bye") await ws.close()
    else await ws.send(message)
}
