import { boot } from "../boot.js";

await boot(() => Promise.all([import("../components/venue.js")]));
