// The streaming echo over a WebSocket that connects again and again.
import { readSetting } from "@devicescript/settings"
import { backoff, dialNative, WebSocket } from "../../../src"
import { echo } from "../../../examples/echo"

const url = await readSetting("URL", "")
const ws = new WebSocket(dialNative, url, {
    slices: true,
    reconnect: backoff({ initial: 1, max: 1 }),
})
const echoed = { messages: 0, bytes: 0 }
for (;;) await echo(ws, echoed)
