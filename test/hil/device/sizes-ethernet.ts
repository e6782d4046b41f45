import { start } from "../../../src/app/networks/ethernet"
import { runSizes } from "./sizes"

await runSizes(await start())
