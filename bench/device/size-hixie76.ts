import { hixie76 } from "../../src/hixie/hixie"
import { dialNative } from "../../src/net/native"
import { connectOver } from "../../src/websocket/websocket"

const ws = await connectOver(dialNative, "ws://127.0.0.1:8000/", {
    version: hixie76(),
})
for (;;) await ws.send(await ws.recv())
