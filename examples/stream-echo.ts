// Echoes messages of any size: a 64 KB heap is enough for one of 16 MB.
import { readSetting } from "@devicescript/settings"
import { connect } from "../src"
import { echo } from "./echo"

const url = await readSetting("URL", "ws://127.0.0.1:9001/")
const connection = await connect(url)
const echoed = { messages: 0, bytes: 0 }
try {
    await echo(connection, echoed)
} catch (e) {
    console.error((e as Error).message)
}
const { code, reason } = connection.end
console.log(
    `${echoed.messages} messages, ${echoed.bytes} bytes, closed with ${code} "${reason}"`
)
