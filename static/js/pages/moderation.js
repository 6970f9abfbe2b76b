import { boot } from "../boot.js";

await boot(() =>
  Promise.all([
    import("../components/connection.js"),
    import("../components/countdown.js"),
    import("../components/moderation.js"),
    import("../components/people.js"),
    import("../components/poll-desk.js"),
    import("../components/ratings.js"),
    import("../components/run-of-show.js"),
    import("../components/stage.js"),
    import("../components/stage-desk.js"),
  ]),
);
