import { connect, hixie76 } from "../../src"

const ws = await connect("ws://127.0.0.1:8000/", { version: hixie76() })
for (;;) await ws.send(await ws.recv())
