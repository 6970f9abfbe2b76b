import { boot } from "../boot.js";

await boot(() => Promise.all([import("../components/attendance.js"), import("../components/connection.js")]));
