import { boot } from "../boot.js";

await boot(() =>
  Promise.all([
    import("../components/connection.js"),
    import("../components/countdown.js"),
    import("../components/stage.js"),
    import("../components/venue.js"),
  ]),
);
