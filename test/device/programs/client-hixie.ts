// Sends back what it gets, by a protocol of before RFC 6455, and ends the connection when it gets "bye".
import { readSetting } from "@devicescript/settings"
import { connectHixie75, connectHixie76, dialNative } from "../../../src"
import { backoff } from "../../../src/websocket/backoff"
import { reconnecting } from "../../../src/websocket/reconnecting"

const url = await readSetting("URL", "")
const version = await readSetting("VERSION", "")
const connect = version === "hixie-76" ? connectHixie76 : connectHixie75
const ws = reconnecting(
    async () => await connect(dialNative, url),
    backoff({ initial: 1, max: 1 }),
    {
        onclose: ({ code, wasClean, error }) =>
            console.log(
                `closed ${code} ${wasClean ? "clean" : "torn"} ${error ? error.message : ""}`
            ),
    }
)
for (;;) {
    const message = await ws.recv()
    if (!message) break
    if (message.text() === "bye") await ws.close()
    else await ws.send(message)
}
