import { start } from "../../../src/networks/wifi"
import { runSizes } from "./sizes"

await runSizes(await start())
