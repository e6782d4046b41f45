import { connectHixie76, dialNative } from "../../src"

const ws = await connectHixie76(dialNative, "ws://127.0.0.1:8000/")
for (;;) await ws.send(await ws.recv())
