"""The tables of the catalog, and how those of earlier versions become what they are now."""

from __future__ import annotations

_FIRST = """
CREATE TABLE meta (
    key TEXT PRIMARY KEY,
    value
) WITHOUT ROWID;

CREATE TABLE roots (
    id INTEGER PRIMARY KEY,
    path TEXT NOT NULL UNIQUE
);

CREATE TABLE sounds (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    root_id INTEGER NOT NULL REFERENCES roots ON DELETE CASCADE,
    path TEXT NOT NULL,                 -- absolute; a BLOB where the name is not valid UTF-8
    preset TEXT NOT NULL DEFAULT '',    -- '' for a whole file
    name TEXT NOT NULL,
    words TEXT NOT NULL,                -- path inside the root, for search: see `words.py`
    size INTEGER NOT NULL,
    mtime_ns INTEGER NOT NULL,
    seen INTEGER NOT NULL,              -- number of the last scan that found it
    missing INTEGER NOT NULL DEFAULT 0, -- not found by the last scan of its folder; all else is kept
    state TEXT NOT NULL DEFAULT 'listed' CHECK (state IN ('listed', 'ready', 'failed')),
    reason TEXT,
    family TEXT,
    family_confidence REAL,
    kind TEXT,
    duration_seconds REAL,
    loudness_lufs REAL,
    peak_db REAL,
    pitch_hz REAL,
    pitch_confidence REAL,
    tempo_bpm REAL,
    rate INTEGER,
    channels INTEGER,
    favourite INTEGER NOT NULL DEFAULT 0,
    overview BLOB,
    UNIQUE (path, preset)
);

CREATE INDEX sounds_by_root ON sounds (root_id, missing, state);

CREATE TABLE embeddings (
    -- Never used again for another vector: the index may keep a dead one without ever mistaking it for a live one.
    label INTEGER PRIMARY KEY AUTOINCREMENT,
    sound_id INTEGER NOT NULL REFERENCES sounds ON DELETE CASCADE,
    fingerprint TEXT NOT NULL,
    vector BLOB NOT NULL                -- float16, unit length
);

CREATE INDEX embeddings_by_sound ON embeddings (sound_id, fingerprint);

-- The revision counts every change of what can be found by similarity; no writer has to think of it.
CREATE TRIGGER sound_comes_or_goes AFTER UPDATE OF state, missing ON sounds
WHEN (old.state = 'ready' AND NOT old.missing) <> (new.state = 'ready' AND NOT new.missing) BEGIN
    UPDATE meta SET value = value + 1 WHERE key = 'revision';
END;

CREATE TRIGGER embedding_comes AFTER INSERT ON embeddings BEGIN
    UPDATE meta SET value = value + 1 WHERE key = 'revision';
END;

CREATE TRIGGER embedding_goes AFTER DELETE ON embeddings BEGIN
    UPDATE meta SET value = value + 1 WHERE key = 'revision';
END;

INSERT INTO meta VALUES ('revision', 0), ('scan', 0), ('fingerprint', NULL),
    ('identity', lower(hex(randomblob(16))));
"""

_LIKELY_FAMILIES = """
-- The families in which a filter finds a sound: the likeliest, which sounds.family names, and all that are likely.
CREATE TABLE sound_families (
    family TEXT NOT NULL,
    sound_id INTEGER NOT NULL REFERENCES sounds ON DELETE CASCADE,
    PRIMARY KEY (family, sound_id)
) WITHOUT ROWID;

CREATE INDEX sound_families_by_sound ON sound_families (sound_id);

INSERT INTO sound_families SELECT family, id FROM sounds WHERE family IS NOT NULL;
"""

_DECLARED = """
ALTER TABLE sounds ADD COLUMN key TEXT;

ALTER TABLE sounds ADD COLUMN loop_start REAL; -- seconds; of the stretch that a sampler repeats

ALTER TABLE sounds ADD COLUMN loop_end REAL;

-- Which facts the file tells itself: names parted by spaces. The others were measured.
ALTER TABLE sounds ADD COLUMN declared TEXT NOT NULL DEFAULT '';

-- The next scan takes every file for a changed one, and hears it again.
UPDATE sounds SET mtime_ns = -1;
"""

