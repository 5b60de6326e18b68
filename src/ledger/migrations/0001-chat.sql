-- Where on a chat things of ours are, and what is still to be said there.

-- The channel in which people speak about a project.
CREATE TABLE channel (
    project TEXT NOT NULL PRIMARY KEY,
    guild INTEGER NOT NULL,
    channel INTEGER NOT NULL UNIQUE,
    -- 1 if people made it and tied it to the project, 0 if we made it.
    bound INTEGER NOT NULL
) STRICT;

-- A channel that is being made for a project. What is found here at a start was begun and not ended.
CREATE TABLE making (
    guild INTEGER NOT NULL,
    channel TEXT NOT NULL,
    project TEXT NOT NULL,
    path TEXT NOT NULL,
    -- The name of the category that is made for it, if there is none with room.
    category TEXT,
    PRIMARY KEY (guild, channel)
) STRICT;

-- A message that is kept up to date: a board, a line of an overview.
CREATE TABLE message (
    kind TEXT NOT NULL,
    owner TEXT NOT NULL,
    channel INTEGER NOT NULL,
    message INTEGER NOT NULL,
    -- What it shows, so that what is shown already is not sent again.
    shown TEXT NOT NULL,
    PRIMARY KEY (kind, owner)
) STRICT;

-- The thread of a story.
CREATE TABLE thread (
    project TEXT NOT NULL,
    story TEXT NOT NULL,
    thread INTEGER NOT NULL,
    closed INTEGER NOT NULL,
    PRIMARY KEY (project, story)
) STRICT;

-- How far something has got.
CREATE TABLE cursor (
    name TEXT NOT NULL PRIMARY KEY,
    value TEXT NOT NULL
) STRICT;

-- Texts that are too long for where only a key fits.
CREATE TABLE kept_text (
    key TEXT NOT NULL PRIMARY KEY,
    text TEXT NOT NULL
) STRICT;

-- What could not be said yet, oldest first.
CREATE TABLE outbox (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    channel INTEGER NOT NULL,
    -- Makes saying it twice show it once.
    nonce TEXT NOT NULL UNIQUE,
    body TEXT NOT NULL
) STRICT;

-- What is to be said if the process ends before somebody who was told to wait has got an answer.
CREATE TABLE promise (
    nonce TEXT NOT NULL PRIMARY KEY,
    channel INTEGER NOT NULL,
    body TEXT NOT NULL
) STRICT;
