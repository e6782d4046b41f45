import { connect, reconnecting } from "../../src"

const ws = reconnecting(async () => await connect("ws://127.0.0.1:8000/"))
for (;;) await ws.send(await ws.recv())
