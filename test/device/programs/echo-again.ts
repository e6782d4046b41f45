// The streaming echo, on one connection after the other.
import { readSetting } from "@devicescript/settings"
import { echo } from "../../../examples/echo"
import { connect, sleep } from "../../../src"

const url = await readSetting("URL", "")
const echoed = { messages: 0, bytes: 0 }
for (;;) {
    try {
        await echo(await connect(url), echoed)
    } catch {
        // The next one.
    }
    await sleep(1)
}
