/**
 * The shapes that docs/protocol.md defines, for the type checker.
 *
 * @typedef {"planned" | "backstage" | "live" | "ended"} SessionState
 * @typedef {"live" | "lobby" | "active_pause" | "break" | "breakouts" | "feedback"} SessionKind
 * @typedef {"camera" | "screen" | "programme" | "backup"} Source `backup`: the programme's second feed, seen in the Regie alone
 * @typedef {"single" | "multiple" | "scale" | "words"} PollKind
 * @typedef {"draft" | "open" | "closed" | "published"} PollState
 *
 * @typedef {object} Part
 * @property {string} key
 * @property {string} title
 * @property {string} format
 * @property {{name: string, office: string, where: string}[]} speakers
 *
 * @typedef {object} AgendaItem
 * @property {string} key
 * @property {SessionKind} kind
 * @property {string} title
 * @property {string} starts instant, ISO 8601
 * @property {string} ends instant, ISO 8601
 * @property {SessionState} state
 * @property {string | null} running_since instant, ISO 8601
 * @property {boolean} record
 * @property {number} [shifted] minutes that it begins later than in the programme
 * @property {Part[]} parts
 *
 * @typedef {object} Entry someone's feed on stage or backstage
 * @property {string} person
 * @property {string} name
 * @property {string} office
 * @property {Source} source
 * @property {boolean} audio
 * @property {boolean} video
 * @property {boolean} [named] whether the name stands on the picture
 * @property {string | null} [going_on_at] announced to come on stage then
 * @property {string} [waits] why somebody who was announced did not come on stage
 *
 * @typedef {object} Film the one on stage
 * @property {string} part
 * @property {string} title
 * @property {string} key names its address
 * @property {string} type media type
 * @property {boolean} subtitles
 * @property {number} duration milliseconds
 * @property {string | null} started_at when it goes on from `position`; null: paused there
 * @property {number} position milliseconds
 *
 * @typedef {object} FilmPart a film of the programme
 * @property {string} part
 * @property {string} title
 * @property {{name: string, size: number, duration: number, subtitles: boolean} | null} file
 *
 * @typedef {object} Stage
 * @property {(Entry | null)[]} slots
 * @property {Entry[]} backstage
 * @property {{person: string, source: Source} | null} [speaker] who has the word
 * @property {Record<string, {feed: "main" | "backup", automatic: boolean}>} [air] by person: which of the programme's feeds is on air, where it was changed
 *
 * @typedef {object} Result
 * @property {number} run
 * @property {number} eligible
 * @property {number} present
 * @property {number} voted
 * @property {number[] | null} counts
 * @property {[string, number][] | null} words
 * @property {number | null} mean
 *
 * @typedef {number | number[] | string | null} Choice
 *
 * @typedef {object} Poll
 * @property {string} key
 * @property {string} question
 * @property {PollKind} kind
 * @property {string[]} options
 * @property {number | null} max_choices null: as many as there are
 * @property {number | null} scale_from
 * @property {number | null} scale_to
 * @property {boolean} anonymous
 * @property {boolean} revisable
 * @property {PollState} state
 * @property {number} run
 * @property {string | null} published_at when the result was shown, while it is
 * @property {{voted: boolean, choice: Choice} | null} mine
 * @property {Result | null} result
 * @property {number} [position] where it stands in the list
 *
 * @typedef {object} Rating what one person answered in the feedback session
 * @property {number | null} rating
 * @property {Record<string, number>} aspects
 * @property {string | null} comment
 *
 * @typedef {object} Feedback
 * @property {string} question
 * @property {number} from
 * @property {number} to
 * @property {string[]} aspects
 * @property {string | null} comment
 * @property {{label: string, mean: number, participants: number} | null} previous
 * @property {Rating | null} mine
 *
 * @typedef {object} PauseStep
 * @property {string} title empty for the rest
 * @property {number} seconds
 * @property {string} figure
 * @property {Record<string, string>} texts by variant: sitting, standing
 *
 * @typedef {object} Pause
 * @property {number} run
 * @property {"active" | "break"} kind
 * @property {string} started_at instant, ISO 8601
 * @property {PauseStep[]} steps
 * @property {number[]} shifts milliseconds that each step lasts longer than planned
 * @property {number} version
 * @property {{back: boolean}} mine
 *
 * @typedef {object} PausePlace
 * @property {number} step
 * @property {number} into milliseconds
 * @property {number} left milliseconds
 * @property {number} leftInAll milliseconds
 * @property {number | null} next
 *
 * @typedef {object} Question
 * @property {string} key
 * @property {string} text
 * @property {"waiting" | "open" | "answered" | "dismissed"} state
 * @property {boolean} anonymous
 * @property {string | null} person
 * @property {string} name
 * @property {string} organisation
 * @property {boolean} edited
 * @property {string} asked_at instant, ISO 8601; cut to five minutes where it is anonymous
 *
 * @typedef {object} Questions
 * @property {boolean} open
 * @property {boolean} approval
 * @property {boolean} anonymous
 * @property {boolean} hands
 * @property {boolean} reactions
 * @property {string | null} pinned
 * @property {Question[]} items the oldest first
 * @property {string[]} voted for which I vote
 *
 * @typedef {object} Hand
 * @property {string} person
 * @property {string} name
 * @property {string} organisation
 * @property {string} since instant, ISO 8601
 * @property {boolean} called
 *
 * @typedef {object} ChatMessage
 * @property {string} key
 * @property {number} number
 * @property {string} person
 * @property {string} name
 * @property {string} organisation
 * @property {string} text
 * @property {string} at instant, ISO 8601
 * @property {boolean} hidden
 *
 * @typedef {object} Chat
 * @property {string | null} room of working groups; null: the session's own
 * @property {boolean} open
 * @property {boolean} muted whether I may only read
 * @property {{person: string, name: string}[]} mutes for moderators
 * @property {number} last the newest message's number
 * @property {ChatMessage[]} messages
 *
 * @typedef {object} Tally
 * @property {string} poll
 * @property {number} run
 * @property {number} eligible
 * @property {number} present
 * @property {number} voted
 * @property {number[]} [counts]
 * @property {[string, number][]} [words]
 * @property {number | null} [mean]
 *
 * @typedef {object} Signals
 * @property {{session?: string, online: number, hall: number} | null} [presence]
 * @property {Record<string, Tally>} [tallies]
 * @property {string[]} [feeds]
 * @property {string[]} [speaking]
 * @property {Foldback} [foldback]
 * @property {number} [devices]
 * @property {{eligible: number, answered: number, mean: number | null, distribution: number[]} | null} [rating]
 * @property {{run: number, back: number} | null} [pause] how many are back
 * @property {{session: string, counts: Record<string, number>} | null} [votes] for questions
 * @property {{session: string, room: string | null, drafts: {person: string, name: string, text: string}[]}} [typing]
 * @property {GroupSignal} [groups]
 * @property {Health} [health]
 *
 * @typedef {{person: string, name: string, to: string | null}} Talking somebody speaks to those backstage, or to one person
 *
 * @typedef {object} Foldback what I am sent alone
 * @property {boolean} returns whether the programme comes without my own voice
 * @property {Talking[]} talking who speaks to me
 * @property {Talking[]} talks who speaks to whom, for those who may
 *
 * @typedef {object} FeedStream one stream that arrives from a feed
 * @property {"audio" | "video"} kind
 * @property {string} rid
 * @property {string} codec
 * @property {number | null} bitrate bit/s
 * @property {number | null} fps
 * @property {number | null} loss share of 1
 * @property {number | null} key_frame_age seconds
 *
 * @typedef {object} FeedHealth
 * @property {string} feed
 * @property {boolean} connected
 * @property {number} age seconds
 * @property {number | null} rtt seconds
 * @property {string | null} transport
 * @property {number | null} level -dBov, 127 is silence
 * @property {number | null} silent_for seconds
 * @property {number | null} frozen_for seconds
 * @property {number} bitrate bit/s of all streams
 * @property {FeedStream[]} streams
 *
 * @typedef {object} WorkerHealth everything per second, null when not known yet
 * @property {number} worker
 * @property {number | null} packets_in
 * @property {number | null} packets_out
 * @property {number | null} dropped
 * @property {number | null} cpu share of one core
 * @property {number | null} memory_bytes
 * @property {number | null} peers
 *
 * @typedef {object} Health
 * @property {boolean} available
 * @property {FeedHealth[]} feeds
 * @property {WorkerHealth[]} workers
 * @property {{watching: number, crew: number, lossy: number, tcp: number, rtt: number | null, best: Record<string, number>, layers: Record<string, Record<string, number>>} | null} viewers
 *
 * @typedef {object} Me
 * @property {string} id
 * @property {string} handle
 * @property {string} name
 * @property {string} organisation
 * @property {string} office
 * @property {string} role
 * @property {string[]} may
 *
 * @typedef {object} Conference
 * @property {string} key
 * @property {string} title
 * @property {string} motto
 * @property {string} host
 * @property {string} venue
 * @property {string} timezone
 * @property {string} language
 * @property {string} date
 * @property {number} attendance_threshold
 *
 * @typedef {object} Round where the working groups stand
 * @property {"preparing" | "announced" | "open" | "closed"} phase
 * @property {string | null} opens_at instant
 * @property {string | null} ends_at instant
 * @property {boolean} closing
 * @property {boolean} swaps
 * @property {boolean} choosing
 *
 * @typedef {object} GroupRoom a room from outside
 * @property {string} key
 * @property {string} title
 * @property {number} capacity
 * @property {number} taken
 * @property {string[]} moderators
 *
 * @typedef {object} GroupPerson somebody in a room
 * @property {string} person
 * @property {string} name
 * @property {string} organisation
 * @property {boolean} staff
 * @property {boolean} audio
 * @property {boolean} video
 * @property {string | null} hand since when it is up
 * @property {boolean} called has the word
 *
 * @typedef {object} Help a room's call for help
 * @property {string} key
 * @property {string} room
 * @property {"technical" | "moderation" | "time"} kind
 * @property {string} text
 * @property {string} name
 * @property {string} asked_at
 * @property {string} answer
 * @property {number | null} place in the queue; null once it was answered
 *
 * @typedef {object} Message of the moderation
 * @property {number} id
 * @property {string | null} room
 * @property {string} name
 * @property {string} text
 * @property {string} at
 *
 * @typedef {object} Group what is known in a room
 * @property {string} key
 * @property {GroupPerson[]} people
 * @property {Help | null} help
 * @property {Message[]} messages
 *
 * @typedef {object} Seated somebody as the moderation sees them
 * @property {string} person
 * @property {string} name
 * @property {string} organisation
 * @property {string[]} wishes
 * @property {string | null} room
 * @property {boolean} locked
 * @property {boolean} staying
 * @property {string | null} wanted
 * @property {boolean} late
 *
 * @typedef {object} GroupDesk
 * @property {Seated[]} people
 * @property {Help[]} help
 * @property {Message[]} messages
 *
 * @typedef {object} Breakouts
 * @property {Round} round
 * @property {GroupRoom[]} rooms
 * @property {{room: string | null, home: string | null, locked: boolean, staying: boolean, wanted: string | null, wishes: string[]}} me
 * @property {Group | null} group
 * @property {Message[]} messages to all rooms
 * @property {GroupDesk | null} desk
 *
 * @typedef {object} GroupSignal
 * @property {{room: string, here: string[], video: (string | null)[], audio: (string | null)[], feeds: string[], speaking: string[]} | null} group
 * @property {Record<string, string[]> | null} rooms who is in which, for staff
 *
 * @typedef {"open" | "working" | "done"} Light how far a room is
 *
 * @typedef {object} BoardPage a board as it reads
 * @property {string} session
 * @property {string} room
 * @property {string} title
 * @property {Light} light
 * @property {{name: string, text: string}[]} fields
 *
 * @typedef {object} BoardWriter somebody who writes on the board now
 * @property {string} visit
 * @property {string} person
 * @property {string} name
 * @property {number} colour
 * @property {number} field
 * @property {string} cursor
 *
 * @typedef {object} Cue a line of the run of show
 * @property {string} key
 * @property {string} kind
 * @property {string} session
 * @property {string} target
 * @property {string} text
 * @property {number | null} minutes
 * @property {boolean} own
 * @property {"waiting" | "done" | "skipped"} state
 * @property {string | null} at instant when it was done
 * @property {string} by who did it
 * @property {number | null} late seconds
 * @property {number | null} step in which it was done, skipped or passed over
 * @property {boolean} passed over without a press of its own
 *
 * @typedef {object} Direction
 * @property {number} step rises with every press, and with what is done by hand
 * @property {string} by who pressed last
 * @property {number} drift seconds that the day is late
 * @property {Cue[]} cues
 *
 * @typedef {object} Show what everybody sees of the direction
 * @property {{session: string, part: string, since: string, until: string | null, ended?: boolean, production?: boolean} | null} part
 * @property {string} screen auto, card, camera, poll, turnout, question, board
 * @property {{id: number, text: string, at: string} | null} message
 *
 * @typedef {object} Snapshot
 * @property {Show} [show]
 * @property {Direction | null} [direction]
 * @property {{session: string, opens_at: string, staying: boolean} | null} [call] to working groups that are announced or open
 * @property {Breakouts | null} [breakouts]
 * @property {{fields: string[], lights: Record<string, Light>} | null} [boards]
 * @property {BoardPage | null} [board] that the stage shows
 * @property {{boot: string, now: string, version: string}} server
 * @property {Conference} conference
 * @property {Me} me
 * @property {Record<string, number>} numbers
 * @property {AgendaItem[]} agenda
 * @property {string | null} session
 * @property {Stage | null} stage
 * @property {Poll[]} polls
 * @property {Feedback | null} feedback
 * @property {Film | null} [film] on stage
 * @property {FilmPart[] | null} [films] for moderators
 * @property {Pause | null} [pause]
 * @property {Questions | null} [questions]
 * @property {Hand[]} [hands]
 * @property {Chat | null} [chat]
 * @property {Signals} signals
 *
 * @typedef {object} Fact
 * @property {string} stream
 * @property {number} number
 * @property {string} name
 * @property {string} at
 * @property {any} body
 *
 * @typedef {object} Signal
 * @property {string} name
 * @property {any} body
 */

export {};
