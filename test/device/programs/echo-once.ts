import { connect } from "@devicescript/net"
import { readSetting } from "@devicescript/settings"

const port = await readSetting("port", 0)
const socket = await connect({ host: "127.0.0.1", port })
await socket.send("hello")
const answer = await socket.recv()
console.log(`answer: ${answer.toString("utf-8")}`)
await socket.close()
