// Makes one WebSocket after the other, each for one message.
import { readSetting } from "@devicescript/settings"
import { connect } from "../../../src"

const url = await readSetting("URL", "")
for (;;) {
    try {
        const ws = await connect(url)
        await ws.send(await ws.recv())
        await ws.close()
    } catch (e: any) {
        console.log(e.message)
    }
}
