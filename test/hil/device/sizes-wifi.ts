import { start } from "../../../src/app/networks/wifi"
import { runSizes } from "./sizes"

await runSizes(await start())
