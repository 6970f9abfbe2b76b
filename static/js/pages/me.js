import { boot } from "../boot.js";

await boot(() =>
  Promise.all([
    import("../components/connection.js"),
    import("../components/countdown.js"),
    import("../components/agenda.js"),
    import("../components/day.js"),
    import("../components/devices.js"),
  ]),
);
