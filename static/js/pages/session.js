import { boot } from "../boot.js";

await boot(() =>
  Promise.all([
    import("../components/connection.js"),
    import("../components/countdown.js"),
    import("../components/agenda.js"),
    import("../components/devices.js"),
    import("../components/polls.js"),
    import("../components/rating.js"),
    import("../components/session.js"),
    import("../components/stage.js"),
  ]),
);
