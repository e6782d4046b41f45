import { testPrograms } from "./device-programs.ts"

testPrograms("protocol")
