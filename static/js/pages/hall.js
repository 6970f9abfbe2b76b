import { boot } from "../boot.js";

await boot(() => Promise.all([import("../components/connection.js"), import("../components/in-hall.js")]));