_MARKS = """
ALTER TABLE sounds ADD COLUMN content BLOB; -- digest: see `content.py`; NULL before it was read

ALTER TABLE sounds ADD COLUMN instrument TEXT; -- of which it is one note: folder and name of a set of samples

ALTER TABLE sounds ADD COLUMN brightness_hz REAL;

ALTER TABLE sounds ADD COLUMN attack_seconds REAL;

-- The producer's own marks, as reads want them. The table `marks` keeps them by content, for files that move or return.
ALTER TABLE sounds ADD COLUMN rating INTEGER NOT NULL DEFAULT 0; -- 1 to 5; 0 for none

ALTER TABLE sounds ADD COLUMN tags TEXT NOT NULL DEFAULT ''; -- casefolded, parted by line ends, in order

ALTER TABLE sounds ADD COLUMN corrected TEXT; -- the family that the producer gave it

CREATE TABLE marks (
    content BLOB NOT NULL,
    preset TEXT NOT NULL,
    favourite INTEGER NOT NULL,
    rating INTEGER NOT NULL,
    tags TEXT NOT NULL,
    corrected TEXT,
    PRIMARY KEY (content, preset)
) WITHOUT ROWID;

CREATE TABLE collections (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL UNIQUE
);

CREATE TABLE collected (
    collection_id INTEGER NOT NULL REFERENCES collections ON DELETE CASCADE,
    content BLOB NOT NULL,
    preset TEXT NOT NULL,
    PRIMARY KEY (collection_id, content, preset)
) WITHOUT ROWID;

CREATE INDEX sounds_by_content ON sounds (content, preset);

CREATE INDEX missing_by_size ON sounds (size) WHERE missing;

CREATE INDEX sounds_by_time ON sounds (mtime_ns, id);

CREATE INDEX sounds_by_name ON sounds (name COLLATE NOCASE, id);

CREATE INDEX favourites ON sounds (id) WHERE favourite;

CREATE INDEX corrections ON sounds (id) WHERE corrected IS NOT NULL;

CREATE VIRTUAL TABLE sound_words USING fts5 (
    words, tags, content = 'sounds', content_rowid = 'id', prefix = '2 3', tokenize = 'unicode61 remove_diacritics 2'
);

CREATE TRIGGER words_come AFTER INSERT ON sounds BEGIN
    INSERT INTO sound_words (rowid, words, tags) VALUES (new.id, new.words, new.tags);
END;

CREATE TRIGGER words_go AFTER DELETE ON sounds BEGIN
    INSERT INTO sound_words (sound_words, rowid, words, tags) VALUES ('delete', old.id, old.words, old.tags);
END;

CREATE TRIGGER words_change AFTER UPDATE OF words, tags ON sounds
WHEN old.words <> new.words OR old.tags <> new.tags BEGIN
    INSERT INTO sound_words (sound_words, rowid, words, tags) VALUES ('delete', old.id, old.words, old.tags);
    INSERT INTO sound_words (rowid, words, tags) VALUES (new.id, new.words, new.tags);
END;

INSERT INTO sound_words (sound_words) VALUES ('rebuild');

-- The next scan takes every file for a changed one, and hears it again.
UPDATE sounds SET mtime_ns = -1;
"""

_PARTS = """
-- The model that told which parts sound in a loop or a longer sound. The next scan asks those heard before.
ALTER TABLE sounds ADD COLUMN parts_heard_by TEXT;

-- One row for each part that sounds.
CREATE TABLE part_vectors (
    sound_id INTEGER NOT NULL REFERENCES sounds ON DELETE CASCADE,
    part TEXT NOT NULL,
    fingerprint TEXT NOT NULL,
    vector BLOB NOT NULL,               -- float16, unit length
    PRIMARY KEY (sound_id, part, fingerprint)
);

INSERT INTO meta VALUES ('parts_revision', 0);

CREATE TRIGGER part_comes AFTER INSERT ON part_vectors BEGIN
    UPDATE meta SET value = value + 1 WHERE key = 'parts_revision';
END;

CREATE TRIGGER part_goes AFTER DELETE ON part_vectors BEGIN
    UPDATE meta SET value = value + 1 WHERE key = 'parts_revision';
END;
"""

