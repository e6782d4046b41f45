/** A WebSocket over TLS by the pre-shared key of the settings, on the board's own socket. */
import { readSetting } from "@devicescript/settings"
import { connectOver } from "../../src"
import { dialNative } from "../../src/net/native"
import { secure } from "../../src/app/psk"

const dial = await secure(dialNative)
const ws = await connectOver(dial, await readSetting("url", ""))
for (let n = 1; n <= 20; ++n) {
    await ws.send(`message ${n}`)
    const message = await ws.recv()
    if (message.text() !== `message ${n}`) throw new Error("another message")
}
await ws.close()
console.log("20 messages")
