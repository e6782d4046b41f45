import { start } from "../../../src/networks/ethernet"
import { runSizes } from "./sizes"

await runSizes(await start())
