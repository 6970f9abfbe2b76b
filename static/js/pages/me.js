import { boot } from "../boot.js";

await boot(() =>
  Promise.all([
    import("../components/agenda.js"),
    import("../components/connection.js"),
    import("../components/day.js"),
    import("../components/devices.js"),
    import("../components/my-wishes.js"),
  ]),
);