_HISTORY = """
-- What was listened to last; `number` counts on, so that two in one second keep their order.
CREATE TABLE auditioned (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    sound_id INTEGER NOT NULL UNIQUE REFERENCES sounds ON DELETE CASCADE
);

CREATE INDEX rated ON sounds (rating) WHERE rating > 0;

CREATE INDEX tagged ON sounds (tags) WHERE tags <> '';

CREATE INDEX keyed ON sounds (key) WHERE key IS NOT NULL;
"""

_FACTS_BY_NAME = """
DROP INDEX sounds_by_name;

-- With all that lists are filtered by, so that a filter that few sounds pass never goes to the sounds themselves.
CREATE INDEX sounds_by_name ON sounds (
    name COLLATE NOCASE, id,
    state, missing, root_id, kind, duration_seconds, tempo_bpm, key, corrected, favourite, rating
);
"""

_FILE_NUMBERS = """
ALTER TABLE sounds ADD COLUMN inode INTEGER; -- of the file that is known; NULL where the file system tells none

ALTER TABLE sounds ADD COLUMN found_inode INTEGER; -- of the file that the last scan found in its place

CREATE INDEX in_another_place ON sounds (root_id) WHERE inode <> found_inode;
"""

_KINDS_IN_NAMES = """
-- Heard before a name said that it is a loop, a one-shot, or one note that pulses. What else is told of a loop needs
-- hearing too: the next scan takes these few files for changed ones.
UPDATE sounds SET mtime_ns = -1
WHERE state = 'ready' AND ' ' || declared || ' ' NOT LIKE '% kind %' AND (
    kind = 'one-shot' AND name LIKE '%loop%'
    OR kind = 'loop' AND (
        name LIKE '%one%shot%' OR name GLOB '*[A-G][0-9]*' OR name GLOB '*[A-G][#b][0-9]*'
    )
);
"""

_KEYS_IN_NAMES = """
-- Heard before keys, and tempi without a unit, were read from names as makers of sample packs write them, and one-shots
-- told by their folders: taken for changed, once, where name or folder may tell what is not known yet.
UPDATE sounds SET mtime_ns = -1
WHERE state = 'ready' AND (
    kind = 'loop' AND declared NOT LIKE '%tempo%' AND (
        name GLOB '*[6-9][0-9]*' OR name GLOB '*1[0-9][0-9]*' OR name LIKE '%200%'
    )
    OR kind = 'loop' AND declared NOT LIKE '%kind%' AND (path LIKE '%1%shot%' OR path LIKE '%one%shot%')
    OR kind = 'one-shot' AND (name LIKE '%bpm%' OR name LIKE '%tempo%')
    OR kind IN ('one-shot', 'loop', 'long') AND declared NOT LIKE '%key%' AND (
        name GLOB '*[A-G]m*' OR name GLOB '*[A-G][#b]*' OR name LIKE '%min%' OR name LIKE '%maj%'
        OR name LIKE '%sharp%' OR name LIKE '%flat%'
    )
);
"""

_SFZ_BY_WHAT_THEY_PLAY = """
-- Known by their texts alone before: what was heard may be another instrument's, whose samples have the same names. The
-- next scan hears them anew.
UPDATE sounds SET mtime_ns = -1 WHERE content IS NOT NULL AND CAST(path AS TEXT) LIKE '%.sfz';
"""

MIGRATIONS = (
    _FIRST,
    _LIKELY_FAMILIES,
    _DECLARED,
    _MARKS,
    _PARTS + _HISTORY,
    _FACTS_BY_NAME,
    _FILE_NUMBERS,
    _KINDS_IN_NAMES,
    _KEYS_IN_NAMES,
    _SFZ_BY_WHAT_THEY_PLAY,
)
"""Statements, parted by empty lines, that bring a catalog from each version to the next."""

SCHEMA_VERSION = len(MIGRATIONS)
